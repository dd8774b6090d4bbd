"""Quotes begin and end where sentences do, and that can be told again from the document."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Answer, Citation, Document, verify
from qa.documents import Span
from qa.text.quote_bounds import LONGEST_WHOLE, Sentences
from qa.text.sentences import split_sentences
from tests.fakes import documents_of_any_kind

RULE = "No vessel shall enter the port of Riga without a pilot. Ferries are free to."
LONG = f"No {'pilot, ' * 600}shall be paid twice. Ferries go at nine."


def span_of(document: Document, words: str) -> Span:
    start = document.text.index(words)
    return Span(start, start + len(words))


def saved_answer(document: Document, words: str, lead: int = 0) -> dict[str, Any]:
    citation = Citation(1, document, span_of(document, words), lead)
    saved: dict[str, Any] = json.loads(
        json.dumps(Answer("Why?", "Why?", 0.9, (citation,)).to_dict())
    )
    return saved


def finding(saved: dict[str, Any], document: Document) -> tuple[bool, str]:
    (check,) = verify(saved, [document]).checks
    return check.verified, check.finding


class TestSentences:
    @given(documents_of_any_kind())
    def test_are_told_from_any_character_as_they_are_split(self, text: str) -> None:
        split = list(split_sentences(text))
        sentences = Sentences(text)
        for place, character in enumerate(text):
            holding = [each for each in split if each.start <= place < each.end]
            expected = [None] if character.isspace() else holding
            assert [sentences.at(place)] == expected

    @given(
        st.lists(
            st.sampled_from(["word ", " " * 700, "x" * 400, "\n", " b, ", "好"]),
            min_size=40,
            max_size=80,
        )
    )
    def test_long_ones_have_parts_that_cover_them_once(self, pieces: list[str]) -> None:
        text = "".join(pieces) + "z"
        sentences = Sentences(text)
        end, place = 0, len(text) - len(text.lstrip())
        while place < len(text):
            part = sentences.whole(Span(place, place + 1))
            assert part
            assert part == sentences.whole(part) == sentences.whole(Span(part.end - 1, part.end))
            assert part.start == place >= end
            assert part.end - part.start <= LONGEST_WHOLE
            end = part.end
            place = len(text) - len(text[end:].lstrip())

    def test_white_space_at_the_ends_is_left_out(self) -> None:
        sentences = Sentences("One two.  Three four. ")
        assert sentences.whole(Span(4, 10)) == Span(0, 8)
        assert sentences.whole(Span(8, 12)) == Span(10, 21)
        assert sentences.whole(Span(8, 10)) is None


class TestAQuoteCutInsideASentence:
    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (RULE[3:55], "before the quote, the source has “No ”"),
            (RULE[:49], "after the quote, the source has “pilot.”"),
            (RULE[:54], "after the quote, the source has “.”"),
            (RULE[10:], "before the quote, the source has “No vessel ”"),
            (RULE[:56], "the quote begins or ends in white space"),
            (" ", "the quote is white space"),
        ],
    )
    def test_does_not_verify_though_all_its_proof_is_right(self, words: str, reason: str) -> None:
        document = Document("rules.txt", RULE)
        verified, told = finding(saved_answer(document, words), document)
        assert not verified
        assert reason in told

    def test_does_not_verify_with_bounds_that_were_made_up(self) -> None:
        document = Document("rules.txt", RULE)
        saved = saved_answer(document, RULE[3:55])
        saved["citations"][0] |= {"sentence_start": 3, "sentence_end": 55}
        assert "cut inside a sentence" in finding(saved, document)[1]

    def test_does_not_verify_from_an_answer_that_was_saved_without_bounds(self) -> None:
        document = Document("rules.txt", RULE)
        for words, expected in ((RULE[3:55], False), (RULE[:55], True), (RULE, True)):
            saved = saved_answer(document, words)
            del saved["citations"][0]["sentence_start"], saved["citations"][0]["sentence_end"]
            assert finding(saved, document)[0] == expected

    def test_is_told_by_the_citation_too(self) -> None:
        document = Document("rules.txt", RULE)
        citation = Citation(1, document, span_of(document, "without a pilot. Ferries"))
        assert (citation.sentence_start, citation.sentence_end) == (0, len(RULE))

    def test_other_bounds_than_the_sentences_do_not_verify(self) -> None:
        document = Document("rules.txt", RULE)
        for name in ("sentence_start", "sentence_end"):
            saved = saved_answer(document, RULE[:55])
            saved["citations"][0][name] += 1
            assert f"the {name} is" in finding(saved, document)[1]

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_line_ends_lists_and_closing_marks_are_part_of_sentences(self, line_end: str) -> None:
        text = "A heading\n\n“No ship\nmay enter.” (Not one.)\n\n- a pilot,\n- a tug."
        document = Document("a.txt", text.replace("\n", line_end))
        whole = [document.text[slice(*span)] for span in split_sentences(document.text)]
        assert all(finding(saved_answer(document, words), document)[0] for words in whole)
        for words in ("ship\nmay enter.”", "“No ship\nmay enter.", "pilot,", "heading"):
            saved = saved_answer(document, words.replace("\n", line_end))
            assert "cut inside a sentence" in finding(saved, document)[1]


class TestALead:
    def test_must_end_where_a_sentence_begins(self) -> None:
        document = Document("rules.txt", RULE)
        assert finding(saved_answer(document, RULE, lead=56), document)[0]
        for lead in (3, 55, 57):
            verified, told = finding(saved_answer(document, RULE, lead=lead), document)
            assert not verified
            assert f"the lead of {lead} characters ends inside a sentence" in told


class TestAVeryLongSentence:
    def test_may_be_quoted_in_parts_and_that_is_said(self) -> None:
        document = Document("long.txt", LONG)
        part = Sentences(LONG).whole(Span(2_000, 2_010))
        assert part
        length = LONG.index(" Ferries")
        saved = Answer("?", "?", 0.9, (Citation(1, document, part),)).to_dict()
        verified, told = finding(saved, document)
        assert verified
        assert (
            f"a part of a sentence of {length:,} characters that begins “No pilot, pilot," in told
        )
        assert saved["citations"][0]["sentence_start"] == 0
        assert saved["citations"][0]["sentence_end"] == length

    def test_is_cut_at_the_same_places_alone(self) -> None:
        document = Document("long.txt", LONG)
        part = Sentences(LONG).whole(Span(2_000, 2_010))
        assert part
        for span in (Span(part.start + 7, part.end), Span(part.start, part.end - 7)):
            saved = Answer("?", "?", 0.9, (Citation(1, document, span),)).to_dict()
            assert "cut inside a sentence" in finding(saved, document)[1]


def test_a_hundred_quotes_of_a_large_document_are_checked_quickly() -> None:
    text = "".join(f"Line {n} says that ship {n * 7} may enter.\n" for n in range(30_000))
    document = Document("large.txt", text)
    sentence = "Line {0} says that ship {1} may enter."
    words = [sentence.format(n, n * 7) for n in range(0, 30_000, 300)]
    citations = tuple(Citation(i, document, span_of(document, w)) for i, w in enumerate(words, 1))
    saved = Answer("?", "?", 0.9, citations).to_dict()
    fresh = Document("large.txt", text)
    started = time.perf_counter()
    once = verify({**saved, "citations": saved["citations"][:1]}, [fresh])
    first = time.perf_counter() - started
    started = time.perf_counter()
    assert len(verify(saved, [fresh]).checks) == 100
    hundred = time.perf_counter() - started
    assert len(once.checks) == 1
    assert hundred < 40 * first  # what is the same for all is worked out once
