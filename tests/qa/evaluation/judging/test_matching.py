"""Words found in documents, with the span that they have there."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Document
from qa.errors import SettingsError
from qa.evaluation.judging import matching
from qa.evaluation.judging.matching import Corpus, flat
from qa.evaluation.judging.numbers import numbers
from tests.fakes import documents_of_any_kind

CORPUS = Corpus(
    [
        Document(
            "a.txt", "Tickets cost\n  five euros. She said “no  way”.\n\nIt was 1,368.50 then."
        ),
        Document("b.txt", "- Cats are not let in. Is it open? Non-smokers may enter."),
    ]
)


def found(words: str, corpus: Corpus = CORPUS) -> list[str]:
    """Return the words of each place, as its document has them."""
    places = corpus.places(words)
    return [corpus.by_id[id_].text[start:end] for id_, start, end in places]


def whole(words: str, corpus: Corpus = CORPUS) -> list[str]:
    places = [corpus.whole(place) for place in corpus.places(words)]
    return [corpus.by_id[p.document_id].text[p.start : p.end] for p in places if p]


class TestPlaces:
    @pytest.mark.parametrize(
        "words",
        ["cost five euros", "cost\tfive\n\neuros.", "**cost five euros**", "“cost five euros,”"],
    )
    def test_white_space_and_marks_around_do_not_matter(self, words: str) -> None:
        assert found(words) == ["cost\n  five euros"]

    def test_nor_do_the_kinds_of_quotation_marks(self) -> None:
        assert found('said "no way"') == ["said “no  way"]

    @pytest.mark.parametrize("words", ["ost five euros", "cost five euro", "Cost five euros"])
    def test_every_character_of_the_words_does(self, words: str) -> None:
        assert found(words) == []

    @pytest.mark.parametrize("words", ["368.50 then", "It was 1", "50 then", "It was 1,368"])
    def test_a_part_of_a_number_is_not_found(self, words: str) -> None:
        assert found(words) == []

    def test_a_passage_may_be_cut_anywhere(self) -> None:
        place = CORPUS.passage("ts cost five eur")
        assert place is not None
        assert CORPUS.documents[0].text[place.start : place.end] == "ts cost\n  five eur"
        assert CORPUS.passage("ts cost six") is None

    def test_words_are_not_found_across_two_documents(self) -> None:
        assert found("then. - Cats") == []

    @given(documents_of_any_kind().filter(str.strip), st.data())
    def test_what_a_document_has_is_found_at_its_own_characters(
        self, text: str, data: st.DataObject
    ) -> None:
        corpus = Corpus([Document("x", text)])
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        for place in corpus.places(text[start:end]):
            there = text[place.start : place.end]
            assert flat(there) in flat(text[start:end])
            assert there == there.strip()

    def test_far_too_much_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matching, "MOST_COMPARED", 30)
        corpus = Corpus([Document("x", "Ten words or so are in this text.")])
        with pytest.raises(SettingsError, match="judge the answers in parts"):
            found("so", corpus)


class TestWholeSentences:
    def test_a_sentence_is_whole_with_its_stop_and_its_number(self) -> None:
        assert whole("Tickets cost five euros") == ["Tickets cost\n  five euros."]
        assert whole("Cats are not let in.") == ["- Cats are not let in."]

    @pytest.mark.parametrize("words", ["smokers may enter.", "five euros.", "Tickets cost"])
    def test_a_part_of_one_is_not(self, words: str) -> None:
        assert found(words)
        assert whole(words) == []

    def test_a_question_is_no_statement(self) -> None:
        assert whole("Is it open?") == ["Is it open?"]
        assert whole("Is it open.") == []


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("1,368 and 1368 and 1\u202f368", ["1368", "1368", "1368"]),
            ("5.00, 05, 0.50", ["5", "5", "0.5"]),
            ("on 2024-05-01 at 18:00", ["2024", "5", "1", "18", "0"]),
            ("the 21st, 3G, H1N1, COVID-19", ["21", "3", "19"]),
            ("1,36 is two", ["1", "36"]),
        ],
    )
    def test_a_number_has_one_form(self, text: str, values: list[str]) -> None:
        assert [number.value for number in numbers(text)] == values

    def test_long_ones_take_no_time(self) -> None:
        started = time.process_time()
        assert len([*numbers("1" * 200_000 + " 1,1" * 60_000)]) > 60_000
        assert time.process_time() - started < 2

    def test_small_ones_may_be_in_words(self) -> None:
        assert {"5", "1368.5"} <= CORPUS.numbers
        assert "6" not in CORPUS.numbers
