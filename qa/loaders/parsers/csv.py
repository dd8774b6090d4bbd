"""Tables in text files, with separators between the cells (CSV, TSV)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.sheets import Cell, Sheets

_SEPARATORS = ",;\t|"
_LOOKED_AT = 65_536  # characters, to tell the separator
_ROWS_LOOKED_AT = 50
_LONGEST_CELL = 1_000_000  # characters
_NUMBER = re.compile(r"[\W_]*\d")


def parse(data: bytes, name: str) -> Extracted:
    """Read a table, of which each row is a line; `data` is UTF-8.

    The separator is a tab in a `.tsv`, else the one of comma, semicolon, tab and bar that gives
    the most rows of one width.

    Raises:
        Refused: a cell is too long, as it is where a quotation mark is left open.
    """
    text, sheets = data.decode(), Sheets()
    separator = "\t" if name.lower().endswith(".tsv") else _separator(text[:_LOOKED_AT])
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        sheets.table([_cell(cell) for cell in row] for row in _rows(text, separator))
    except csv.Error:
        raise Refused(
            f"has a cell of more than {_LONGEST_CELL:,} characters: close the quotation mark that "
            "it begins with"
        ) from None
    finally:
        csv.field_size_limit(before)
    text, blocks = sheets.written()
    return Extracted(text, blocks=blocks)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return iter(csv.reader(StringIO(text, newline=""), delimiter=separator))


def _separator(start: str) -> str:
    return max(_SEPARATORS, key=lambda separator: _rows_alike(start, separator))


def _rows_alike(start: str, separator: str) -> tuple[int, int]:
    """Return how many rows are of the width that most are of, and that width."""
    widths = Counter(map(len, islice(_rows(start, separator), _ROWS_LOOKED_AT)))
    alike = [(count, width) for width, count in widths.items() if width > 1]
    return max(alike, default=(0, 0))


def _cell(text: str) -> Cell:
    return Cell.of(text, is_number=bool(_NUMBER.match(text)))
