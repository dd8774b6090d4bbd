"""Source code, as it is written: comments are text, and what is between is code, by Pygments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qa.loaders.parsers import Blocks, Extracted

_OPENING = ("/**", "/*!", "/*", '"""', "'''")
_CLOSING = ("*/", '"""', "'''")
_LONGEST = 2_000_000  # characters that are looked into; a longer file is code as a whole


def parse(data: bytes, name: str) -> Extracted:
    """Return the text of a source file, with every character, and its blocks; `data` is UTF-8.

    Comments and docstrings have sentences, unless they stand behind code on its line. All else is
    blocks of code.
    """
    text = data.decode()
    return Extracted(text, blocks=_blocks(text, name))


def _blocks(text: str, name: str) -> Blocks:
    blocks, end = [], 0
    for start, behind in (*_prose(text, name), (len(text), len(text))):
        blocks.append(_trimmed(text, end, start, "code"))
        first, last = _inside(text, start, behind)
        blocks.append(_trimmed(text, start, first, "furniture"))
        blocks.append(_trimmed(text, last, behind, "furniture"))
        end = behind
    return tuple(block for block in blocks if block[0] < block[1])


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a comment or a docstring without the marks around it."""
    start += next((len(mark) for mark in _OPENING if text.startswith(mark, start, end)), 0)
    end -= next((len(mark) for mark in _CLOSING if text.endswith(mark, start, end)), 0)
    return start, end


def _trimmed(text: str, start: int, end: int, kind: str) -> tuple[int, int, str, int]:
    """Return a block without the white space around it, which may leave nothing."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip()), kind, 0


def _prose(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where comments and docstrings start and end that begin on a line of their own."""
    from pygments.lexers import find_lexer_class_for_filename

    lexer = find_lexer_class_for_filename(name) or find_lexer_class_for_filename(name.lower())
    if lexer is None or len(text) > _LONGEST:
        return
    at_line_start = True
    for start, kind, value in lexer().get_tokens_unprocessed(text):
        if at_line_start and _is_prose(kind):
            yield start, start + len(value)
        elif value.strip():
            at_line_start = False
        if "\n" in value or "\r" in value:
            at_line_start = not value.replace("\r", "\n").rpartition("\n")[2].strip()


def _is_prose(kind: Any) -> bool:
    from pygments.token import Comment, String

    instructions = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
    return kind in String.Doc or (
        kind in Comment and not any(kind in instruction for instruction in instructions)
    )
