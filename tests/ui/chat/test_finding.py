"""Words are found whatever their case, accents and line ends, at their exact place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import Document
from ui.chat import finding
from ui.chat.finding import find, folded

TEXT = "The CAFÉ of Ada.\nThe cafe\u0301  of\r\nAda, Straße 5. \U0001f3f0 İzmir café"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafe", ["CAFÉ", "cafe\u0301", "café"]),
        ("Café of ADA", ["CAFÉ of Ada", "cafe\u0301  of\r\nAda"]),
        ("straße", ["Straße"]),
        ("izmir", ["İzmir"]),
        ("\U0001f3f0", ["\U0001f3f0"]),
        (".*", []),
        (" ", []),
    ],
)
def test_words_are_found_in_any_form(words: str, found: list[str]) -> None:
    spans, more = find(Document("a.txt", TEXT), words)
    assert [TEXT[start:end].removesuffix("\u0301") for start, end in spans] == [
        each.removesuffix("\u0301") for each in found
    ]
    assert not more


@given(st.text("aÀb \u0301\u00e9\n\u1100\uac00", min_size=1, max_size=60).filter(str.strip))
def test_what_is_found_reads_like_the_words(text: str) -> None:
    for start, end in find(Document("a.txt", text), "a b")[0]:
        assert folded(text[start:end]).replace("\u0301", "").split() == ["a", "b"]
    assert len(folded(text)) == len(text)


def test_no_more_are_told_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_FOUND", 3)
    assert find(Document("a.txt", "a a a"), "a") == ([(0, 1), (2, 3), (4, 5)], False)
    assert find(Document("a.txt", "a a a a"), "a") == ([(0, 1), (2, 3), (4, 5)], True)
