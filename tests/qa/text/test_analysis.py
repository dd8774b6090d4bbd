"""How words are counted and told."""

from __future__ import annotations

from qa.text.analysis import Idf, terms


def test_rare_words_count_more() -> None:
    idf = Idf([terms("the red cat"), terms("the red dog"), terms("a red fox")])
    assert idf.weight("zebra") > idf.weight("fox") > idf.weight("red") > 0


def test_words_are_told_by_their_stems() -> None:
    assert terms("proposed proposals") & terms("propose")
    assert terms("What is this?") == frozenset()
