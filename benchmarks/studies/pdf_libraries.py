"""How fast libraries read PDF, and what they make of ligatures, spaces and paragraphs.

    python -m benchmarks.studies.pdf_libraries FILE.pdf ...

A ligature left as one character ("ﬁ") hides the word from search. "inquote" is the loader, its
process included. Needs `pip install pypdf pdfminer.six`; a missing library is reported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.results import head, row
from benchmarks.timing import clocked
from qa.loaders.formats import load_pdf

COUNTED = {
    "ligatures": "[\ufb00-\ufb06\u02d6-\u02ff]",
    "spaces": r"\w {2,}\w",
    "controls": "[\0-\x08\x0b\x0c\x0e-\x1f\ufffe]",
    "blank lines": r"\n[ \t]*\n",
}


def with_pdfium(path: Path) -> list[str]:
    pdf: Any = import_module("pypdfium2").PdfDocument(path)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]


def with_pypdf(path: Path) -> list[str]:
    reader: Any = import_module("pypdf").PdfReader(path)
    return [page.extract_text() for page in reader.pages]


def with_pdfminer(path: Path) -> list[str]:
    extract: Any = import_module("pdfminer.high_level").extract_text
    return str(extract(path)).split("\f")[:-1]


def with_the_loader(path: Path) -> list[str]:
    document = load_pdf(path, path.name)
    ends = (*document.pages[1:], len(document.text))
    return [document.text[a:b] for a, b in zip(document.pages, ends, strict=True)]


LIBRARIES: dict[str, Callable[[Path], list[str]]] = {
    "inquote": with_the_loader,
    "pypdfium2": with_pdfium,
    "pypdf": with_pypdf,
    "pdfminer.six": with_pdfminer,
}


def measured(name: str, path: Path) -> str:
    pages: list[str] = []
    try:
        seconds, _ = clocked(lambda: pages.extend(LIBRARIES[name](path)))
    except ModuleNotFoundError as error:
        return row(path.name, name, error)
    text = "\n".join(pages)
    counts = (f"{len(re.findall(pattern, text)):,}" for pattern in COUNTED.values())
    speed = f"{1_000 * seconds / len(pages):.1f}"
    return row(path.name, name, f"{len(pages):,}", f"{len(text):,}", speed, *counts)


if __name__ == "__main__":
    print(head("file", "library", "pages", "characters", "ms/page", *COUNTED))
    for path in map(Path, sys.argv[1:]):
        for name in LIBRARIES:
            print(measured(name, path), flush=True)
