"""texts that are hard to cut: cut in linear time, and every character is in a passage

White space, letters, marks, stops, quotation marks, digits, emoji and what has no width, by the
hundred thousand and without an end of a line, alone and mixed.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from qa.documents import Document
from qa.passages import Chunking, cut
from tests.attacks import Outcome
from tests.fakes import FakeEncoder

SMALL, FULL = 12, 40
_PIECES = [
    *(" ", "\t", "\n", "\r", "\xa0", "\u2028", "\u2029", "\u3000", "\x1c", "\x0b", "x\n \n", "\n "),
    *("a", "1", "_", "é", "好", "ß", "\u0301", "e\u0301", "\u200b", "\u200d", "\ufeff", "\u202e"),
    *(".", "!", "?", "…", "。", "好。", "a.", "1.", "Dr. ", "e.g. ", "A. ", "a. ", ". ", "?\u0301"),
    *("“", "”", "“a.", '"', "'", "(", ")", "[", ".)", "((a)) ", "«", "「", "a.[1] ", "‘a’ "),
    *("👍", "👍🏽", "👨\u200d👩\u200d👧", "🇨🇳", "http://a.b/", "<|endoftext|>", "\\", "-", "word "),
]
_LENGTH, _SHORT = 10_000, 3_000  # characters
_TIMES = 8  # as long, and no more than twice as many times as long
_SLOWEST = 30e-6  # seconds a character, which no text that is cut in linear time takes


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Cut texts; survivors lose characters, raise, or take more than their length accounts for."""
    survivors = [white_space(1_500_000)] if tries < FULL else [white_space(10_000_000)]
    for _ in range(tries):
        pieces = [rng.choice(_PIECES) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        length = _LENGTH if tries >= FULL else _SHORT
        text = "x" + "".join(pieces) * (length // sum(map(len, pieces))) + "y"
        if fault := fault_of(text, longer=tries >= FULL):
            survivors.append(f"{pieces}: {fault}")
    return Outcome(tries, tuple(fault for fault in survivors if fault))


def white_space(length: int) -> str:
    """Return what is wrong with how white space between two sentences is cut, if anything is."""
    return fault_of(f"One.{' ' * length}Two.", longer=False) or ""


def fault_of(text: str, *, longer: bool) -> str | None:
    """Return what is wrong with how a text is cut; None if nothing is."""
    try:
        first = _seconds(text)
        if longer and first * _TIMES > 1:
            times = _seconds(text * _TIMES) / first
            if times > 2 * _TIMES:
                return f"takes {times:.0f} times as long where it is {_TIMES} times as long"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    if first > 2 + len(text) * _SLOWEST * 10:
        return f"takes {first:.1f} seconds for {len(text):,} characters"
    return None


def _seconds(text: str) -> float:
    """Cut a text, and return the time of the processor that it took."""
    started, end = time.process_time(), 0
    for passage in cut(Document("a", text), Chunking(), FakeEncoder()):
        if text[end : passage.start].strip():
            raise AssertionError(f"characters {end} to {passage.start} are in no passage")
        end = max(end, passage.end)
    if text[end:].strip():
        raise AssertionError(f"characters from {end} on are in no passage")
    return time.process_time() - started
