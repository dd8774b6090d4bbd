"""Tables of contents, which repeat a document's headings."""

from __future__ import annotations

import re

from qa.loaders.parsers import Blocks

_PAGE_NUMBER = re.compile(r"(?:\d{1,5}|[ivxlc]{1,7})$")
_LINK = re.compile(r"\]\([^()\s]{0,300}\)")
_FEWEST = 3  # that make a table of contents
_LONGEST = 200  # characters of an entry


def is_contents_line(line: str) -> bool:
    """Return whether a line leads to a page number, with dots between."""
    line = line.rstrip()
    number = _PAGE_NUMBER.match(line.rpartition(" ")[2].lstrip(".…"))
    before = line[: -len(number[0])] if number else ""
    filler = before[len(before.rstrip(" .…")) :]
    return filler.count(".") + 3 * filler.count("…") > 3


def with_contents(text: str, blocks: Blocks) -> Blocks:
    """Make furniture of the items and lines that repeat a heading, or the term of a definition."""
    named = {
        words_of(text[start:end])
        for start, end, kind, _ in blocks
        if kind in ("heading", "term") and end - start <= _LONGEST
    }
    repeat = [
        kind in ("item", "paragraph", "row")
        and end - start <= _LONGEST
        and words_of(text[start:end]) in named
        for start, end, kind, _ in blocks
    ]
    if sum(repeat) < _FEWEST:
        return blocks
    return tuple(
        (*block[:2], "furniture", 0) if repeats else block
        for block, repeats in zip(blocks, repeat, strict=True)
    )


def words_of(entry: str) -> str:
    """Return an entry's words, without the numbers before and after them, and without markup."""
    words = re.findall(r"\w+", _LINK.sub(" ", entry.casefold()))
    while words and words[0].isdecimal():
        del words[0]
    while words and words[-1].isdecimal():
        del words[-1]
    return " ".join(words) or entry.casefold().strip()
