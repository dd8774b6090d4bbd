"""Documents for attacks: sound ones, ways to spoil them, and bombs."""

from __future__ import annotations

import random
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

from openpyxl import Workbook

from tests.pdf_files import Page, encrypted, pages_of, pdf_of
from tests.qa.loaders.archives import epub_of, packed, pptx_of, saved, shape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "word/document.xml"
_TAGS = "html body p div pre table tr td ul li br b title script style dialog select svg x".split()
_ENCODINGS = "utf-8 utf-16 latin-1 undefined hex zip rot13 idna punycode unicode_escape gbk".split()
_TOKENS = [
    *(f"<{tag} ".encode() for tag in _TAGS),
    *(f"</{tag}>".encode() for tag in _TAGS),
    *(f"<meta charset='{encoding}'>".encode() for encoding in _ENCODINGS),
    *b"> < & \" ' <!-- --> &amp; &#0; <![CDATA[ ]]> <?xml <!DOCTYPE PK\3\4 %PDF- %%EOF obj".split(),
    *b"endobj stream endstream /Kids /Count /Length 99999999999 -1 R xref trailer".split(),
    *(b"\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\x0c", b"  "),
]


def body(xml: str, *, before: str = "") -> str:
    """Return the main part of a Word file."""
    return f'{before}<w:document xmlns:w="{W}"><w:body>{xml}</w:body></w:document>'


@lru_cache(maxsize=1)
def sound() -> dict[str, list[bytes]]:
    """Return sound files by their suffix."""
    words = "<w:p><w:r><w:t>One.</w:t></w:r><w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl></w:p>"
    notes = f'<w:footnotes xmlns:w="{W}"><w:footnote><w:p/></w:footnote></w:footnotes>'
    table = "<table><tr><td>1<td>2</table><pre>\n x</pre><div hidden>no</div>&eacute;"
    return {
        ".html": [
            f"<html><head><title>T</title></head><body><p>One.{table}</body></html>".encode(),
            "<meta charset=gbk><p>好。<ul><li>a<li>b</ul>".encode("gbk"),
            "\ufeff<?xml version='1.0'?><html xmlns='x'><body><p>One.</p></body></html>".encode(),
        ],
        ".docx": [
            packed({MAIN: body(words * 3), "word/footnotes.xml": notes}),
            packed({MAIN: body(words)}, zipfile.ZIP_STORED),
            packed({MAIN: body(words)}, zipfile.ZIP_BZIP2),
            packed({MAIN: body(words)}, zipfile.ZIP_LZMA),
        ],
        ".pdf": [
            pages_of(["One page.", "Two."]),
            pdf_of(Page().line("Big", size=20).lines("a", "b").picture(), title="T"),
            encrypted(pages_of(["A secret."]), user=""),
        ],
        ".pptx": [pptx_of(shape("One.", kind="title"), shape("Two."), notes={0: shape("Three.")})],
        ".epub": [epub_of("<h1>One</h1><p>Two.", f"<p>Three.{table}")],
        ".xlsx": [_workbook()],
        ".csv": [b'Name,Price\nA,1\n\n"B, C";2\n', "a;b\n1;2\n".encode("utf-16")],
        ".eml": [
            b"From: a@b.c\r\nSubject: =?utf-8?q?=C3=A9?=\r\nContent-Type: multipart/mixed; "
            b"boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=latin-1\r\n\r\n<p>One."
            b"\r\n--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n--b--\r\n",
        ],
        ".py": [b'"""One. Two."""\n\n\ndef a():  # x\n    # Three.\n    return "\\n"\n'],
        ".js": [b"/** One. */\nlet a = `b${c}`\n// Two.\n"],
        ".txt": ["One. “Two.”\n\nThree.".encode(), "One.".encode("utf-16"), b"\xef\xbb\xbfOne."],
    }


def _workbook() -> bytes:
    book = Workbook()
    for row in (["Name", "Share"], ["A", 0.5], [None], ["B", True]):
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    return saved(book)


def _sheet(rows: str) -> bytes:
    """Return a workbook of which the sheet is replaced."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}'
    return _with_part("xl/worksheets/sheet1.xml", f"{sheet}</sheetData></worksheet>")


def _with_part(name: str, content: str) -> bytes:
    with zipfile.ZipFile(BytesIO(_workbook())) as archive:
        parts: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    return packed(parts | {name: content})


def _far_cells() -> bytes:
    row = '<row r="{0}"><c r="XFD{0}" t="n"><v>1</v></c></row>'
    return _sheet("".join(row.format(number) for number in range(1, 1_048_576, 7)))


def _strings_bomb() -> bytes:
    strings = "<si><t>" + "a" * 1_000_000 + "</t></si>"
    return _with_part("xl/sharedStrings.xml", f"<sst>{strings * 500}</sst>")


def _repeated_slide(times: int) -> bytes:
    shown = '<p:sldId xmlns:r="r" r:id="r0"/>' * times
    main = f'<p:presentation xmlns:p="p"><p:sldIdLst>{shown}</p:sldIdLst></p:presentation>'
    return pptx_of(shape("One."), parts={"ppt/presentation.xml": main})


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """Return a file with bytes changed, dropped, doubled or put in, a few times."""
    for _ in range(rng.choice([1, 1, 2, 4, 8, 30])):
        at, end = sorted(rng.choices(range(len(data) + 1), k=2))
        data = rng.choice(_SPOILING)(data, at, end, rng)[:1_000_000]
    return data


_SPOILING: list[Callable[[bytes, int, int, random.Random], bytes]] = [
    lambda d, at, end, rng: d[:at] + bytes([rng.randrange(256)]) + d[at + 1 :],
    lambda d, at, end, rng: d[:at] + rng.choice(_TOKENS) + d[at:],
    lambda d, at, end, rng: d[:at] + rng.choice(_TOKENS) * rng.randrange(1, 3_000) + d[at:],
    lambda d, at, end, rng: d[:at] + d[min(end, at + 50) :],
    lambda d, at, end, rng: d[:end] + d[at:],
    lambda d, at, end, rng: d[:at] + rng.randbytes(rng.randrange(1, 40)) + d[at:],
    lambda d, at, end, rng: d[: max(at, 1)],
]


def _attributes() -> bytes:
    return b"<p %s>One." % b" ".join(b"a%d=x" % n for n in range(200_000))


def _nested_xml(depth: int) -> bytes:
    return packed({MAIN: body("<w:p>" * depth + "</w:p>" * depth)})


def _zip_bomb(method: int, size: int = 200_000_000) -> bytes:
    return packed({MAIN: b" " * size}, method)


def _laughing() -> str:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    return f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]>'


def _laughs() -> bytes:
    return packed({MAIN: body("<w:p><w:r><w:t>&e12;</w:t></w:r></w:p>", before=_laughing())})


def _pdf(objects: str) -> bytes:
    return b"%PDF-1.7\n" + objects.encode() + b"\ntrailer<</Root 1 0 R>>\n%%EOF"


def _pdf_stream_bomb() -> bytes:
    packed = zlib.compress(b"BT /F 9 Tf (a) Tj ET " * 20_000_000, 9)
    head = (
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj "
        f"4 0 obj<</Length {len(packed)}/Filter/FlateDecode>>stream\n"
    )
    return (
        b"%PDF-1.7\n"
        + head.encode()
        + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


BOMBS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "an element with 200,000 attributes": lambda: (".html", _attributes()),
    "a word file that unpacks to 70 MB": lambda: (
        ".docx",
        _zip_bomb(zipfile.ZIP_DEFLATED, 70_000_000),
    ),
    "pages that hold each other": lambda: (
        ".pdf",
        _pdf(
            "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
            "2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999>>endobj"
        ),
    ),
    "elements nested a million deep": lambda: (".html", b"<div>" * 1_000_000 + b"x"),
    "tags that never end": lambda: (".html", b"<a <b " * 500_000),
    "quotes that never end": lambda: (".html", b"<a href='" * 300_000),
    "comments that never end": lambda: (".html", b"<!--" * 700_000),
    "ends of what never began": lambda: (".html", b"<b>" * 1_500 + b"</i>" * 500_000),
    "a table of a million cells": lambda: (".html", b"<table>" + b"<td>1" * 1_000_000),
    "entities by the million": lambda: (".html", b"&amp;" * 1_000_000),
    "one word of 20 MB": lambda: (".html", b"x" * 20_000_000),
    "a bzip2 bomb": lambda: (".docx", _zip_bomb(zipfile.ZIP_BZIP2)),
    "an LZMA bomb": lambda: (".docx", _zip_bomb(zipfile.ZIP_LZMA)),
    "XML nested 200,000 deep": lambda: (".docx", _nested_xml(200_000)),
    "a billion laughs": lambda: (".docx", _laughs()),
    "50,000 parts": lambda: (".docx", packed({f"{n}.xml": b"" for n in range(50_000)})),
    "300,000 paragraphs": lambda: (".docx", packed({MAIN: body("<w:p/>" * 300_000)})),
    "an array nested 100,000 deep": lambda: (".pdf", _pdf("1 0 obj" + "[" * 100_000)),
    "a stream that unpacks to 400 MB": lambda: (".pdf", _pdf_stream_bomb()),
    "a sheet of cells in its last column": lambda: (".xlsx", _far_cells()),
    "a row far below the last": lambda: (
        ".xlsx",
        _sheet('<row r="999999999"><c r="A999999999"><v>1</v></c></row>'),
    ),
    "a workbook that unpacks to 500 MB": lambda: (".xlsx", _strings_bomb()),
    "a workbook with entities": lambda: (
        ".xlsx",
        _with_part("xl/sharedStrings.xml", f"{_laughing()}<sst><si><t>&e12;</t></si></sst>"),
    ),
    "a table that is one open cell": lambda: (".csv", b'a,b\n"' + b"1,2\n" * 5_000_000),
    "a table with as many columns as there are": lambda: (".csv", (b"x," * 400 + b"\n") * 20_000),
    "separators alone": lambda: (".csv", b",;\t|\n" * 4_000_000),
    "an e-mail of parts in parts": lambda: (
        ".eml",
        b"From: a\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
            for n in range(20_000)
        ),
    ),
    "an e-mail with an address of 5 MB": lambda: (".eml", b"From: " + b"<(" * 2_500_000 + b"\n\nx"),
    "a chapter that unpacks to 70 MB": lambda: (".epub", epub_of("x" * 70_000_000)),
    "one slide shown 100,000 times": lambda: (".pptx", _repeated_slide(100_000)),
    "a comment that never ends": lambda: (".js", b"/*" * 2_000_000),
    "strings that never end": lambda: (".py", b"f'{" * 500_000),
    "brackets in brackets": lambda: (".sh", b"$(" * 500_000),
    "NULs": lambda: (".txt", bytes(5_000_000)),
}
"""Small files that take much to read, each by what it is."""
