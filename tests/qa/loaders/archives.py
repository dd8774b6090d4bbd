"""Office files and e-books for tests, packed part by part."""

from __future__ import annotations

import zipfile
from io import BytesIO

from openpyxl import Workbook

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_OPF = "http://www.idpf.org/2007/opf"
_SPACES = f'xmlns:p="{_P}" xmlns:a="{_A}" xmlns:r="{_OFFICE}"'


def packed(parts: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack an archive of parts."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return archive.getvalue()


def saved(book: Workbook) -> bytes:
    """Return the bytes of a workbook."""
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def shape(*paragraphs: str, kind: str | None = None) -> str:
    """Return a shape of a slide; `kind` is that of a placeholder, and `|` ends a line."""
    holder = "" if kind is None else f'<p:ph type="{kind}"/>' if kind else '<p:ph idx="1"/>'
    runs = ["</a:t></a:r><a:br/><a:r><a:t>".join(words.split("|")) for words in paragraphs]
    text = "".join(f"<a:p><a:r><a:t>{run}</a:t></a:r></a:p>" for run in runs)
    return f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"


def pptx_of(
    *slides: str, notes: dict[int, str] | None = None, parts: dict[str, str | bytes] | None = None
) -> bytes:
    """Return a PowerPoint file with the shapes of each slide, and of notes by the slide's number.

    A slide that begins with "-" is hidden.
    """
    ids = "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in range(len(slides)))
    made: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {_SPACES}><p:sldIdLst>{ids}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations(
            {f"r{n}": ("slide", f"slides/slide{n}.xml") for n in range(len(slides))}
        ),
    }
    for number, shapes in enumerate(slides):
        hidden = ' show="0"' if shapes.startswith("-") else ""
        made[f"ppt/slides/slide{number}.xml"] = _slide("sld", shapes.lstrip("-"), hidden)
    for number, shapes in (notes or {}).items():
        made[f"ppt/slides/_rels/slide{number}.xml.rels"] = _relations(
            {"r1": ("notesSlide", f"../notesSlides/n{number}.xml")}
        )
        made[f"ppt/notesSlides/n{number}.xml"] = _slide("notes", shapes)
    return packed(made | (parts or {}))


def _slide(name: str, shapes: str, attributes: str = "") -> str:
    return (
        f"<p:{name} {_SPACES}{attributes}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:{name}>"
    )


def _relations(named: dict[str, tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="{id_}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for id_, (kind, target) in named.items()
    )
    return f'<Relationships xmlns="{_RELATIONS}">{each}</Relationships>'


def epub_of(
    *chapters: str, title: str = "Marn", parts: dict[str, str | bytes] | None = None
) -> bytes:
    """Return an e-book with the bodies of its chapters; one that begins with "nav:" is contents."""
    items = "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if body.startswith('nav:') else ''}/>"
        for n, body in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    made: dict[str, str | bytes] = {
        "META-INF/container.xml": '<container xmlns="urn:oasis">'
        '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": f'<package xmlns="{_OPF}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>{title}</dc:title></metadata><manifest>{items}</manifest>"
        f"<spine>{spine}</spine></package>",
    }
    for number, body in enumerate(chapters):
        made[f"OEBPS/text/c {number}.xhtml"] = (
            '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
            f"<body>{body.removeprefix('nav:')}</body></html>"
        )
    return packed(made | (parts or {}))
