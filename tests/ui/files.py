"""Files that a visitor may bring, one of each kind, all about the same lighthouse."""

from __future__ import annotations

from pathlib import Path

import docx

from tests.pdf_files import Page, encrypted, pages_of, pdf_of

KEEPER = "The keeper of the lighthouse lives in the village below, with two dogs."
BUILT = "The lighthouse of Marn was built in 1871 by order of the harbour council."
LIGHT = "Its lamp is seen from thirty miles out at sea on a clear night."

FILES = (
    "lighthouse.txt",
    "lighthouse.md",
    "lighthouse.html",
    "lighthouse.pdf",
    "lighthouse.docx",
)
ENCRYPTED = "locked.pdf"
SCANNED = "scan.pdf"


def write_files(folder: Path) -> None:
    """Write a file of each kind, and PDFs that cannot be read, into a folder."""
    (folder / "lighthouse.txt").write_text(f"{KEEPER}\n\n{BUILT} {LIGHT}\n")
    (folder / "lighthouse.md").write_text(f"# Marn\n\n{KEEPER}\n\n- *{BUILT}*\n- {LIGHT}\n")
    (folder / "lighthouse.html").write_text(
        "<!doctype html><title>Marn</title><script>document.title = 'owned'</script>"
        f"<h1>Marn</h1><p>{KEEPER}</p><ul><li>{BUILT}</li><li>{LIGHT}</li></ul>"
    )
    pages = pages_of([KEEPER, f"{BUILT} {LIGHT}"])
    (folder / "lighthouse.pdf").write_bytes(pages)
    (folder / ENCRYPTED).write_bytes(encrypted(pages, user="secret"))
    (folder / SCANNED).write_bytes(pdf_of(Page().picture()))
    word = docx.Document()
    for paragraph in (KEEPER, BUILT, LIGHT):
        word.add_paragraph(paragraph)
    word.save(str(folder / "lighthouse.docx"))
