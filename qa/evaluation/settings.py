"""The settings that an evaluation may vary, from one value each to a sweep over several."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from qa.answering import DEFAULT_TENTATIVE, DEFAULT_THRESHOLD, ExtractiveAnswerer
from qa.answering.confidence import ANSWERABLE
from qa.engine import DEFAULT_TOP_K, QA
from qa.errors import SettingsError
from qa.indexes import Place
from qa.opening import Source
from qa.passages import Chunking


class Settings(BaseModel):
    """What a corpus is asked with.

    Attributes:
        top_k: passages that an answer is made from.
        threshold: the confidence below which an answer is tentative.
        tentative: the confidence below which it abstains; 0 never does.
        answerable: the share of questions that the documents answer, which the confidence is
            calibrated for.
        max_quotes: the most quotes in an answer.
        model: a sentence-transformers model, by folder or Hub name.
        backend: what the model runs on: "auto", "openvino" or "torch".
        reranker: a sentence-transformers cross-encoder, by folder or Hub name; "none" is none.
        max_tokens: the most tiktoken tokens in a passage.
        overlap: sentences that a passage shares with the one before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    top_k: int = Field(DEFAULT_TOP_K, ge=1)
    threshold: float = Field(DEFAULT_THRESHOLD, ge=0, le=1)
    tentative: float = Field(DEFAULT_TENTATIVE, ge=0, le=1)
    answerable: float = Field(ANSWERABLE, gt=0, lt=1)
    max_quotes: int = Field(3, ge=1)
    model: str | None = None
    backend: str = "auto"
    reranker: str | None = None
    max_tokens: int | None = None
    overlap: int | None = None

    @field_validator("reranker")
    @classmethod
    def _none(cls, named: str | None) -> str | None:
        """Take "none" as none, so that a sweep can compare a reranker with none."""
        return None if named == "none" else named

    @property
    def chunking(self) -> Chunking | None:
        """How documents are cut; None takes what the index was made with, or the default."""
        named = self.model_dump(include={"max_tokens", "overlap"}, exclude_none=True)
        return Chunking(**named) if named else None


def parse_settings(assignments: Iterable[str]) -> list[tuple[str, Settings]]:
    """Read `key=value` and `key=one,two` into settings, one for each combination of values.

    Each comes with its name in the sweep: "top_k=3 threshold=0.1"; "" if there is just one.
    """
    fields = Settings.model_fields
    values: dict[str, list[str]] = {}
    for assignment in assignments:
        key, equals, listed = assignment.partition("=")
        if not equals:
            raise SettingsError(f"{assignment!r} sets nothing: write key=value")
        if key not in fields:
            near = get_close_matches(key, fields, 1)
            known = f"did you mean {near[0]}?" if near else f"those are {', '.join(fields)}"
            raise SettingsError(f"{key!r} is not a setting: {known}")
        values[key] = list(dict.fromkeys([*values.get(key, []), *listed.split(",")]))
    varied = [key for key, options in values.items() if len(options) > 1]
    found = []
    for chosen in product(*values.values()):
        setting = dict(zip(values, chosen, strict=True))
        try:
            settings = Settings.model_validate(setting)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = str(first["loc"][0])
            raise SettingsError(f"{key}={setting[key]} does not fit: {first['msg']}") from error
        _ = settings.chunking  # checks conditions of its own
        found.append((" ".join(f"{key}={setting[key]}" for key in varied), settings))
    return found


@dataclass(frozen=True, slots=True)
class Opened:
    """A corpus that is open, to be asked with the settings of one variant of a sweep.

    `asked_before` says that it was open for the variant before, and remembers vectors.
    """

    variant: str
    settings: Settings
    qa: QA
    seconds: float
    asked_before: bool


def open_each(
    variants: Iterable[tuple[str, Settings]],
    source: Source | Sequence[Source] | None,
    index: Place | None,
    precision: str = "auto",
    **reading: Any,
) -> Iterator[Opened]:
    """Open a corpus for each variant in turn, anew only where index or models change.

    `reading` are other options of `QA.open`.

    The precision of what is encoded is not a setting: what is indexed once stays as it is, so a
    sweep over it would compare an index with itself.
    """
    qa: QA | None = None
    opened_with: dict[str, Any] = {}
    try:
        for variant, settings in variants:
            started = time.perf_counter()
            wanted = settings.model_dump(include={"model", "backend", "reranker"})
            wanted["chunking"] = settings.chunking
            asked_before = qa is not None and wanted == opened_with
            if qa is None or not asked_before:
                if qa is not None:
                    qa.close()
                opened_with = wanted
                qa = QA.open(source, index=index, precision=precision, **reading, **wanted)
            answerer = qa.answerer
            if isinstance(answerer, ExtractiveAnswerer):
                answerer.threshold, answerer.tentative = settings.threshold, settings.tentative
                answerer.answerable = settings.answerable
                answerer.max_quotes = settings.max_quotes
            yield Opened(variant, settings, qa, time.perf_counter() - started, asked_before)
    finally:
        if qa is not None:
            qa.close()
