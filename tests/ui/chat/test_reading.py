"""What a reader of a document is sent: headings, places of words, and pages of known files."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from qa import Document
from qa.loaders import find, load
from tests.pdf_files import Page, pdf_of
from ui.chat import reading
from ui.chat.page_files import CorpusFiles, KeptFiles, PageFile
from ui.chat.reading import OfDocument, Reading
from ui.visitors import limits

pytestmark = pytest.mark.process

CASTLE = {"document": "castle.pdf"}


@pytest.fixture(scope="module")
def castle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("castle") / "castle.pdf"
    path.write_bytes(
        pdf_of(Page().line("The castle", size=20).lines("It stands on a hill."), Page())
    )
    return path


@pytest.fixture
def served(castle: Path) -> Reading:
    files, document = CorpusFiles(find(castle)), load(castle)[0]
    return Reading(lambda _: document, lambda _, asked: files.of(asked))


def test_a_page_is_its_picture_its_text_and_the_places_of_its_letters(served: Reading) -> None:
    listed = served.document_pages(CASTLE)
    assert listed["starts"] == [0, 32]
    assert listed["sizes"] == [[600, 850], [600, 850]]
    page = served.page_image(CASTLE | {"page": 1, "width": 500})
    image = Image.open(BytesIO(base64.b64decode(page["image"].partition(",")[2])))
    assert image.size == (800, 1134)
    assert page["text"] == "The castle\n\nIt stands on a hill."
    assert page["places"][::5] == [at for at, c in enumerate(page["text"]) if not c.isspace()]


def test_headings_and_words_are_told_by_their_places(served: Reading) -> None:
    assert served.document_headings(CASTLE) == {"headings": [[0, 1, "The castle"]]}
    found = served.find_in_document(CASTLE | {"text": "CASTLE it"})
    assert found == {"spans": [[4, 14]], "more": False}


@pytest.mark.parametrize("wrong", [{"page": 0}, {"page": 10**9}, {"width": 0}, {"page": "1"}, {}])
def test_a_page_that_cannot_be_is_refused(served: Reading, wrong: dict[str, Any]) -> None:
    assert served.page_image(CASTLE | {"page": 1, "width": 500} | wrong).keys() == (
        {"error"} if wrong else {"page", "image", "text", "places"}
    )
    assert "has no page 9" in served.page_image(CASTLE | {"page": 9, "width": 500})["error"]


def test_a_file_that_has_changed_is_not_shown(castle: Path, tmp_path: Path) -> None:
    path = tmp_path / "castle.pdf"
    path.write_bytes(castle.read_bytes())
    files, document = CorpusFiles(find(path)), load(path)[0]
    served = Reading(lambda _: document, lambda _, asked: files.of(asked))
    asked = CASTLE | {"page": 1, "width": 500}
    assert "image" in served.page_image(asked)
    os.utime(path, (1, 1))
    error = served.page_image(asked)["error"]
    assert error == (
        "The pages of castle.pdf cannot be shown, as its file has changed since it was read: "
        "its text is as it was then"
    )
    assert served.document_pages(CASTLE) == {"error": error}


def test_no_file_is_shown_that_only_the_index_names(castle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(castle.read_bytes())
    document = load(castle)[0]
    named = replace(document, source=str(other))
    assert CorpusFiles(find(castle)).of(document)
    assert CorpusFiles(find(castle)).of(named) is None
    served = Reading(lambda _: named, lambda _, asked: CorpusFiles(find(castle)).of(asked))
    assert not served.has_pages(OfDocument(document="castle.pdf"), named)
    assert "is not kept here" in served.document_pages(CASTLE)["error"]


def test_drawn_pages_are_kept_up_to_a_size(
    served: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = CASTLE | {"page": 1, "width": 400}
    first = served.page_image(asked)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "draw_page", None)
        assert served.page_image(asked) == first
    served._drawn._most = 1
    served.page_image(asked | {"page": 2})
    assert not served._drawn._pages
    assert served._drawn._size == 0


def test_a_visitors_files_are_kept_within_limits_and_over_a_restart(
    castle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = castle.stat().st_size
    monkeypatch.setattr(limits, "MAX_PDF_BYTES", 2 * size)
    kept, text = KeptFiles(tmp_path / "files"), tmp_path / "a.txt"
    text.write_text("Text.")
    kept.keep("a.txt", text)
    for name in ("one.pdf", "two.pdf", "three.pdf"):
        kept.keep(name, castle)
    assert [bool(kept.of(f"{name}.pdf")) for name in ("one", "two", "three")] == [True, True, False]
    assert kept.of("a.txt") is None
    file = kept.of("one.pdf")
    assert file
    assert file.read("one.pdf") == castle.read_bytes()
    kept.drop("one.pdf")
    kept.keep("three.pdf", castle)
    assert isinstance(kept.of("three.pdf"), PageFile)
    assert KeptFiles(tmp_path / "files").of("three.pdf")


def test_a_document_without_pages_has_none(castle: Path) -> None:
    document = Document("castle.pdf", "Text.")
    served = Reading(lambda _: document, lambda *_: PageFile.at(castle))
    assert not served.has_pages(OfDocument(document="castle.pdf"), document)
    assert "has other pages" in served.document_pages(CASTLE)["error"]
