"""Pairs of texts to scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from embeddings.errors import ModelError
from embeddings.models import ModelFiles, find_model, load_quietly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SCORES_KEPT = 256  # of whole rankings


class Reranker(Protocol):
    """Reads a query and a text together, and scores how well the text answers the query."""

    @property
    def model(self) -> str:
        """The name that loads this model again."""

    @property
    def digest(self) -> str:
        """SHA-256 that identifies the model."""

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score each text for the query, higher is better: (texts,)."""


def load_reranker(model: str, *, device: str | None = None) -> Reranker:
    """Load a sentence-transformers cross-encoder that gives one score for a pair.

    Args:
        model: a folder or a Hub name.
        device: a torch device such as "cpu" or "cuda"; None takes a GPU where there is one.

    Raises:
        ModelError: the model is not found, incomplete, or no such cross-encoder.
    """
    return CrossEncoderReranker(find_model(model), device=device)


class CrossEncoderReranker:
    """A `Reranker` on sentence-transformers.

    A score is the model's logit. The sigmoid after it, in many models, would bring the best scores
    so near to 1 that they become equal.
    """

    batch_size = 32

    def __init__(self, files: ModelFiles, *, device: str | None = None) -> None:
        _check_cross_encoder(files)
        from sentence_transformers import CrossEncoder

        self.model = files.name
        self.digest = files.digest
        self._cross_encoder = load_quietly(CrossEncoder, files, device)
        self._lock = Lock()  # the tokenizer keeps its padding settings in itself
        self._remembered = lru_cache(_SCORES_KEPT)(self._score)
        labels = self._cross_encoder.num_labels
        if labels != 1:
            raise ModelError(
                f"{files.name!r} gives {labels} labels for a pair, and a reranker gives one score: "
                "name a cross-encoder with one label",
                model=files.name,
            )

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score each text: (texts,). Longer texts than the model reads are truncated.

        Scores are cached, since an evaluation asks for the same ones twice.
        """
        return self._remembered(query, tuple(texts)).copy()

    def _score(self, query: str, texts: tuple[str, ...]) -> NDArray[np.float32]:
        import numpy as np
        from torch.nn import Identity

        with self._lock:
            logits = self._cross_encoder.predict(
                [(query, text) for text in texts],
                batch_size=self.batch_size,
                activation_fn=Identity(),
                show_progress_bar=False,
            )
        scores = np.asarray(logits, dtype=np.float32)
        if not np.isfinite(scores).all():
            raise ModelError(
                f"{self.model!r} gives scores that are not numbers: name another cross-encoder",
                model=self.model,
            )
        return scores


def _check_cross_encoder(files: ModelFiles) -> None:
    """Refuse other models: they would load, with random weights in the layer that scores."""
    kind = _settings(files, "config_sentence_transformers.json").get("model_type")
    architectures = _settings(files, "config.json").get("architectures") or [""]
    classifier = str(architectures[0]).endswith("ForSequenceClassification")
    in_modules = (files.folder / "modules.json").exists()  # as other kinds are, and new ones of it
    if kind != "CrossEncoder" and (in_modules or not classifier):
        raise ModelError(
            f"{files.name!r} is not a cross-encoder, as a reranker must be: name one that is, "
            "or leave the option out",
            model=files.name,
        )


def _settings(files: ModelFiles, name: str) -> dict[str, Any]:
    try:
        settings = json.loads((files.folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise files.unloadable(f"{name}: {error}") from error
    return settings if isinstance(settings, dict) else {}
