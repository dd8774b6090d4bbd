"""Scanned pages, read by tesseract where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import clean

MAX_PAGES = 50
"""The most scanned pages that are read; each takes seconds."""

_SECONDS = 60  # for a page
_DPI = 300
_MOST_PIXELS = 40_000_000  # of a page
_MOST_LANGUAGES = 3
_ENDS = '.!?…:。！？”"'


def read_scanned(data: bytes, pages: int, title: str) -> Extracted | None:
    """Read the pages of a scanned PDF; None if tesseract is missing, or finds no text.

    Raises:
        Refused: tesseract fails on a page, or takes too long.
    """
    program = shutil.which("tesseract")
    if program is None or pages > MAX_PAGES:
        return None
    options = _languages(program)
    text, starts = "", []
    for number, picture in enumerate(_pictures(data), start=1):
        page = _read_page([program, "stdin", "stdout", "--dpi", str(_DPI), *options], picture)
        if page is None:
            raise Refused(
                f"is scanned, and tesseract cannot read its page {number:,}: leave that page out, "
                "or put text into the file first"
            )
        if page and text:
            text += "\n\n" if text[-1] in _ENDS else "\n"
        starts.append(len(text))
        text += page
    return Extracted(text, title, tuple(starts)) if text else None


def _languages(program: str) -> tuple[str, ...]:
    """Return the option for the languages that are installed; none if they are many."""
    listed = _run([program, "--list-langs"], b"") or b""
    found = sorted(set(listed.decode("utf-8", "replace").split("\n")[1:]) - {"", "osd"})
    return ("-l", "+".join(found)) if 0 < len(found) <= _MOST_LANGUAGES else ()


def _pictures(data: bytes) -> Iterator[bytes]:
    """Yield each page as a grey picture (PGM)."""
    import pypdfium2

    for page in pypdfium2.PdfDocument(data):
        width, height = page.get_size()
        scale = min(_DPI / 72, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        yield _pgm(page.render(scale=scale, grayscale=True))
        page.close()


def _pgm(bitmap: Any) -> bytes:
    rows, stride, width = bytes(bitmap.buffer), bitmap.stride, bitmap.width
    pixels = (rows[at : at + width] for at in range(0, stride * bitmap.height, stride))
    return b"P5 %d %d 255\n" % (width, bitmap.height) + b"".join(pixels)


def _read_page(command: list[str], picture: bytes) -> str | None:
    read = _run(command, picture)
    if read is None:
        return None
    lines = clean(read.decode("utf-8", "replace")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _run(command: list[str], given: bytes) -> bytes | None:
    """Return what a command prints; None if it fails, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
