"""A review is bounded in what one visitor may put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa import QA, Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.user_documents import AllUserDocuments
from ui.evaluation.reviewing import ReviewHandlers
from ui.visitors import limits
from ui.visitors.uploads import Uploads

TEXT = "The northern gate was painted red in 1902. " * 200


@pytest.fixture
def handlers(tmp_path: Path) -> Iterator[ReviewHandlers]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", TEXT)], encoder=encoder)
    with (
        QA(Index.open(tmp_path / "index"), encoder) as qa,
        AllUserDocuments(qa, tmp_path) as own,
        ReviewHandlers(qa, own, tmp_path, Uploads(tmp_path)) as opened,
    ):
        yield opened


@pytest.fixture
def begun(handlers: ReviewHandlers) -> dict[str, Any]:
    typed = gr.EventData(None, {"text": "When was the gate painted?\nWho painted the gate?"})
    return list(handlers.begin(typed, gr.Request(username="ada")))[-1]


def judged(handlers: ReviewHandlers, begun: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    span = {"document": "gate.txt", "start": start, "end": end}
    given = {"token": begun["token"], "question": begun["question"]["id"], "verdict": "accept"}
    return handlers.judge(given | {"spans": [span]})


def test_an_excerpt_is_no_longer_than_a_few_pages(
    handlers: ReviewHandlers, begun: dict[str, Any]
) -> None:
    told = judged(handlers, begun, 0, 5_001)
    assert told["error"] == (
        "What is selected has 5,001 characters; the most is 5,000: select less"
    )
    assert judged(handlers, begun, 0, 5_000)["judged"] == 1


def test_a_set_that_is_large_already_is_not_added_to_and_can_be_saved(
    handlers: ReviewHandlers, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = judged(handlers, begun, 0, 42)
    monkeypatch.setattr(limits, "MAX_SET_BYTES", 100)
    assert "save it" in judged(handlers, going_on, 0, 42)["error"]
    assert TEXT[:42] in handlers.made({"token": begun["token"]})["text"]
