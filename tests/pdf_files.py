"""A small writer of PDFs for the tests: any text, at any place, without a font file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pypdf

TOP, LEFT, LEADING = 780.0, 60.0, 15.0
_TO_UNICODE = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /U def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
{ranges}
endcmap end end"""
_PICTURE = b"/W 2 /H 2 /CS /G /BPC 8 ID \x00\xff\xff\x00 EI"


@dataclass
class Page:
    """A page, filled from the top."""

    content: list[bytes] = field(default_factory=list)
    y: float = TOP

    def line(self, text: str, *, size: float = 11, x: float = LEFT, gap: float = 0) -> Page:
        """Add a line, `gap` points further down than the next line would be."""
        self.y -= LEADING + gap
        codes = text.encode("utf-16-be", "surrogatepass").hex()
        self.content.append(f"BT /F {size} Tf 1 0 0 1 {x} {self.y} Tm <{codes}> Tj ET".encode())
        return self

    def lines(self, *texts: str) -> Page:
        """Add a paragraph: a blank line, and these lines."""
        for number, text in enumerate(texts):
            self.line(text, gap=0 if number else LEADING)
        return self

    def picture(self) -> Page:
        """Add a picture of two by two dots."""
        self.content.append(b"q 400 0 0 400 60 200 cm BI " + _PICTURE + b" Q")
        return self


def pdf_of(*pages: Page, title: str = "", roman: int = 0) -> bytes:
    """Write a PDF of these pages; the first `roman` pages have Roman numbers."""
    labels = b"/PageLabels <</Nums [0 <</S /r>> %d <</S /D>>]>>" % roman if roman else b""
    numbers = [6 + 2 * n for n in range(len(pages))]
    kids = " ".join(f"{n} 0 R" for n in numbers)
    objects = [
        b"<</Type /Catalog /Pages 2 0 R %s>>" % labels,
        f"<</Type /Pages /Kids [{kids}] /Count {len(pages)}>>".encode(),
        b"<</Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H "
        b"/DescendantFonts [4 0 R] /ToUnicode 5 0 R>>",
        b"<</Type /Font /Subtype /CIDFontType2 /BaseFont /F /DW 500 /FontDescriptor "
        b"<</Type /FontDescriptor /FontName /F /Flags 4 /Ascent 800 /Descent -200 /ItalicAngle 0 "
        b"/CapHeight 700 /StemV 80 /FontBBox [0 -200 1000 800]>> "
        b"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>>>",
        _stream(_TO_UNICODE.format(ranges=_ranges()).encode()),
    ]
    for number, page in zip(numbers, pages, strict=True):
        objects.append(
            b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 850] /Resources "
            b"<</Font <</F 3 0 R>>>> /Contents %d 0 R>>" % (number + 1)
        )
        objects.append(_stream(b"\n".join(page.content)))
    objects.append(b"<</Title <feff%s>>>" % title.encode("utf-16-be").hex().encode())
    return _file(objects)


def pages_of(texts: Sequence[str]) -> bytes:
    """Write a PDF with a line on each page."""
    return pdf_of(*(Page().line(text) for text in texts))


def encrypted(data: bytes, *, user: str) -> bytes:
    """Protect a PDF; with `user` "", anybody may open it."""
    writer = pypdf.PdfWriter(clone_from=BytesIO(data))
    writer.encrypt(user_password=user, owner_password="owner", algorithm="RC4-128")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data)


def _ranges() -> str:
    """Map every code to itself, a hundred ranges at a time, as the format wants it."""
    rows = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256)]
    blocks = [rows[start : start + 100] for start in range(0, 256, 100)]
    return "\n".join(f"{len(b)} beginbfrange {' '.join(b)} endbfrange" for b in blocks)


def _file(objects: Sequence[bytes]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows)
    data += b"trailer\n<</Size %d /Root 1 0 R /Info %d 0 R>>\n" % (len(objects) + 1, len(objects))
    return data + b"startxref\n%d\n%%%%EOF\n" % start
