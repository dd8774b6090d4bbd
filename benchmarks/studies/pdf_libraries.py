"""Compare libraries that read PDF: how fast, and what they make of ligatures and spaces.

For each library and file it measures
  * milliseconds a page,
  * ligatures that were left as one character ("ﬁ"), by which a word is not found,
  * spaces in a row between words, and control characters,
  * blank lines, which keep paragraphs apart.

"inquote" is the loader, its process included. Needs `pip install pypdf pdfminer.six`; a library
that is missing is reported as such. Run `python -m benchmarks.studies.pdf_libraries FILE.pdf ...`.
"""

import re
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from qa.loaders.formats import load_pdf

_LIGATURES = re.compile("[\ufb00-\ufb06\u02d6-\u02ff]")
_SPACES = re.compile(r"\w {2,}\w")
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe]")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")


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


def row(name: str, path: Path) -> str:
    start = time.perf_counter()
    try:
        pages = LIBRARIES[name](path)
    except ModuleNotFoundError as error:
        return f"| {path.name} | {name} | {error} |"
    milliseconds = 1_000 * (time.perf_counter() - start) / len(pages)
    text = "\n".join(pages)
    counts = [
        len(pattern.findall(text)) for pattern in (_LIGATURES, _SPACES, _CONTROLS, _BLANK_LINES)
    ]
    cells = [path.name, name, f"{len(pages):,}", f"{len(text):,}", f"{milliseconds:.1f}"]
    return f"| {' | '.join([*cells, *(f'{count:,}' for count in counts)])} |"


def main() -> None:
    print(
        "| file | library | pages | characters | ms/page | ligatures | spaces | controls | blank |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for path in map(Path, sys.argv[1:]):
        for name in LIBRARIES:
            print(row(name, path), flush=True)


if __name__ == "__main__":
    main()
