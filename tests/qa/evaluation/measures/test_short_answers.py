"""Short answers against the definition of SQuAD's evaluation, on cases worked by hand."""

from __future__ import annotations

import pytest

from qa.evaluation.short_answers import exact_match, holds, token_f1, words


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("The  Normans!", ["normans"]),
        ("a cat, an owl and the dog", ["cat", "owl", "and", "dog"]),
        ("U.S.", ["us"]),  # punctuation goes, and nothing takes its place
        ("well-known", ["wellknown"]),
        ("Theatre another", ["theatre", "another"]),  # articles are whole words
        ("the", []),
        ("“10th–11th”", ["“10th–11th”"]),  # only ASCII punctuation is punctuation
        ("", []),
    ],
)
def test_texts_are_normalised_as_there(text: str, normalised: list[str]) -> None:
    assert words(text) == normalised


@pytest.mark.parametrize(
    ("given", "right", "exact", "f1"),
    [
        ("the Normans", "Normans.", 1, 1),
        ("10th and 11th centuries", "in the 10th and 11th centuries", 0, 2 * 4 / (4 + 5)),
        ("cat cat dog", "cat dog dog", 0, 2 * 2 / (3 + 3)),  # a word counts as often as in both
        ("France", "Denmark", 0, 0),
        ("", "France", 0, 0),
        ("", "", 1, 1),  # no answer, and none was right
        ("the", "", 1, 1),
    ],
)
def test_exact_match_and_f1_are_as_there(given: str, right: str, exact: float, f1: float) -> None:
    assert exact_match(given, right) == exact
    assert token_f1(given, right) == pytest.approx(f1)


def test_an_answer_is_held_as_whole_words_in_a_row() -> None:
    assert holds("It was the year 1066, in autumn.", "Year 1066")
    assert not holds("It was the year 10661.", "1066")
    assert not holds("in the 10th, or in the 11th century", "10th century")
    assert not holds("anything", "the")
