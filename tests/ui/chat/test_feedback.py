"""Thumbs become a question set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import QuestionSetError
from qa.evaluation import evaluate, load_questions
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.feedback import Feedback
from ui.chat.turns import Turn

TEXT = "The northern gate was painted red in 1902. Its keeper is called Ilse."
QUESTION = "When was the northern gate painted?"


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", TEXT)], encoder=encoder)
    index = Index.open(tmp_path / "index")
    with QA(index, encoder, ExtractiveAnswerer(encoder, threshold=0)) as opened:
        yield opened


@pytest.fixture
def feedback(qa: QA, tmp_path: Path) -> Feedback:
    return Feedback(tmp_path / "folder" / "thumbs.jsonl", qa)


def turn(qa: QA, id_: str) -> Turn:
    return Turn.of(qa.ask(QUESTION), id_, 0.0)


def test_a_right_answer_is_a_question_with_its_quotes(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), True, ("What is the gate?",))
    (kept,) = load_questions(feedback.path)
    assert (kept.id, kept.text, kept.history) == ("one", QUESTION, ("What is the gate?",))
    assert kept.answerable
    assert kept.quotes == tuple(c.quote for c in qa.ask(QUESTION).citations)


def test_a_wrong_answer_is_not_judged_and_evaluating_leaves_it_out(
    qa: QA, feedback: Feedback
) -> None:
    feedback.rate(turn(qa, "one"), True)
    feedback.rate(turn(qa, "two"), False)
    questions = load_questions(feedback.path)
    assert [question.tags for question in questions] == [
        ("thumbs-up",),
        ("not judged", "thumbs-down"),
    ]
    run = evaluate(qa, questions)
    assert [record.question_id for record in run.records] == ["one"]
    assert any("1 question that nobody has judged is left out" in n for n in run.settings["notes"])


def test_the_last_word_counts_and_may_be_taken_back(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), True)
    feedback.rate(turn(qa, "one"), False)
    assert [question.quotes for question in load_questions(feedback.path)] == [()]
    feedback.rate(turn(qa, "one"), None)
    assert not feedback.path.exists()


def test_a_file_that_is_no_question_set_is_left_as_it_is(qa: QA, feedback: Feedback) -> None:
    feedback.path.parent.mkdir()
    feedback.path.write_text("mine\n")
    with pytest.raises(QuestionSetError):
        feedback.rate(turn(qa, "one"), True)
    assert feedback.path.read_text() == "mine\n"
