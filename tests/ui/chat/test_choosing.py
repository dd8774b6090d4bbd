"""Which documents are listed and asked, of a list of any length."""

from __future__ import annotations

import time

import pytest

from qa.errors import QuestionError
from ui.chat.choosing import LISTED, Choice, Search, matching

IDS = ["2023/a.pdf", "2024/b.PDF", "2024/c.txt", "Notes.md", "odd [1].txt"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", IDS),
        ("*.pdf", ["2023/a.pdf", "2024/b.PDF"]),
        ("2024/*", ["2024/b.PDF", "2024/c.txt"]),
        ("2024/?.txt", ["2024/c.txt"]),
        (" NOTES ", ["Notes.md"]),
        ("[no]*", ["Notes.md", "odd [1].txt"]),
        ("nowhere", []),
    ],
)
def test_a_pattern_or_a_part_of_the_name_matches_in_any_case(text: str, found: list[str]) -> None:
    assert matching(IDS, text) == found


def test_no_pattern_takes_long() -> None:
    began = time.monotonic()
    assert matching(["a" * 2_000] * 100, "*a" * 90 + "b") == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Choice(), None),
        (Choice(documents=["Notes.md"]), ["Notes.md"]),
        (Choice(only="*"), None),
        (Choice(but=["Notes.md"]), [id_ for id_ in IDS if id_ != "Notes.md"]),
        (Choice(only="2024/*", but=["2024/c.txt"]), ["2024/b.PDF"]),
        (Choice(only="2024/*", documents=["Notes.md"]), ["2024/b.PDF", "2024/c.txt", "Notes.md"]),
    ],
)
def test_what_matches_without_some_and_with_others_is_asked(
    choice: Choice, chosen: list[str] | None
) -> None:
    assert choice.of(IDS) == chosen


def test_no_choice_is_told() -> None:
    with pytest.raises(QuestionError, match="no document is chosen"):
        Choice(only="nowhere").of(IDS)


def test_a_long_list_comes_a_page_at_a_time_with_what_is_asked() -> None:
    ids = [f"{n % 2}/{n:04}.txt" for n in range(10_000)]
    page = Search(text="1/*", after=LISTED, only="*1.txt").page_of(ids)
    assert (page["found"], page["count"], len(page["documents"])) == (5_000, 10_000, LISTED)
    assert page["documents"][0] == {"id": "1/0201.txt", "matches": True}
    assert page["documents"][1] == {"id": "1/0203.txt", "matches": False}
    assert Search(after=10_000).page_of(ids)["documents"] == []
