"""The networks that read passages for what a question asks: a quick one, and a thorough one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Protocol

from embeddings import ModelError
from embeddings.models import DEFAULT_MODEL
from qa.answering.late_interaction import EncodedQuery, Match, Reading


class Reader(Protocol):
    """Reads passages for what a question asks."""

    def read(self, query: EncodedQuery, matches: Sequence[Match]) -> list[Reading]:
        """Read passages that were matched with a question, each by itself."""


@cache
def quick_reader() -> Reader:
    """Load the reader that takes a millisecond.

    Raises:
        ModelError: OpenVINO cannot be loaded.
    """
    with _openvino():
        from qa.answering.span_reader import SpanReader
    return SpanReader.load()


@cache
def thorough_reader() -> Reader:
    """Load the reader that takes a tenth of a second.

    Raises:
        ModelError: OpenVINO or the bundled model cannot be loaded.
    """
    with _openvino():
        from qa.answering.joint_reader import JointReader
    return JointReader.load()


@contextmanager
def _openvino() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ModelError(
            f"OpenVINO, which reads what may answer, cannot be loaded ({error}): run  "
            "pip install openvino",
            model=DEFAULT_MODEL,
        ) from error
