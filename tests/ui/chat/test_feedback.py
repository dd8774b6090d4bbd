"""Thumbs become a question set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.evaluation import evaluate, load_questions
from qa.evaluation.gold import locate
from qa.evaluation.questions import Place
from qa.evaluation.records import Excerpt
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.feedback import Fault, Feedback, RatingError, Verdict
from ui.chat.turns import Turn
from ui.visitors import limits

TEXT = "The northern gate was painted red in 1902. Its keeper is called Ilse."
QUESTION = "When was the northern gate painted?"
UP, DOWN, NONE = Verdict(True), Verdict(False), Verdict(None)


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


def one_quote(qa: QA) -> ExtractiveAnswerer:
    assert isinstance(qa.answerer, ExtractiveAnswerer)
    return qa.answerer.changed(tentative=0, max_quotes=1)


def turn(qa: QA, id_: str) -> Turn:
    return Turn.of(qa.ask(QUESTION), id_, 0.0)


def test_a_right_answer_is_a_question_with_its_quotes(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), UP, ("What is the gate?",))
    (kept,) = load_questions(feedback.path)
    assert (kept.id, kept.text, kept.history) == ("one", QUESTION, ("What is the gate?",))
    assert kept.answerable
    assert kept.quotes == tuple(c.quote for c in qa.ask(QUESTION).citations)


def test_a_wrong_answer_is_not_judged_and_evaluating_leaves_it_out(
    qa: QA, feedback: Feedback
) -> None:
    feedback.rate(turn(qa, "one"), UP)
    feedback.rate(turn(qa, "two"), DOWN)
    questions = load_questions(feedback.path)
    assert [question.tags for question in questions] == [
        ("thumbs-up",),
        ("not judged", "thumbs-down"),
    ]
    run = evaluate(qa, questions)
    assert [record.question_id for record in run.records] == ["one"]
    assert any("1 question that nobody has judged is left out" in n for n in run.settings["notes"])


@pytest.mark.parametrize(
    ("fault", "tag"),
    [("wrong", "wrong answer"), ("missed", "not found"), (None, None)],
)
def test_the_words_that_answer_are_the_gold_quote(
    qa: QA, feedback: Feedback, fault: Fault | None, tag: str | None
) -> None:
    keeper = Excerpt("gate.txt", 43, len(TEXT), "Its keeper is called Ilse.")
    feedback.rate(turn(qa, "one"), Verdict(False, fault, (keeper,)))
    questions = load_questions(feedback.path)
    (kept,) = questions
    assert kept.answerable
    assert kept.quotes == (keeper.text,)
    assert kept.tags == ("thumbs-down", *([tag] if tag else []))
    gold = locate(questions, [qa.index.document("gate.txt")])["one"]
    assert gold.parts == ((Place("gate.txt", 43, len(TEXT)),),)
    assert [record.question_id for record in evaluate(qa, questions).records] == ["one"]


def test_what_an_incomplete_answer_lacks_is_added_to_its_quotes(qa: QA, feedback: Feedback) -> None:
    keeper = Excerpt("gate.txt", 43, len(TEXT), "Its keeper is called Ilse.")
    answered = Turn.of(qa.ask(QUESTION, answerer=one_quote(qa)), "one", 0.0)
    feedback.rate(answered, Verdict(False, "incomplete", (keeper,)))
    (kept,) = load_questions(feedback.path)
    assert kept.quotes == ("The northern gate was painted red in 1902.", keeper.text)
    assert len(kept.places) == 2


def test_what_the_documents_do_not_say_is_a_question_without_an_answer(
    qa: QA, feedback: Feedback
) -> None:
    feedback.rate(turn(qa, "one"), Verdict(False, "unsaid"))
    feedback.rate(turn(qa, "two"), Verdict(False, "wrong"))
    unsaid, wrong = load_questions(feedback.path)
    assert not unsaid.answerable
    assert unsaid.tags == ("thumbs-down", "not in the documents")
    assert wrong.tags == ("not judged", "thumbs-down", "wrong answer")


def test_the_last_word_counts_and_may_be_taken_back(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), UP)
    feedback.rate(turn(qa, "one"), DOWN)
    assert [question.quotes for question in load_questions(feedback.path)] == [()]
    feedback.rate(turn(qa, "one"), NONE)
    assert not feedback.path.exists()


def test_a_file_that_is_no_question_set_is_left_as_it_is(qa: QA, feedback: Feedback) -> None:
    feedback.path.parent.mkdir()
    feedback.path.write_text("mine\n")
    with pytest.raises(RatingError, match="cannot be kept") as caught:
        feedback.rate(turn(qa, "one"), UP)
    assert feedback.path.read_text() == "mine\n"
    assert feedback.path.name not in str(caught.value)


def test_a_new_rating_is_added_to_the_file_which_its_owner_alone_may_read(
    qa: QA, feedback: Feedback
) -> None:
    feedback.rate(turn(qa, "one"), UP)
    first, mode = feedback.path.stat().st_ino, feedback.path.stat().st_mode
    before = feedback.path.read_bytes()
    feedback.rate(turn(qa, "two"), DOWN)
    assert mode & 0o777 == 0o600
    assert feedback.path.stat().st_ino == first
    assert feedback.path.read_bytes().startswith(before)
    assert [each.id for each in load_questions(feedback.path)] == ["one", "two"]


def test_what_somebody_else_changed_in_the_file_is_read_again(qa: QA, feedback: Feedback) -> None:
    feedback.rate(turn(qa, "one"), UP)
    text = feedback.path.read_text()
    feedback.path.write_text(text.replace('"one"', '"other"'))
    feedback.rate(turn(qa, "one"), UP)
    assert [each.id for each in load_questions(feedback.path)] == ["other", "one"]


def test_a_client_may_rate_so_many_answers_and_change_its_mind(
    qa: QA, feedback: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_RATINGS_EACH", 2)
    monkeypatch.setattr(limits, "MAX_RATINGS", 3)
    for id_ in ("one", "two"):
        feedback.rate(turn(qa, id_), UP, client="ada")
    with pytest.raises(RatingError, match="you have rated 2 answers"):
        feedback.rate(turn(qa, "three"), UP, client="ada")
    feedback.rate(turn(qa, "two"), NONE, client="ada")
    feedback.rate(turn(qa, "three"), UP, client="ada")
    feedback.rate(turn(qa, "three"), DOWN, client="ada")
    feedback.rate(turn(qa, "four"), UP, client="bob")
    with pytest.raises(RatingError, match="no room for more ratings"):
        feedback.rate(turn(qa, "five"), UP, client="bob")
    assert [each.id for each in load_questions(feedback.path)] == ["one", "three", "four"]


def test_neither_a_long_rating_nor_one_for_a_full_file_is_kept(
    qa: QA, feedback: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RatingError, match="too long to be rated"):
        feedback.rate(turn(qa, "one"), DOWN, ("x" * 60_000,) * 2)
    assert not feedback.path.exists()
    feedback.rate(turn(qa, "one"), UP)
    monkeypatch.setattr(limits, "MAX_SET_BYTES", 10)
    for id_ in ("one", "two"):
        with pytest.raises(RatingError, match="no room for more ratings"):
            feedback.rate(turn(qa, id_), DOWN)
    feedback.rate(turn(qa, "one"), NONE)
    assert not feedback.path.exists()
