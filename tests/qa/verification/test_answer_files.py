"""Whatever is handed over as a saved answer is read, or refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Answer, Citation, Document
from qa.documents import Span
from qa.errors import AnswerFileError
from qa.verification.answer_files import (
    MAX_ANSWERS,
    MAX_QUOTES,
    MAX_QUOTES_IN_ALL,
    SavedAnswer,
    SavedConversation,
    parse_answer,
    read_saved,
)

DOCUMENT = Document("rules.txt", "The museum opens at nine. Cats are not let in.")

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def answer(**changes: object) -> dict[str, Any]:
    citation = Citation(1, DOCUMENT, Span(26, 46))
    return Answer("Cats?", "Cats?", 0.9, (citation,)).to_dict() | changes


def quote(**changes: object) -> dict[str, Any]:
    cited: dict[str, Any] = answer()["citations"][0]
    return cited | changes


def conversation(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"format": "inquote-conversation/1", "title": "Cats", "answers": list(answers)}


def read(folder: Path, data: object) -> SavedAnswer | SavedConversation:
    path = folder / "answer.json"
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return read_saved(path)


def refused(folder: Path, data: object) -> str:
    with pytest.raises(AnswerFileError) as caught:
        read(folder, data)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (answer(citations=[quote()] * (MAX_QUOTES + 1)), f"at most {MAX_QUOTES} items"),
        (answer(near=[quote()] * (MAX_QUOTES + 1)), f"at most {MAX_QUOTES} items"),
        (conversation(*[answer()] * (MAX_ANSWERS + 1)), f"at most {MAX_ANSWERS:} items"),
        (
            conversation(*[answer(citations=[quote()] * MAX_QUOTES)] * 51),
            f"it has 5,100 quotes, and the most is {MAX_QUOTES_IN_ALL:,}",
        ),
        (answer(citations=[quote(quote="x" * 1_000_001)]), "at most 1000000 characters"),
        (answer(citations=[quote(title="x" * 10_001)]), "at most 10000 characters"),
        (answer(citations=[quote(start=10**12 + 1)]), "less than or equal to 1000000000000"),
        (answer(citations=[quote(end=-1)]), "greater than or equal to 0 (at citations.0.end)"),
        (answer(citations=[quote(line=True)]), "should be a valid integer"),
        (answer(citations=[quote(start=1.0)]), "(at citations.0.start)"),
        (answer(citations=[quote(end=float("nan"))]), "(at citations.0.end)"),
        (answer(citations=[quote(title="\ud800")]), "is not a saved answer"),
    ],
    ids=range(12),
)
def test_what_is_too_much_or_of_another_kind_is_refused(
    tmp_path: Path, data: dict[str, Any], reason: str
) -> None:
    assert reason in refused(tmp_path, data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"answers":' * 100_000,
        b'{"question": ' + b"9" * 100_000 + b"}",
        b'{"question": "\xff"}',
        b'{"format": "inquote-conversation/1", "answers": [' + b"1," * 100_000 + b"1]}",
    ],
    ids=["deep lists", "deep objects", "a long number", "no text", "many of another kind"],
)
def test_json_that_is_hard_to_read_is_refused(tmp_path: Path, data: bytes) -> None:
    assert len(refused(tmp_path, data)) < 500


def test_of_a_name_that_is_there_twice_the_last_counts(tmp_path: Path) -> None:
    twice = json.dumps(answer()).replace("{", '{"question": "Dogs?", ', 1).encode()
    saved = read(tmp_path, twice)
    assert isinstance(saved, SavedAnswer)
    assert saved.question == "Cats?"


@given(any_json)
def test_any_data_is_read_or_refused(data: Any) -> None:
    with pytest.raises(AnswerFileError, match=r"^this is not a saved answer: "):
        parse_answer(data)


@given(
    st.sampled_from(sorted(quote())),
    any_json,
    st.sampled_from(["citations", "near"]),
    st.booleans(),
)
def test_a_quote_with_any_data_in_it_is_read_or_refused(
    name: str, value: Any, where: str, dropped: bool
) -> None:
    changed = quote(**{name: value})
    if dropped:
        del changed[name]
    told = ""
    try:
        parse_answer(answer(**{where: [changed]}))
    except AnswerFileError as error:
        told = str(error)
    assert not told or f"{where}.0.{name}" in told
