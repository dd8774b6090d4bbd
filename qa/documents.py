"""Documents: texts with their source; `qa.loaders` reads them from files.

A document's text is kept as loaded: all offsets are into it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePath
from typing import Any, NamedTuple, TypeVar

from qa.arguments import check_text
from qa.errors import LoadError
from qa.metadata import Metadata, Value

_STEP = 4_096  # characters between two places whose bytes and lines are counted in advance

_Kind = TypeVar("_Kind")


class Span(NamedTuple):
    """A span `[start, end)` of a document's text, in code points."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Return whether two spans share a character."""
        return self.start < other.end and other.start < self.end


class Block(NamedTuple):
    """A stretch `[start, end)` of a document's text that is more than running text.

    Attributes:
        start: where it starts, in code points.
        end: where it ends; the character there is not part of it.
        kind: one of `BLOCK_KINDS`.
        level: of a heading, 0 for a title and then 1 and below; of what stands in a list, how
            deep the list is, from 1; else 0.
    """

    start: int
    end: int
    kind: str
    level: int = 0


BLOCK_KINDS = frozenset("heading item header row term description code paragraph furniture".split())
"""What a block can be.

A `header` is a table's row of headings, and `row` another row; `term` and `description` are of a
definition list; `code` is not split within a line; `paragraph` has no blank line around it.
`furniture` helps a reader find the way: running heads, page numbers, menus, contents, rules.
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One source text.

    Attributes:
        id: unique in its corpus; for a file, its name or its path in the folder.
        text: the whole text, as loaded.
        title: for readers; by default the id without folder and suffix.
        source: where it came from (for a file, its absolute path); None if made in Python.
        pages: where each page starts in the text, in code points; empty if it has no pages.
        blocks: its headings, list items, rows of tables and so on, in order, of which no two
            overlap; the text between them is paragraphs.
        encoding: what the text was decoded from, if the file does not tell it and it is not
            UTF-8. An index does not keep it.
        metadata: named values to choose documents by, such as an author or a year: `Metadata` of
            what is given. Nothing is searched or quoted in it.
        sha256: of the text in UTF-8.
    """

    id: str
    text: str = field(repr=False)
    title: str = ""
    source: str | None = None
    pages: tuple[int, ...] = field(default=(), repr=False)
    blocks: tuple[Block, ...] = field(default=(), repr=False)
    encoding: str = field(default="", repr=False, compare=False)
    metadata: Mapping[str, Value] = field(default=Metadata(), repr=False)
    sha256: str = field(init=False)
    _derived: dict[Callable[[Document], Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        check_text("the id of a document", self.id)
        check_text(f"the text of {self.id!r}", self.text)
        named = self.source or self.id
        if not self.id:
            raise LoadError("a document needs an id", source=named)
        if not self.text or self.text.isspace():
            raise LoadError(f"{named} is empty: it has no text to ask about", source=named)
        if "\0" in self.text:
            raise LoadError(f"{named} is not text: it holds NUL characters", source=named)
        if not all(map(_is_unicode, (self.id, self.title, self.source or ""))):
            raise LoadError(
                f"{ascii(named)[1:-1]} has a name that is not valid Unicode: rename it",
                source=named,
            )
        try:
            encoded = self.text.encode()
        except UnicodeEncodeError as error:
            raise LoadError(
                f"{named} is not valid Unicode: it holds half a surrogate pair "
                f"at character {error.start}",
                source=named,
            ) from None
        starts = (*self.pages, len(self.text))
        if (starts[0] != 0 and self.pages) or any(a > b for a, b in pairwise(starts)):
            raise LoadError(f"{named} has pages that do not follow each other", source=named)
        if not _are_blocks(self.blocks, self.text):
            raise LoadError(f"{named} has blocks that do not follow each other", source=named)
        object.__setattr__(self, "sha256", hashlib.sha256(encoded).hexdigest())
        if not isinstance(self.metadata, Metadata):
            object.__setattr__(self, "metadata", Metadata(self.metadata))
        if not self.title:
            object.__setattr__(self, "title", PurePath(self.id).stem)

    def with_metadata(self, more: Mapping[str, Value]) -> Document:
        """Return the document with more metadata; of one name, the new value counts."""
        return replace(self, metadata=Metadata(self.metadata, more))

    def line(self, position: int) -> int:
        """Return the line of a character, from 1; a line ends with LF, CRLF or CR."""
        return 1 + self.derived(_Marks).before(position)[1]

    def page(self, position: int) -> int | None:
        """Return the page of a character, from 1; None if the document has no pages."""
        return bisect_right(self.pages, position) or None

    def byte_span(self, span: Span) -> Span:
        """Return a span in the text's UTF-8 bytes."""
        marks = self.derived(_Marks)
        return Span(marks.before(span.start)[0], marks.before(span.end)[0])

    def derived(self, kind: Callable[[Document], _Kind]) -> _Kind:
        """Return what `kind` makes of the document; it is made once and kept with it."""
        if kind not in self._derived:
            self._derived[kind] = kind(self)
        made: _Kind = self._derived[kind]
        return made


class _Marks:
    """The number of bytes and line ends before any place of a text, without a full count."""

    def __init__(self, document: Document) -> None:
        self._text = text = document.text
        self._marks = [(0, 0)]
        for start in range(0, len(text) - _STEP, _STEP):
            self._marks.append(self._after(self._marks[-1], start, start + _STEP))

    def before(self, position: int) -> tuple[int, int]:
        number = min(position // _STEP, len(self._marks) - 1)
        return self._after(self._marks[number], number * _STEP, position)

    def _after(self, before: tuple[int, int], start: int, end: int) -> tuple[int, int]:
        piece = self._text[start:end]
        ends = piece.count("\n") + piece.count("\r")
        # A CRLF counts once, and also where it lies across the start.
        ends -= self._text.count("\r\n", max(start - 1, 0), end)
        return before[0] + len(piece.encode()), before[1] + ends


def _are_blocks(blocks: tuple[Block, ...], text: str) -> bool:
    """Return whether blocks follow each other, and each begins and ends with what is seen."""
    end = 0
    for block in blocks:
        if not end <= block.start < block.end <= len(text) or block.kind not in BLOCK_KINDS:
            return False
        if text[block.start].isspace() or text[block.end - 1].isspace():
            return False
        end = block.end
    return True


def _is_unicode(text: str) -> bool:
    """Return whether a text can be encoded; a file's name may hold lone surrogates."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
