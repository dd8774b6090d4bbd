"""Text to vectors: the protocol of encoders, and loading one."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from embeddings.errors import ModelError
from embeddings.models import ModelFiles, find_model
from embeddings.tokens import Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.openvino_encoder import OpenVINOEncoder

BACKENDS = ("auto", "openvino", "torch")
"""The runtimes of an encoder."""

PRECISIONS = ("auto", "float32", "bfloat16", "int8")
"""The precisions that vectors may be computed in."""

_GPU_SIGNS = (  # of NVIDIA, of AMD, of either in WSL, of NVIDIA on Windows
    "/dev/nvidiactl",
    "/dev/kfd",
    "/dev/dxg",
    r"C:\Windows\System32\nvcuda.dll",
)


class Encoder(Protocol):
    """Encodes texts as unit vectors, which are near if the texts mean similar things.

    Queries and passages have methods of their own, as some models need a prompt before each.
    Vectors are float32, of shape (texts, dim) and length 1, so an inner product is a cosine.
    """

    @property
    def model(self) -> str:
        """The name that loads this model again."""

    @property
    def digest(self) -> str:
        """SHA-256 that identifies the model."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of one text, by `count_tokens`; it ignores the rest."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each passage's tokens for the model, prompt and special ones included."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries: (texts, dim)."""

    def prepare_queries(self, texts: Sequence[str]) -> None:
        """Encode queries at once that will now be asked one by one.

        Only for speed: an encoder that would give them other vectors than alone does nothing.
        """

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode passages: (texts, dim)."""

    def query_tokens(self, text: str) -> Tokens:
        """Encode a query's tokens."""

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Encode the tokens of passages, each as if it were alone."""

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """Encode passages and their tokens at once."""


def load_encoder(
    model: str | None = None,
    *,
    backend: str = "auto",
    device: str | None = None,
    precision: str = "auto",
    only_fetched: bool = False,
    threads: int | None = None,
) -> Encoder:
    """Load an encoder: the bundled model, or a sentence-transformers folder or Hub name.

    The vectors of the backends are equal to the fifth digit, so either reads the other's index.

    Args:
        model: None for the bundled all-MiniLM-L6-v2.
        backend: "openvino" is quick to load, and for the CPU only; "torch" runs every model and
            device. "auto" takes torch on a GPU, and else OpenVINO if it supports the model.
        device: a torch device such as "cpu" or "cuda"; None takes a GPU if there is one.
        precision: of all vectors; all but "float32" need OpenVINO. "bfloat16" takes half the time
            where the processor has it, with vectors of cosine 0.9999 to those of "float32", and
            "int8" is a little quicker yet (0.9995). "auto" takes the quickest that was measured to
            cost no quality: int8 for the bundled model where the processor has VNNI or AMX, else
            float32.
        only_fetched: take only the bundled model, or one that was fetched from the Hub before;
            open no folder of that name, and use no network.
        threads: how many encode, where it is on the CPU; None takes one for each core. With torch,
            they are those of the whole process.

    Raises:
        ModelNotFetched: with `only_fetched`, it is neither.
        ModelError: the model is not found, incomplete, or cannot be loaded; or there is no such
            backend or precision, or the backend does not support the model, device or precision.
    """
    _check_known("backend", backend, BACKENDS, model)
    _check_known("precision", precision, PRECISIONS, model)
    is_named = precision in ("bfloat16", "int8")
    if is_named:
        _check_precision(precision, backend, device, model)
    files = find_model(model, only_fetched=only_fetched)
    if backend == "openvino" or is_named:
        return _openvino(files, device, precision, threads)
    if backend == "auto" and _on_processor(device):
        try:
            return _openvino(files, device, precision, threads)
        except ModelError:  # torch may support it, or say what is wrong with it
            pass
    from embeddings.torch_encoder import SentenceTransformersEncoder

    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return SentenceTransformersEncoder(files, device=device)


def _check_known(what: str, named: str, known: Sequence[str], model: str | None) -> None:
    if named not in known:
        names = ", ".join(known)
        raise ModelError(f"there is no {what} {named!r}; there are: {names}", model=model or "")


def _check_precision(precision: str, backend: str, device: str | None, model: str | None) -> None:
    """Refuse a precision where it is not available, before anything is loaded."""
    if backend == "torch" or (backend == "auto" and not _on_processor(device)):
        raise ModelError(
            f"the precision {precision} is there on the processor alone, with OpenVINO: take the "
            "backend openvino, or leave the precision out",
            model=model or "",
        )
    try:
        from embeddings.openvino_runtime import has_bfloat16, has_int8
    except ImportError:  # loading OpenVINO will report it
        return
    if not (has_bfloat16() if precision == "bfloat16" else has_int8()):
        raise ModelError(
            f"this processor has no {precision}: leave the precision out", model=model or ""
        )


def _openvino(
    files: ModelFiles, device: str | None, precision: str, threads: int | None
) -> OpenVINOEncoder:
    """Load a model on OpenVINO; a `ModelError` if that is not possible."""
    from embeddings.model_config import UnsupportedModel

    in_float32 = precision in ("auto", "float32")
    way_out = "take the backend torch" if in_float32 else "leave backend and precision out"
    if device not in (None, "cpu"):
        raise ModelError(
            f"OpenVINO runs on the processor, and not on {device!r}: leave the device out, or "
            "take the backend torch",
            model=files.name,
        )
    try:
        from embeddings.openvino_encoder import OpenVINOEncoder

        return OpenVINOEncoder(files, precision=precision, threads=threads)
    except ImportError as error:
        raise ModelError(
            f"OpenVINO cannot be loaded ({error}): run  pip install openvino  or {way_out}",
            model=files.name,
        ) from error
    except UnsupportedModel as error:
        raise ModelError(
            f"OpenVINO cannot take the model {files.name!r}, as {error}: {way_out}",
            model=files.name,
        ) from error


def _on_processor(device: str | None) -> bool:
    """Return whether a model is to run on the CPU, by name or without a GPU."""
    return device == "cpu" or (device is None and not _has_gpu())


def _has_gpu() -> bool:
    """Return whether torch has a GPU; it is imported, which is slow, only if there may be one."""
    on_apple = (sys.platform, platform.machine()) == ("darwin", "arm64")
    maybe = on_apple or any(map(os.path.exists, _GPU_SIGNS))
    if not maybe or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()
