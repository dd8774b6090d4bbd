"""Excel workbooks (XLSX), sheet by sheet; parsed by openpyxl."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.package import opened
from qa.loaders.parsers.sheets import Cell, Row, Sheets

MAX_BYTES = 400_000_000
"""The most bytes of an unpacked workbook."""

MAX_ROWS = 1_048_576
"""The most rows of a sheet, which is what the format allows."""

_UNNAMED = re.compile(r"[^\W\d_]+ ?\d+")  # such as Sheet1, in any language
_PERCENT = re.compile(r"(?:\"[^\"]*\"|\\.|[^\"\\%])*%")


def parse(data: bytes, name: str) -> Extracted:
    """Read a workbook: each row of its visible sheets is a line, below the name of the sheet.

    Read are the values that the file has, not its formulas; dates are as in ISO 8601, and numbers
    have no thousands separators, currencies and padding. Left out are charts, comments and hidden
    sheets. Of merged cells, the first has the text.

    Raises:
        Refused: the file is no workbook, is protected by a password, damaged, or too large.
    """
    import openpyxl

    sheets = Sheets()
    with opened(data, name, "an Excel workbook") as package:
        package.main()
        package.check_size(MAX_BYTES)
        said = package.metadata()
        book = openpyxl.load_workbook(
            BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        for sheet in visible:
            if len(visible) > 1 or not _UNNAMED.fullmatch(sheet.title):
                sheets.heading(sheet.title)
            sheet.reset_dimensions()  # what the file says of them may be wrong
            sheets.table(_rows(sheet))
    text, blocks = sheets.written()
    return Extracted(text, said["title"], blocks=blocks, metadata=said)


def _rows(sheet: Any) -> Iterator[Row]:
    for number, row in enumerate(sheet.rows):
        if number == MAX_ROWS:
            raise Refused(f"has a sheet of more than {MAX_ROWS:,} rows, which no workbook has")
        yield [_cell(cell) for cell in row]


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None or isinstance(value, str):
        return Cell.of(value or "")
    if isinstance(value, bool):
        return Cell.of(str(value).upper())
    return Cell.of(_shown(value, cell.number_format), is_number=True)


def _shown(value: Any, number_format: str) -> str:
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    if _PERCENT.match(number_format):
        return f"{value * 100:.15g}%"
    return f"{value:.15g}"
