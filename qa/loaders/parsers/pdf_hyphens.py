"""Words that are hyphenated at the ends of a PDF's lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.loaders.parsers.pdf_lines import Line

HYPHENS = "-\N{HYPHEN}"
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_LONGEST = 40  # characters of a part of a word


def with_whole_words(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the lines of pages, with words put together that the document elsewhere has whole.

    Then the line ends with the whole word. "docu-ments" and "well-known" look alike, so a word
    that stands nowhere else keeps its hyphen, and so does one that has it elsewhere.
    """
    read = [list(page) for page in pages]
    if not any(line.text[-1] in HYPHENS for page in read for line in page):
        return read
    words = {word for page in read for line in page for word in _WORD.findall(line.text.casefold())}
    for page in read:
        for number in range(len(page) - 1):
            page[number : number + 2] = _put_together(page[number], page[number + 1], words)
    return read


def _put_together(line: Line, below: Line, words: set[str]) -> tuple[Line, Line]:
    before = line.text[:-1].rpartition(" ")[2]
    behind, _, rest = below.text.partition(" ")
    if line.text[-1] not in HYPHENS or not rest or below.head or not behind[0].islower():
        return line, below
    if max(len(before), len(behind)) > _LONGEST:
        return line, below
    *_, first = ["", *_WORD.findall(before)]
    second = _WORD.match(behind)
    if not second or not first or not before.endswith(first):
        return line, below
    first, last = first.casefold(), second[0].casefold()
    if first + last not in words or any(first + hyphen + last in words for hyphen in HYPHENS):
        return line, below
    return line._replace(text=line.text[:-1] + behind), below._replace(text=rest.lstrip())
