from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Conversation, Document, QAError
from qa.answering import ExtractiveAnswerer
from qa.follow_ups.rewriting import LOOK_BACK
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

TEXTS = ["The Louvre opened in Paris in 1793.", "The Prado opened in Madrid in 1819."]


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    documents = [Document(f"d{number}", text) for number, text in enumerate(TEXTS)]
    update_index(tmp_path / "index", documents, encoder=encoder)
    answerer = ExtractiveAnswerer(encoder, threshold=0.0)
    with QA(Index.open(tmp_path / "index"), encoder, answerer) as opened:
        yield opened


def test_a_follow_up_is_asked_as_it_is_meant(qa: QA) -> None:
    conversation = Conversation(qa)
    first = conversation.ask("Where is the Prado?")
    assert first.query == first.question == "Where is the Prado?"
    second = conversation.ask("When did it open?")
    assert (second.question, second.query) == ("When did it open?", "When did the Prado open?")
    assert second.citations[0].quote == TEXTS[1]
    assert conversation.questions == ("Where is the Prado?", "When did it open?")


def test_two_conversations_know_nothing_of_one_another(qa: QA) -> None:
    conversation, other = Conversation(qa), Conversation(qa)
    conversation.ask("Where is the Prado?")
    other.ask("Where is the Louvre?")
    assert conversation.ask("When did it open?").query == "When did the Prado open?"
    assert other.ask("When did it open?").query == "When did the Louvre open?"


def test_a_cleared_conversation_starts_anew(qa: QA) -> None:
    conversation = Conversation(qa)
    conversation.ask("Where is the Prado?")
    conversation.clear()
    assert conversation.questions == ()
    assert conversation.ask("When did it open?").query == "When did it open?"


def test_a_question_that_cannot_be_asked_is_not_kept(qa: QA) -> None:
    conversation = Conversation(qa)
    conversation.ask("Where is the Prado?")
    with pytest.raises(QAError, match="ask a question"):
        conversation.ask("?!")
    assert conversation.ask("When did it open?").query == "When did the Prado open?"


def test_only_what_the_next_question_may_lean_on_is_kept(qa: QA) -> None:
    conversation = Conversation(qa)
    for number in range(LOOK_BACK + 2):
        conversation.ask(f"Where is the Prado {number}?")
    assert len(conversation.questions) == LOOK_BACK
    assert conversation.questions[-1] == f"Where is the Prado {LOOK_BACK + 1}?"


def test_passages_are_found_with_the_history_as_well(qa: QA) -> None:
    (best, *_) = qa.retrieve("When did it open?", history=["Where is the Louvre?"])
    assert best.passage.text == TEXTS[0]
    assert qa.retrieve("Where is the Prado?", history=["Where is the Louvre?"]) == qa.retrieve(
        "Where is the Prado?"
    )


def test_some_documents_only_are_asked(qa: QA) -> None:
    conversation = Conversation(qa)
    first = conversation.ask("Where is the Prado?", documents=["d0"])
    assert [citation.quote for citation in first.citations] == TEXTS[:1]
    assert {hit.passage.document_id for hit in first.passages} == {"d0"}
    second = conversation.ask("When did it open?", documents=("d1",))
    assert second.query == "When did the Prado open?"
    assert second.citations[0].quote == TEXTS[1]
    assert qa.retrieve("Where is the Prado?", documents=["d0"])[0].passage.text == TEXTS[0]


def test_a_question_to_a_document_that_is_not_there_is_not_kept(qa: QA) -> None:
    conversation = Conversation(qa)
    with pytest.raises(QAError, match="no document 'd7'"):
        conversation.ask("Where is the Prado?", documents=["d7"])
    assert conversation.questions == ()


@pytest.mark.parametrize("history", ["Where is the Prado?", [1]])
def test_a_history_that_is_none_is_refused(qa: QA, history: list[str]) -> None:
    with pytest.raises(QAError, match="history"):
        qa.ask("When did it open?", history=history)
    with pytest.raises(QAError, match="history"):
        qa.retrieve("When did it open?", history=history)
