"""Text to vectors: what an encoder is, and which one is taken."""

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

    from embeddings.openvino import OpenVINOEncoder

BACKENDS = ("auto", "openvino", "torch")
"""What an encoder may run on."""

_GPU_SIGNS = (  # of NVIDIA, of AMD, of either in WSL, of NVIDIA on Windows
    "/dev/nvidiactl",
    "/dev/kfd",
    "/dev/dxg",
    r"C:\Windows\System32\nvcuda.dll",
)


class Encoder(Protocol):
    """Turns texts into unit vectors that are near when the texts mean like things.

    A query and a passage may be encoded differently (some models want a prompt before each), so
    there is a method for each. Vectors are float32, of shape (texts, dim) and length 1, so that
    an inner product is a cosine.
    """

    @property
    def model(self) -> str:
        """The name that loads this model again."""

    @property
    def digest(self) -> str:
        """SHA-256 that tells this model from every other."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of one text, by `count_tokens`; it ignores any beyond."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each passage's tokens as the model reads it, prompt and special ones included."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode questions: (texts, dim)."""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode passages: (texts, dim)."""

    def query_tokens(self, text: str) -> Tokens:
        """Encode a question's tokens."""

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Encode the tokens of passages, each as if it were alone."""

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """Encode passages and their tokens, as `encode_passages` and `passage_tokens` do."""


def load_encoder(
    model: str | None = None, *, backend: str = "auto", device: str | None = None
) -> Encoder:
    """Load an encoder: the bundled model, or a sentence-transformers folder or Hub name.

    An index that was made on one backend is read on the other: the vectors are the same to the
    fifth digit.

    Args:
        model: None for the bundled all-MiniLM-L6-v2.
        backend: "openvino" is quick to load, and for the processor alone; "torch" takes every
            model and device. "auto" takes torch where there is a GPU, and else OpenVINO for each
            model that it knows.
        device: a torch device such as "cpu" or "cuda"; None takes a GPU where there is one.

    Raises:
        ModelError: the model is not found, not whole, or cannot be loaded; or there is no such
            backend, or it cannot take the model or the device.
    """
    if backend not in BACKENDS:
        raise ModelError(
            f"there is no backend {backend!r}; there are: {', '.join(BACKENDS)}", model=model or ""
        )
    files = find_model(model)
    if backend == "openvino":
        return _openvino(files, device)
    if backend == "auto" and device in (None, "cpu") and not (device is None and _has_gpu()):
        try:
            return _openvino(files, device)
        except ModelError:  # torch may know it, or says what is wrong with it
            pass
    from embeddings.sentence_transformers import SentenceTransformersEncoder

    return SentenceTransformersEncoder(files, device=device)


def _openvino(files: ModelFiles, device: str | None) -> OpenVINOEncoder:
    """Load a model on OpenVINO; a `ModelError` says why it cannot be."""
    from embeddings.recipe import UnknownRecipe

    if device not in (None, "cpu"):
        raise ModelError(
            f"OpenVINO runs on the processor, and not on {device!r}: leave the device out, or "
            "take the backend torch",
            model=files.name,
        )
    try:
        from embeddings.openvino import OpenVINOEncoder

        return OpenVINOEncoder(files)
    except ImportError as error:
        raise ModelError(
            f"OpenVINO cannot be loaded ({error}): run  pip install openvino  or take the backend "
            "torch",
            model=files.name,
        ) from error
    except UnknownRecipe as error:
        raise ModelError(
            f"OpenVINO cannot take the model {files.name!r}, as {error}: take the backend torch",
            model=files.name,
        ) from error


def _has_gpu() -> bool:
    """Tell whether torch has a GPU; torch is asked only where there may be one, as it is slow."""
    on_apple = (sys.platform, platform.machine()) == ("darwin", "arm64")
    maybe = on_apple or any(map(os.path.exists, _GPU_SIGNS))
    if not maybe or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()
