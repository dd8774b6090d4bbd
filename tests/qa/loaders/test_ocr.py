"""Scanned PDFs, with a stand-in for tesseract, and with the real one where it is installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from qa.loaders.parsers import Refused, ocr, pdf
from tests.pdf_files import Page, pdf_of

STAND_IN = """#!{python}
import sys
picture = sys.stdin.buffer.read()
if "--list-langs" in sys.argv:
    print("List of available languages (3):\\neng\\nfra\\nosd")
    raise SystemExit
head, size, rest = picture.split(b" ", 1)[0], *picture[3:].split(b" 255\\n", 1)
width, height = map(int, size.split())
assert head == b"P5" and len(rest) == width * height, (head, size, len(rest))
{behaviour}
"""

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script"),
]


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder in front of the path; `stand_in` writes a tesseract there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "tesseract"


def stand_in(path: Path, behaviour: str) -> None:
    path.write_text(STAND_IN.format(python=sys.executable, behaviour=behaviour))
    path.chmod(0o755)


def scan(pages: int = 1) -> bytes:
    return pdf_of(*(Page().picture() for _ in range(pages)))


def test_pages_are_read_as_they_look_and_keep_their_numbers(tesseract: Path) -> None:
    stand_in(tesseract, "print('The tower was \\n\\nfinished in 1871\\x0c')")
    read = pdf.parse(scan(2), "a.pdf")
    assert read.text == "\n".join(["The tower was\n\nfinished in 1871"] * 2)
    assert read.pages == (0, 32)


def test_it_reads_the_languages_that_are_installed(tesseract: Path) -> None:
    stand_in(tesseract, "print(*sys.argv[1:])")
    assert pdf.parse(scan(), "a.pdf").text == "stdin stdout --dpi 300 -l eng+fra"


@pytest.mark.parametrize("behaviour", ["raise SystemExit(1)", "import time; time.sleep(30)"])
def test_a_page_that_it_cannot_read_is_named(
    tesseract: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setattr(ocr, "_SECONDS", 1)
    stand_in(tesseract, behaviour)
    with pytest.raises(Refused, match="is scanned, and tesseract cannot read its page 1"):
        pdf.parse(scan(), "a.pdf")


@pytest.mark.parametrize("most", [50, 1])
def test_without_words_or_of_too_many_pages_it_is_said_what_to_do(
    tesseract: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(ocr, "MAX_PAGES", most)
    stand_in(tesseract, "print()" if most > 1 else "print('text')")
    with pytest.raises(Refused, match=r"is scanned: there are pictures .* `ocrmypdf a\.pdf"):
        pdf.parse(scan(2), "a.pdf")


def test_a_page_is_no_larger_than_it_may_be(
    tesseract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "_MOST_PIXELS", 10_000)
    stand_in(tesseract, "print(size.decode())")
    width, height = map(int, pdf.parse(scan(), "a.pdf").text.split())
    assert width * height <= 10_400


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_the_real_one_is_called_as_it_wants() -> None:
    command = [str(shutil.which("tesseract")), "stdin", "stdout"]
    assert ocr._read_page(command, b"P5 200 100 255\n" + b"\xff" * 20_000) == ""
