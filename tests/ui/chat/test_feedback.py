"""Thumbs become a question set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.evaluation import evaluate, load_questions
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.feedback import Feedback, RatingError
from ui.chat.turns import Turn
from ui.visitors import limits

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
    with pytest.raises(RatingError, match="cannot be kept") as caught:
        feedback.rate(turn(qa, "one"), True)
    assert feedback.path.read_text() == "mine\n"
    assert feedback.path.name not in str(caught.value)


def test_a_new_rating_is_added_to_the_file_which_its_owner_alone_may_read(
    qa: QA, feedback: Feedback
) -> None:
    feedback.rate(turn(qa, "one"), True)
    first, mode = feedback.path.stat().st_ino, feedback.path.stat().st_mode
    before = feedback.path.read_bytes()
    feedback.rate(turn(qa, "two"), False)
    assert mode & 0o777 == 0o600
    assert feedback.path.stat().st_ino == first
    assert feedback.path.read_bytes().startswith(before)
    assert [each.id for each in load_questions(feedback.path)] == ["one", "two"]


def test_what_somebody_else_changed_in_the_file_is_read_again(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), True)
    text = feedback.path.read_text()
    feedback.path.write_text(text.replace('"one"', '"other"'))
    feedback.rate(turn(qa, "one"), True)
    assert [each.id for each in load_questions(feedback.path)] == ["other", "one"]


def test_a_client_may_rate_so_many_answers_and_change_its_mind(
    qa: QA, feedback: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_RATINGS_EACH", 2)
    monkeypatch.setattr(limits, "MAX_RATINGS", 3)
    for id_ in ("one", "two"):
        feedback.rate(turn(qa, id_), True, client="ada")
    with pytest.raises(RatingError, match="you have rated 2 answers"):
        feedback.rate(turn(qa, "three"), True, client="ada")
    feedback.rate(turn(qa, "two"), None, client="ada")
    feedback.rate(turn(qa, "three"), True, client="ada")
    feedback.rate(turn(qa, "three"), False, client="ada")
    feedback.rate(turn(qa, "four"), True, client="bob")
    with pytest.raises(RatingError, match="no room for more ratings"):
        feedback.rate(turn(qa, "five"), True, client="bob")
    assert [each.id for each in load_questions(feedback.path)] == ["one", "three", "four"]


def test_neither_a_long_rating_nor_one_for_a_full_file_is_kept(
    qa: QA, feedback: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RatingError, match="too long to be rated"):
        feedback.rate(turn(qa, "one"), False, ("x" * 60_000,) * 2)
    assert not feedback.path.exists()
    feedback.rate(turn(qa, "one"), True)
    monkeypatch.setattr(limits, "MAX_SET_BYTES", 10)
    for id_ in ("one", "two"):
        with pytest.raises(RatingError, match="no room for more ratings"):
            feedback.rate(turn(qa, id_), False)
    feedback.rate(turn(qa, "one"), None)
    assert not feedback.path.exists()
