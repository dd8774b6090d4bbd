from __future__ import annotations

import pytest

from qa.index.word_counts import WordCounts

TEXTS = ("A red plum, a plum.", "", "Plums and a fig.", "Red figs, red figs!")


def counted(texts: tuple[str, ...]) -> dict[str, dict[int, int]]:
    words = WordCounts()
    for text in texts:
        words.add(text)
    return {
        term: dict(zip(rows.tolist(), counts.tolist(), strict=True))
        for term, rows, counts in words.postings()
    }


def test_says_which_texts_contain_a_term_and_how_often() -> None:
    expected = {"fig": {2: 1, 3: 2}, "plum": {0: 2, 2: 1}, "red": {0: 1, 3: 2}}
    assert counted(TEXTS) == expected
    assert [*counted(TEXTS)] == sorted(expected)


def test_a_text_is_as_long_as_all_of_its_words() -> None:
    words = WordCounts()
    for text in TEXTS:
        words.add(text)
    assert [*words.lengths] == [5, 0, 4, 4]


def test_counts_the_same_in_parts_and_with_few_words_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = counted(TEXTS)
    monkeypatch.setattr("qa.index.word_counts._AT_ONCE", 1)
    monkeypatch.setattr("qa.index.word_counts._KNOWN", 0)
    assert counted(TEXTS) == whole


def test_a_term_is_counted_255_times_at_most() -> None:
    assert counted(("plum " * 300,)) == {"plum": {0: 255}}


def test_no_text_has_no_terms() -> None:
    assert counted(()) == {}
