from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa.answering.candidates import ScoredPassage
from qa.answering.late_interaction import Matcher, Reading
from qa.answering.short_answers import _rounded_off, short_answer
from qa.documents import Document, Span
from qa.passages import Passage
from tests.fakes import FakeEncoder

TEXT = (
    "Marta Oliveira built the lighthouse for Lord Grey in 1861, on 3 May, with forty-two men "
    "and 12,500 crowns."
)


def scored(likeliest: str, *, is_read: bool = True) -> ScoredPassage:
    """Score a passage of one sentence of which the reader likes some words best."""
    passage = Passage.of(Document("d", TEXT), (Span(0, len(TEXT)),), "The lighthouse")
    matcher = Matcher(FakeEncoder())
    query = matcher.encode_query("?a", [passage])
    (match,) = matcher.match(query, [passage])
    start = len(passage.text_in_context) - len(TEXT) + TEXT.index(likeliest)
    spans = match.tokens.spans
    liked = (spans[:, 0] < start + len(likeliest)) & (start < spans[:, 1])
    logits = np.where(liked, 1, -1).astype(np.float32)
    return ScoredPassage(query, match, Reading(0 * match.cosines, logits if is_read else None))


def answer(question: str, passage: ScoredPassage) -> str | None:
    span = short_answer(question, passage, Span(0, len(TEXT)))
    return span and TEXT[slice(*span)]


@pytest.mark.parametrize(
    ("question", "likeliest", "words"),
    [
        ("When was it built?", "1861", "1861"),
        ("what day was it built", "3 May", "3 May"),
        ("How many men built it?", "forty-two", "forty-two"),
        ("How much did it cost?", "12,500", "12,500"),
        ("Who built it?", "Marta", "Marta Oliveira"),
        ("Who was it built for?", "Grey", "Lord Grey"),
    ],
)
def test_a_date_a_number_or_a_name_is_found(question: str, likeliest: str, words: str) -> None:
    assert answer(question, scored(likeliest)) == words


def test_words_of_the_question_do_not_answer_it() -> None:
    assert answer("Who built it for Lord Grey?", scored("Grey")) == "Marta Oliveira"


@pytest.mark.parametrize("question", ["Why was it built?", "Is it tall?", "lighthouse"])
def test_a_question_that_asks_for_none_of_these_has_no_short_answer(question: str) -> None:
    assert answer(question, scored("1861")) is None


def test_a_passage_that_was_not_read_has_no_short_answer() -> None:
    assert answer("When was it built?", scored("1861", is_read=False)) is None


def read_thoroughly(start: str, end: str, chance: float) -> ScoredPassage:
    """Let the thorough reader find that words start and end the answer, each with a chance."""
    passage = scored("1861")
    spans = passage.match.tokens.spans
    before = len(passage.match.passage.text_in_context) - len(TEXT)
    ends = np.full((len(spans), 2), np.log((1 - chance) / len(spans)), np.float32)
    for column, character in enumerate((TEXT.index(start), TEXT.index(end) + len(end) - 1)):
        is_there = (spans[:, 0] <= before + character) & (before + character < spans[:, 1])
        ends[is_there, column] = np.log(chance)
    return passage._replace(thorough=Reading(passage.reading.sentences, None, ends))


def test_what_the_thorough_reader_points_at_answers_any_question() -> None:
    passage = read_thoroughly("Lord", "Grey", 0.9)
    assert answer("Which nobleman paid?", passage) == "Lord Grey"


def test_a_short_answer_ends_with_a_word() -> None:
    passage = read_thoroughly("Lord", "Gre", 0.9)
    spans = passage.match.tokens.spans.copy()
    spans[:, 1] = np.where(spans[:, 1] - spans[:, 0] > 3, spans[:, 0] + 3, spans[:, 1])
    cut = replace(passage.match, tokens=replace(passage.match.tokens, spans=spans))
    assert answer("Which nobleman paid?", passage._replace(match=cut)) == "Lord Grey"


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("Turtles pay £120 a term.", "120", "£120"),
        ("Bring a costume (no shorts).", "costume (no shorts", "costume (no shorts)"),
        ("(Bring a costume.)", "costume.", "costume."),
    ],
)
def test_a_currency_and_a_closing_bracket_belong_to_it(text: str, words: str, whole: str) -> None:
    start = text.index(words)
    found = _rounded_off(text, Span(start, start + len(words)), Span(0, len(text)))
    assert text[slice(*found)] == whole


@pytest.mark.parametrize(("start", "end", "chance"), [("Lord", "Grey", 0.1), ("Marta", ".", 0.9)])
def test_what_is_unlikely_or_the_whole_sentence_is_no_short_answer(
    start: str, end: str, chance: float
) -> None:
    assert answer("Which nobleman paid?", read_thoroughly(start, end, chance)) is None
