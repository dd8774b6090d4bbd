"""Sentences of other systems' answers, held against the contexts that they cite."""

from __future__ import annotations

import pytest

from qa import Document
from qa.evaluation import Question, QuestionSet
from qa.evaluation.judging.answers import AnyAnswer
from qa.evaluation.judging.judgement import Judgement, judge_answers
from qa.evaluation.report import html_report
from tests.qa.writing.scripted import WordScorer

TEXT = "Tickets cost five euros. Children pay nothing at all. It snows today. Dogs sleep."
DOCUMENTS = [Document("tickets", TEXT)]
CONTEXTS = ("Tickets cost five euros.", "Children pay nothing at all. It rains.")
QUESTIONS = QuestionSet(
    "museum", (Question("a", "How much?", True, ("five euros",), answers=("five euros",)),)
)


@pytest.fixture(autouse=True)
def words_are_support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.evaluation.judging.support.scorer", WordScorer)


def judged(
    text: str, contexts: tuple[str, ...] | None = CONTEXTS, support: bool = True
) -> Judgement:
    answer = AnyAnswer("a", "How much?", text, contexts, has_id=True)
    return judge_answers([answer], DOCUMENTS, QUESTIONS, support=support)


def verdicts(text: str, contexts: tuple[str, ...] | None = CONTEXTS) -> list[str | None]:
    return [one.verdict for one in judged(text, contexts).answers[0].judged.sentences]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Tickets cost five euros.", "supported"),
        ("The tickets cost five euros.", "supported"),
        ("The tickets cost 28 euros.", "number"),
        ("The tickets are sold by friendly old zebras.", "unsupported"),
        ("Nobody knows.", "uncited"),
        ("The tickets cost five euros [1].", "supported"),
        ("The tickets cost five euros [2].", "uncited"),
        ("The tickets cost five euros [1-2].", "supported"),
        ("The tickets cost five euros [9].", "uncited"),
        ("Tickets cost five euros [1].", "supported"),
        ("* “Tickets cost five euros”", "supported"),
        ("Dogs sleep.", "uncited"),
        ("Children pay nothing at all. [1]", "uncited"),
        ("It snows today.", "uncited"),
        ("It rains.", "supported"),
        ("1. Tickets cost five euros. [1]", "supported"),
        ("2) The **tickets** cost five euros.", "supported"),
        ("## Prices of 2024\n\n- The tickets cost five euros.", "supported"),
        ("## Prices of 2024\nThe tickets cost 28 euros.", "number"),
    ],
)
def test_a_sentence_is_held_against_what_it_cites(text: str, verdict: str) -> None:
    assert [one for one in verdicts(text) if one] == [verdict]


def test_marks_behind_the_full_stop_belong_to_the_sentence_before() -> None:
    text = "The tickets cost five euros. [2] The children pay nothing. [2]"
    assert [one for one in verdicts(text) if one] == ["uncited", "supported"]


def test_an_answer_that_was_made_of_nothing_is_not_supported_and_an_abstention_not_scored() -> None:
    assert verdicts("The tickets cost five euros.", ()) == ["uncited"]
    answer = AnyAnswer("a", "How much?", "I do not know.", CONTEXTS, abstained=True, has_id=True)
    (only,) = judge_answers([answer], DOCUMENTS, support=True).answers
    assert only.judged.sentences[0].verdict is None


def test_without_contexts_and_unless_asked_for_nothing_is_scored() -> None:
    assert verdicts("The tickets cost five euros.", None) == [None]
    found = judged("The tickets cost five euros.", support=False)
    assert found.answers[0].judged.sentences[0].support is None
    unscored = judged("The tickets cost five euros.", None).run
    assert unscored
    assert "answers without contexts, whose support is not scored: 1" in unscored.settings["notes"]
    assert not found.supported
    assert "statements-supported" not in found.figures


def test_a_run_has_the_share_that_is_supported_and_short_answers_of_the_whole_text() -> None:
    text = "The tickets cost five euros. The tickets cost 28 euros."
    found = judged(text)
    assert (found.supported[True], found.supported[False]) == (1, 1)
    assert found.figures["statements-supported"].value == 0.5
    assert found.figures["answer-in-quote@1"].value == 1
    assert not [name for name in found.figures if name.startswith("written-")]
    assert found.run
    assert "Not supported, as its contexts do not have “28 euros”" in html_report(found.run)
