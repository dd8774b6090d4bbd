from __future__ import annotations

import pytest

from qa.follow_ups.phrases import names, phrases, substance


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("When was the Belt and Road Initiative proposed?", ["the Belt and Road Initiative"]),
        ("Why does China oppose THAAD?", ["China", "THAAD"]),
        ("Who is Dr. Kissinger?", ["Dr. Kissinger"]),
        ("How did World War I start?", ["World War I"]),
        ("Was Neil Armstrong on Apollo 8?", ["Neil Armstrong", "Apollo 8"]),
        ("The Hague treaty is old. Why?", ["the Hague treaty"]),
        ("Twilio", ["Twilio"]),
        ("Penguins eat what?", []),
        ("WHO OPPOSES THAAD?", []),
        ("", []),
    ],
)
def test_names_are_found_whole(question: str, named: list[str]) -> None:
    assert [name.text for name in names(question)] == named


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What is throat cancer?", ["throat cancer"]),
        ("Tell me about lung cancer.", ["lung cancer"]),
        ("What did Trump say about the one-China policy?", ["Trump", "the one-China policy"]),
        ("Who opposed the treaty signed in Rome?", ["the treaty", "Rome"]),
        ("When was the red book written?", ["the red book"]),
        ("When did the army march?", []),
        ("Why did a dog bark?", []),
    ],
)
def test_things_are_found_where_something_leads_them_in(question: str, named: list[str]) -> None:
    assert [phrase.text for phrase in phrases(question)] == named


def test_a_phrase_knows_where_it_stands() -> None:
    question = "The Hague, and the Belt and Road Initiative, in Rome"
    for phrase in phrases(question):
        assert question[phrase.span.start : phrase.span.end].lower() == phrase.text.lower()


def test_thin_words_have_no_substance() -> None:
    assert substance("Can you please tell me more about how the treaty works, thanks?") == [
        "treaty"
    ]
    assert substance("Why so?") == []
    assert substance("And otherwise?") == []
    assert substance("And in 1950?") == ["1950"]
