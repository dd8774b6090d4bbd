"""What a language model replied: statements, read as they come and with patience."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_LONGEST = 600  # characters of a statement
_MOST_CITED = 8
_NUMBERS = re.compile(
    r"^(?:\[\d+\][.:]*|\d{1,2}\.) (?=\D)|(?: ?\[\d+\])+(?=\.?$)"
)  # of what it cites
_AROUND = re.compile(r'\{\s*"[^"]*"\s*:\s*(?:\{|\[\s*\{)')  # an object that holds others


class Said(NamedTuple):
    """A sentence as the model gave it, with the numbers that it points at."""

    sentence: str
    cites: tuple[int, ...]


class Reply:
    """A reply that grows; whole statements are taken from it as soon as they are there.

    Whatever stands around them, such as a code fence, is passed over. One that is no statement,
    or cites what is no number, is as well.
    """

    def __init__(self) -> None:
        self.text = ""
        self._read = 0

    def add(self, text: str) -> Iterator[Said]:
        """Add what came, and yield the statements that are whole now."""
        self.text += text
        while (start := self.text.find("{", self._read)) >= 0:
            said, end = None, start
            if not _AROUND.match(self.text, start):
                try:
                    value, end = json.JSONDecoder().raw_decode(self.text, start)
                except (ValueError, RecursionError):
                    if self._is_open(start):
                        return
                else:
                    said = _statement(value)
            self._read = end if said else start + 1  # there may be some in it
            if said:
                yield said

    def _is_open(self, start: int) -> bool:
        """Return whether an object may yet become whole."""
        inner = self.text[start + 1 :].lstrip()
        return inner[:1] in ("", '"') and len(self.text) - start <= 4 * _LONGEST


def _statement(value: object) -> Said | None:
    if not isinstance(value, dict):
        return None
    sentence, cites = value.get("sentence"), value.get("cites")
    cites = [cites] if type(cites) is int else cites
    if not isinstance(sentence, str) or not isinstance(cites, list):
        return None
    sentence = sentence.encode(errors="replace").decode()  # half a pair is no text
    sentence = _NUMBERS.sub("", " ".join(sentence.split()))
    numbers = tuple(dict.fromkeys(n for n in cites if type(n) is int))[:_MOST_CITED]
    is_text = any(map(str.isalnum, sentence)) and len(sentence) <= _LONGEST
    return Said(sentence, numbers) if is_text else None
