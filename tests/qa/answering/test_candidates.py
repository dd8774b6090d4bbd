from __future__ import annotations

import pytest

from qa import Document, Passage
from qa.answering.candidates import (
    FEATURES,
    Candidate,
    ScoredPassage,
    candidates,
    non_overlapping,
)
from qa.answering.confidence import CONFIDENCE_FEATURES
from qa.answering.late_interaction import Matcher, Reading
from qa.answering.weights import load_weights
from qa.documents import Block, Span
from qa.text.sentences import split_sentences
from tests.fakes import FakeEncoder

WEIGHTS = {
    "maxsim_idf": 9.0,
    "maxsim_mean": 7.0,
    "passage": 5.0,
    "cosine": 0.0,
    "reader_logit": 0.0,
    "thorough_logit": 0.0,
    "pair": -0.5,
    "no_backreference": -0.5,
    "is_question": -1.5,
}


def passage(text: str) -> Passage:
    return Passage.of(Document("a.txt", text), tuple(split_sentences(text)))


def scored(passages: list[Passage], question: str) -> list[ScoredPassage]:
    matcher = Matcher(FakeEncoder())
    query = matcher.encode_query(question, passages)
    return [ScoredPassage(query, m, Reading(0 * m.cosines)) for m in matcher.match(query, passages)]


def ranked(text: str, question: str) -> list[Candidate]:
    return candidates(scored([passage(text)], question), WEIGHTS)


def quoted(text: str, candidate: Candidate) -> str:
    return text[candidate.span.start : candidate.span.end]


def test_the_sentence_that_meets_the_question_comes_first() -> None:
    text = "The tower has steps. The café sells soup. Cats are not let in."
    assert quoted(text, ranked(text, "What soup does the café sell?")[0]) == (
        "The café sells soup."
    )


def test_two_sentences_come_first_where_each_meets_a_part() -> None:
    text = "The old tower burned. Later it was closed last week. Cats are not let in."
    best = ranked(text, "When was the old tower closed?")[0]
    assert quoted(text, best) == "The old tower burned. Later it was closed last week."
    assert best.features["pair"] == 1
    assert best.features["no_backreference"] == 0


def test_the_sentence_that_only_leads_up_to_the_answer_is_told() -> None:
    text = "The old tower burned. Later it was closed last week. Cats are not let in."
    best = ranked(text, "When was the old tower closed?")[0]
    assert text[: best.lead] == "The old tower burned. "


def test_a_sentence_whose_subject_hangs_is_not_quoted_without_the_one_before() -> None:
    text = "The tower burned. It is closed today. Cats are not let in."
    found = ranked(text, "What is closed today?")
    assert quoted(text, found[0]) == "The tower burned. It is closed today."
    assert found[0].lead == len("The tower burned. ")
    assert "It is closed today." not in [quoted(text, each) for each in found]


def test_a_sentence_that_hangs_with_nothing_before_it_stands_alone() -> None:
    text = "It is closed today. Cats are not let in."
    best = ranked(text, "What is closed today?")[0]
    assert quoted(text, best) == "It is closed today."
    assert best.lead == 0


def test_a_question_in_the_text_is_quoted_with_what_stands_behind_it() -> None:
    text = "When was the tower closed? Last week, after a fire. Cats are not let in."
    best = ranked(text, "When was the tower closed?")[0]
    assert quoted(text, best) == "When was the tower closed? Last week, after a fire."
    assert text[: best.lead] == "When was the tower closed? "


@pytest.mark.parametrize("text", ["Salt: late.\nWater: two litres.", "Salt late.\n\nThe end."])
def test_two_lines_or_paragraphs_are_never_quoted_as_one(text: str) -> None:
    assert not any(each.features["pair"] for each in ranked(text, "When is the salt added?"))


@pytest.mark.parametrize(
    "text",
    ["May I park?\nOn Sundays.", "You need:\nA permit.", "It is open.\n\nIts gate shuts."],
)
def test_a_line_is_quoted_with_the_next_where_they_belong_together(text: str) -> None:
    assert text in [quoted(text, each) for each in ranked(text, "When may I park?")]


def test_what_stands_in_two_passages_is_there_once() -> None:
    text = "The tower burned down. The tower was old. The tower was tall."
    spans = tuple(split_sentences(text))
    document = Document("a.txt", text)
    passages = [Passage.of(document, spans[:2]), Passage.of(document, spans[1:])]
    found = candidates(scored(passages, "Was the tower old?"), WEIGHTS)
    assert len({(each.document_id, each.span) for each in found}) == len(found)


def test_the_order_does_not_depend_on_that_of_the_passages() -> None:
    documents = [Document(f"{n}.txt", "The tower was old.") for n in (2, 1, 3)]
    passages = [Passage.of(d, tuple(split_sentences(d.text))) for d in documents]
    found = candidates(scored(passages, "Was the tower old?"), WEIGHTS)
    assert [each.document_id for each in found] == ["1.txt", "2.txt", "3.txt"]


def test_no_two_of_those_apart_overlap() -> None:
    text = "The old tower burned. Later it was closed last week. Cats are not let in."
    chosen = non_overlapping(ranked(text, "When was the old tower closed?"), 3)
    assert len(chosen) > 1
    for number, one in enumerate(chosen):
        assert not any(one.overlaps(other) for other in chosen[number + 1 :])


def test_no_more_are_apart_than_asked_for() -> None:
    text = "The tower burned. The tower was old. The tower was tall."
    assert len(non_overlapping(ranked(text, "tower"), 2)) == 2


def test_text_made_to_be_slow_is_looked_through_to_its_end() -> None:
    text = "No. " + "’-'" * 20_000 + "."
    passages = [Passage("a", 0, len(text), text, (Span(0, 3), Span(4, len(text))))]
    assert len(candidates(scored(passages, "Is it so?"), WEIGHTS)) == 3


@pytest.mark.parametrize("weights", ["with_reader", "with_both", "without"])
def test_every_feature_has_a_weight(weights: str) -> None:
    found = getattr(load_weights(), weights)
    assert set(found.candidate) == set(FEATURES)
    assert set(found.confidence) == {"intercept", *CONFIDENCE_FEATURES}


def test_a_heading_is_no_candidate_and_speaks_for_the_sentences_under_it() -> None:
    text = "Late work\n\nEach day costs five points.\n\nField trip\n\nBring rubber boots."
    blocks = (Block(0, 9, "heading", 1), Block(40, 50, "heading", 1))
    document = Document("a.txt", text, blocks=blocks)
    whole = Passage.of(document, tuple(split_sentences(text, blocks)))
    found = candidates(scored([whole], "What is the penalty for late work?"), WEIGHTS)
    assert {quoted(text, candidate) for candidate in found} == {
        "Each day costs five points.",
        "Bring rubber boots.",
    }
    assert quoted(text, found[0]) == "Each day costs five points."


def test_what_stands_between_two_sentences_is_not_quoted_with_them() -> None:
    text = "The tower burned.\n\nPage 3\n\nLater it was closed."
    sentences = (Span(0, 17), Span(27, 47))
    whole = Passage.of(Document("a.txt", text), sentences)
    found = candidates(scored([whole], "When was the tower closed?"), WEIGHTS)
    assert not any("Page 3" in candidate.text for candidate in found)
