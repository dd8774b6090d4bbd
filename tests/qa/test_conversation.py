from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Conversation, Document, QAError
from qa.answering import ExtractiveAnswerer
from qa.follow_ups.rewriting import LOOK_BACK
from qa.index import Index, update_index
from qa.writing import LLM
from tests.fakes import FakeEncoder
from tests.qa.writing.scripted import Said, WordScorer, pointing

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


class TestMore:
    TEXT = (
        "The Louvre opened in Paris in 1793. The Louvre shows old paintings of kings. "
        "The Louvre has a pyramid of glass. The Prado stands in Madrid."
    )

    @pytest.fixture
    def louvre(self, tmp_path: Path) -> Iterator[QA]:
        encoder = FakeEncoder()
        update_index(tmp_path / "louvre", [Document("d", self.TEXT)], encoder=encoder)
        answerer = ExtractiveAnswerer(encoder, threshold=0.0, max_quotes=1)
        with QA(Index.open(tmp_path / "louvre"), encoder, answerer) as opened:
            yield opened

    def test_what_was_not_shown_is_quoted_next(self, louvre: QA) -> None:
        conversation = Conversation(louvre)
        asked = ["When did the Louvre open?", "Tell me more", "What else?"]
        answers = [conversation.ask(question) for question in asked]
        assert len({answer.citations[0].quote for answer in answers}) == 3
        assert [answer.question for answer in answers] == asked
        assert {answer.query for answer in answers} == set(asked[:1])

    def test_questions_alone_are_enough(self, louvre: QA) -> None:
        conversation = Conversation(louvre)
        history = ["When did the Louvre open?", "Tell me more"]
        for question in history:
            conversation.ask(question)
        told = louvre.ask("What else?", history=history)
        assert told.citations == conversation.ask("What else?").citations

    def test_it_ends_when_all_was_shown(self, louvre: QA) -> None:
        conversation = Conversation(louvre)
        conversation.ask("When did the Louvre open?")
        answers = [conversation.ask("more") for _ in range(6)]
        assert answers[-1].abstained
        assert answers[-1].near == ()

    def test_without_a_question_before_it_is_a_question_like_others(self, louvre: QA) -> None:
        assert louvre.ask("Tell me more").query == "Tell me more"
        assert louvre.ask("Tell me more", history=["more"]).question == "Tell me more"


class TestANewSubject:
    @pytest.fixture
    def museums(self, tmp_path: Path) -> Iterator[QA]:
        texts = ["The museum was built in 1793 by kings.", "A shop beside it sells posters of art."]
        encoder = FakeEncoder()
        documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
        update_index(tmp_path / "museums", documents, encoder=encoder)
        with QA(Index.open(tmp_path / "museums"), encoder) as opened:
            yield opened

    def test_is_answered_by_what_speaks_of_it(self, museums: QA) -> None:
        answer = museums.ask("And what about posters?", history=["When was the museum built?"])
        assert answer.citations[0].quote == "A shop beside it sells posters of art."

    def test_that_the_old_answer_speaks_of_in_part_leaves_it(self, museums: QA) -> None:
        history = ["When did the kings of France build the museum?"]
        answer = museums.ask("And my 17 year old kings?", history=history)
        assert (answer.citations or answer.near)[0].document_id == "d0"

    def test_of_which_nothing_is_said_is_not_answered_by_the_old_one(self, museums: QA) -> None:
        answer = museums.ask("And what about tigers?", history=["When was the museum built?"])
        assert answer.abstained


def test_a_language_model_writes_where_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.writing.writer.scorer", WordScorer)
    update_index(tmp_path / "index", [Document("d", TEXTS[1])], encoder=(encoder := FakeEncoder()))
    prompts: list[str] = []

    def script(prompt: str) -> list[Said]:
        prompts.append(prompt)
        return [("The Prado opened in 1819.", ["Prado"])]

    answerer = ExtractiveAnswerer(encoder, threshold=0.0)
    with (
        pointing(script) as url,
        QA(Index.open(tmp_path / "index"), encoder, answerer, llm=LLM("m", url)) as qa,
    ):
        conversation = Conversation(qa)
        assert conversation.ask("Where is the Prado?").written is None
        answer = conversation.ask("When did it open?", write=True)
    assert answer.text == "The Prado opened in 1819. [1]"
    (prompt,) = prompts
    assert "Asked before: Where is the Prado?" in prompt
    assert answer.citations[0].quote == TEXTS[1]
