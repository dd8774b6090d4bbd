from __future__ import annotations

from pathlib import Path

import pytest

from qa.loaders import load
from qa.loaders.parsers import Refused, epub
from tests.qa.loaders.archives import epub_of, packed

DRM = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
FONT = "http://www.idpf.org/2008/embedding"


def encryption(method: str) -> dict[str, str | bytes]:
    data = f'<EncryptedData xmlns="enc"><EncryptionMethod Algorithm="{method}"/></EncryptedData>'
    return {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}


def test_chapters_are_read_in_the_order_of_reading(tmp_path: Path) -> None:
    path = tmp_path / "marn.epub"
    path.write_bytes(
        epub_of(
            "nav:<ol><li>The first keeper</li></ol>",
            "<h1>The first keeper</h1><p>Anna lit the lamp. She had two dogs.</p>",
            "",
            "<h1>The second</h1><p>Ole painted&#160;it.</p><ul><li>Red.</li></ul>",
            title="The Keepers",
        )
    )
    (document,) = load(path)
    assert document.text == (
        "The first keeper\n\nAnna lit the lamp. She had two dogs.\n\n"
        "The second\n\nOle painted\N{NO-BREAK SPACE}it.\n\nRed."
    )
    assert document.title == "The Keepers"
    assert [block.kind for block in document.blocks] == ["heading", "heading", "item"]


def test_an_empty_chapter_file_is_no_fault() -> None:
    assert (
        epub.parse(epub_of("", "One.", parts={"OEBPS/text/c 0.xhtml": b""}), "a.epub").text
        == "One."
    )


def test_scripts_and_what_is_hidden_are_left_out() -> None:
    body = "<script>alert(1)</script><p hidden=''>no</p><p>One.</p>"
    assert epub.parse(epub_of(body), "a.epub").text == "One."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (packed({"word/document.xml": "<x/>"}), "its content is a Word file"),
        (packed({"a": "b"}), "its content is some other ZIP archive"),
        (packed({"META-INF/container.xml": "<x/>"}), "is damaged, or cut off"),
        (epub_of("One.", parts=encryption(DRM)), "is protected against copying"),
        (epub_of("One.")[:-30], "is damaged"),
    ],
)
def test_what_is_none_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        epub.parse(data, "a.epub")


def test_fonts_may_be_obscured() -> None:
    assert epub.parse(epub_of("One.", parts=encryption(FONT)), "a.epub").text == "One."


@pytest.mark.parametrize("link", ["file:///etc/passwd", "../../../../etc/passwd", "/etc/passwd"])
def test_what_lies_outside_of_the_file_is_not_looked_for(link: str) -> None:
    description = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        f'<item id="a" href="{link}" media-type="text/html"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    assert epub.parse(epub_of(parts={"OEBPS/book.opf": description}), "a.epub").text == ""
