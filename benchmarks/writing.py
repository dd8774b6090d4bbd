"""Puts what was measured into a document, between marks, and leaves the prose around it."""

from __future__ import annotations


class NoMarks(Exception):
    """A document has no place for a section; the message says which."""


def between(text: str, name: str) -> str:
    """Return what stands between the marks of a section."""
    start, end = _place(text, name)
    return text[start:end].strip("\n")


def put(text: str, name: str, block: str) -> str:
    """Return a document with another block between the marks of a section."""
    start, end = _place(text, name)
    return f"{text[:start]}\n\n{block.strip()}\n\n{text[end:]}"


def _place(text: str, name: str) -> tuple[int, int]:
    opening, closing = f"<!-- bench: {name} -->", f"<!-- /bench: {name} -->"
    if text.count(opening) != 1 or text.count(closing) != 1:
        raise NoMarks(f"there is no one place for {name}: write  {opening}  and  {closing}  once")
    start, end = text.index(opening) + len(opening), text.index(closing)
    if end < start:
        raise NoMarks(f"the marks of {name} stand the wrong way round")
    return start, end
