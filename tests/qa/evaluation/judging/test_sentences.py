"""Answers held against two small documents."""

from __future__ import annotations

import time

import pytest

from qa import Document
from qa.citations import Citation
from qa.documents import Span
from qa.evaluation.judging.matching import Corpus
from qa.evaluation.judging.sentences import Judge, Judged
from tests.fakes import PATHOLOGICAL

DOCUMENTS = [
    Document(
        "museum",
        "Tickets cost five euros. No smoking is allowed inside. Cats are not let in.\n\n"
        "The director said: “We are proud of that.” In 2024, 1,368 people came.",
    ),
    Document("hours", "It opens at nine. It closes at 18:00."),
]


def judged(answer: str) -> Judged:
    return Judge(Corpus(DOCUMENTS)).judge(answer)


def kinds(answer: str) -> list[str]:
    return [sentence.kind for sentence in judged(answer).sentences]


def not_there(answer: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in judged(answer).not_there]


class TestSentences:
    def test_a_whole_sentence_is_a_quote_with_its_place(self) -> None:
        (sentence,) = judged("Cats  are not let in [1].").sentences
        assert sentence.kind == "quote"
        (place,) = sentence.places
        assert (place.document_id, place.start, place.end) == ("museum", 55, 75)
        assert place.text == "Cats are not let in."

    def test_a_part_is_told_apart_as_it_may_say_the_opposite(self) -> None:
        assert kinds("smoking is allowed inside.") == ["part of a sentence"]

    def test_all_else_is_in_own_words(self) -> None:
        answer = "A ticket is five euros. Cats are not let in. That is a pity."
        assert kinds(answer) == ["own words", "quote", "own words"]

    def test_its_span_in_the_answer_is_exact(self) -> None:
        answer = "Well. [1] It opens at nine. [2, 3]\n\n- It closes at 18:00."
        for sentence in judged(answer).sentences:
            assert answer[sentence.start : sentence.end] == sentence.text
        assert kinds(answer) == ["own words", "quote", "quote"]

    def test_every_place_is_named(self) -> None:
        twice = Judge(Corpus([Document("a", "It is so."), Document("b", "It is so. Yes.")]))
        (sentence,) = twice.judge("It is so.").sentences
        assert [place.document_id for place in sentence.places] == ["a", "b"]

    @pytest.mark.parametrize("text", ["1. It opens at nine. [7]", "2) It opens **at nine.**"])
    def test_numbers_of_lists_and_emphasis_are_none_of_its_words(self, text: str) -> None:
        (sentence,) = judged(text).sentences
        assert sentence.kind == "quote"
        assert text.startswith(sentence.text[:6])

    def test_every_quote_of_ours_is_one(self) -> None:
        text = "Prices\n\nItem. | Price.\n\nThe hall. It is e.g. large."
        document = Document("a", text)
        quote = Citation(1, document, Span(24, len(text))).quote
        (*sentences,) = Judge(Corpus([document])).judge(f"{quote} [1]").sentences
        assert {sentence.kind for sentence in sentences} == {"quote"}

    def test_support_is_not_judged_yet(self) -> None:
        assert [one.support for one in judged("It is so.").sentences] == [None]

    def test_nothing_says_nothing(self) -> None:
        assert judged("") == Judged((), ())


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        "answer",
        ['He is "proud of that".', "“We are … of that”", "«proud of that»", "„We are proud“"],
    )
    def test_a_quotation_that_stands_in_a_document_is_fine(self, answer: str) -> None:
        assert not_there(answer) == []

    def test_one_that_does_not_is_shown_with_what_is_nearest(self) -> None:
        (missing,) = judged("They are “proud of this”.").not_there
        assert (missing.kind, missing.text) == ("quotation", "proud of this")
        assert missing.nearest is not None
        assert missing.nearest.text == "proud of that"

    def test_each_part_around_an_ellipsis_must_stand(self) -> None:
        assert not_there("“We are … of this”") == [("quotation", "We are … of this")]

    def test_a_number_may_be_written_otherwise(self) -> None:
        assert not_there("In 2024 came 1368, for 5 euros, from 9 to 18:00.") == []

    def test_one_that_is_nowhere_is_named_with_its_place(self) -> None:
        answer = "In 2025, 1,369 came."
        assert not_there(answer) == [("number", "2025"), ("number", "1,369")]
        assert [answer[one.start : one.end] for one in judged(answer).not_there] == [
            "2025",
            "1,369",
        ]

    def test_numbers_of_lists_and_of_citations_are_none_of_the_answer(self) -> None:
        assert not_there("1. It opens at nine. [7]\n42) It closes at 18:00. [3, 77]") == []


class TestWhatIsCited:
    def test_quotes_and_quotations_of_a_few_words_are_in_order(self) -> None:
        cited = judged("The “director said: We” is “proud of that”. It opens at nine.").cited
        texts = [DOCUMENTS[p.document_id == "hours"].text[p.start : p.end] for (p,) in cited]
        assert texts == ["proud of that", "It opens at nine."]

    def test_one_or_two_words_are_not_as_they_may_stand_anywhere(self) -> None:
        assert judged("five euros").cited == ()


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_hard_text_takes_a_second_and_no_more(name: str) -> None:
    started = time.process_time()
    judged(PATHOLOGICAL[name][:100_000])
    assert time.process_time() - started < 5
