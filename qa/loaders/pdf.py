"""PDF, page by page; parsed by PDFium, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders.files import kind_of, mistaken, read_file, refused
from qa.loaders.flow import clean, sensible_title
from qa.loaders.pdf_worker import ends_sentence

MAX_BYTES = 200_000_000
"""The largest PDF that is read."""

MAX_PAGES = 10_000
"""The most pages that a PDF may have."""

MAX_CHARACTERS = 50_000_000
"""The most characters that the pages of a PDF may have together."""

MAX_SECONDS = 300
"""How long a PDF may take."""

MAX_MEMORY = 4_000_000_000
"""How many bytes of memory a PDF may take (on Windows, any number)."""

_WORKER = Path(__file__).with_name("pdf_worker.py")
_END, _END_WITHIN = b"%%EOF", 8_192

_AGAIN = "fetch or save it again"
_REASONS = {
    "password": "needs a password to be opened: save it without one first",
    "security": "is protected in a way that is not known here: save it without protection first",
    "broken": f"is damaged: it cannot be parsed as a PDF; {_AGAIN}",
    "page": f"is damaged: its page {{0:,}} cannot be parsed; {_AGAIN}",
    "pages": f"has {{0:,}} pages; the most is {MAX_PAGES:,}: split it into several files",
    "characters": "has more than {0:,} characters: split it into several files",
    "memory": "takes more than {0:,} bytes of memory to parse: split it, or save it anew",
}


def load_pdf(path: Path, document_id: str) -> Document:
    """Read the text of a PDF, with where each page starts in it.

    The text is what PDFium extracts, line by line, in the order in which the file has it, with
    ligatures taken apart. Lines end with a line feed. A blank line is put where lines stand
    further apart than the page's lines do, or change in size; between pages one where the page
    ends with a sentence, and else a line feed, so that a sentence may go on over the page. A
    word that is hyphenated at a line's end keeps its hyphen and the line end. Dropped are control
    characters, half surrogate pairs, and white space at the ends of lines. Left out are
    pictures, notes and the contents of form fields. The title is that of the file's metadata.

    Raises:
        LoadError: the file cannot be read, is no PDF, needs a password, is damaged, is above a
            limit, or has no text (it may be scanned).
    """
    data = read_file(path, MAX_BYTES)
    if kind_of(data) != "a PDF":
        raise mistaken(path, data, "a PDF")
    if _END not in data[-_END_WITHIN:]:
        raise refused(path, f"is cut off, or damaged: a PDF ends with {_END.decode()}; {_AGAIN}")
    result = _parse(path, data)
    pages = [clean(page).strip() for page in result["pages"]]
    if not any(pages):
        raise _without_text(path, len(pages), pictures=bool(result["pictures"]))
    text, starts = join_pages(pages)
    title = sensible_title(result["title"])
    return Document(document_id, text, title, str(path.resolve()), starts)


def join_pages(pages: list[str]) -> tuple[str, tuple[int, ...]]:
    """Join the pages' texts to one, and tell where each starts in it."""
    parts, starts, length = pages[:1], [0], len(pages[0])
    for before, page in pairwise(pages):
        gap = "" if not length else "\n\n" if not before or ends_sentence(before) else "\n"
        gap = gap if page else ""
        parts += [gap, page]
        starts.append(length + len(gap))
        length += len(gap) + len(page)
    return "".join(parts), tuple(starts)


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    """Have the worker read a PDF; what it says on its error output is nobody's concern."""
    limits = map(str, (MAX_PAGES, MAX_CHARACTERS, MAX_SECONDS, MAX_MEMORY))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", _WORKER, *limits],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS,
            env=environment,
            check=False,
        )
        result: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise refused(
            path, f"takes more than {MAX_SECONDS} seconds to parse: split it, or save it anew"
        ) from None
    except OSError as error:
        raise refused(path, f"cannot be parsed: {error.strerror}") from error
    except ValueError:
        raise refused(path, f"is damaged: parsing it fails; {_AGAIN}") from None
    if "failed" in result:
        kind, number = result["failed"]
        raise refused(path, _REASONS[kind].format(number))
    return result


def _without_text(path: Path, pages: int, *, pictures: bool) -> LoadError:
    where = "on its one page" if pages == 1 else f"on its {pages:,} pages"
    if pictures:
        return refused(
            path,
            f"is scanned: there are pictures and no text {where}; put text into it first, for "
            f"example with `ocrmypdf {path.name} read.pdf`",
        )
    return refused(path, f"has no text to ask about: there is none {where}")
