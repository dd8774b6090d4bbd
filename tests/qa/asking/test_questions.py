"""What becomes of questions as people type them, in `QA.ask`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.models import DEFAULT_MODEL
from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import AskOtherwise, UnknownLanguage
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

TEXT = """The Elm Library lends tools on Mondays. It was founded by the Elm Society.

The annual general meeting is in the hall."""


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder(model=DEFAULT_MODEL)
    update_index(tmp_path / "index", [Document("elm.txt", TEXT)], encoder=encoder)
    with QA(
        Index.open(tmp_path / "index"), encoder, ExtractiveAnswerer(encoder, threshold=0)
    ) as qa:
        yield qa


def test_the_answer_tells_how_a_mistyped_question_was_read(qa: QA) -> None:
    answer = qa.ask("What does the libary lend?")
    assert answer.question == "What does the libary lend?"
    assert answer.query == "What does the library lend?"
    assert answer.citations[0].quote.startswith("The Elm Library lends")


def test_a_follow_up_of_a_mistyped_question_is_corrected_too(qa: QA) -> None:
    answer = qa.ask("And on Sundays?", history=["What does the libary lend on Mondays?"])
    assert "library" in answer.query
    assert "libary" not in answer.query


def test_the_words_of_an_acronym_find_passages(qa: QA) -> None:
    answer = qa.ask("where is the AGM")
    assert answer.query == "where is the AGM (annual general meeting)"
    assert answer.citations[0].quote.endswith("The annual general meeting is in the hall.")
    assert qa.retrieve("AGM")[0].lexical_score > 0


@pytest.mark.parametrize("text", ["hi", "what can you do?", "???", "asdfg"])
def test_small_talk_is_told_what_may_be_asked(qa: QA, text: str) -> None:
    with pytest.raises(AskOtherwise, match=r'ask a question about the documents, .*"Elm Library"'):
        qa.ask(text)


def test_an_abstention_in_a_language_that_the_model_does_not_know_is_told(
    qa: QA, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "Wer hat das alles gegründet und was ist es?"
    assert qa.ask(question).citations
    strict = QA(qa.index, qa.encoder, ExtractiveAnswerer(qa.encoder, threshold=1, tentative=1))
    assert strict.ask("Who founded it?").abstained
    with pytest.raises(UnknownLanguage, match="in German, and only English is understood here"):
        strict.ask(question)
