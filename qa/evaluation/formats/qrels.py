"""Qrels: lines that say how relevant a document is to a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from qa.evaluation.formats.validation import Reading, read_lines
from qa.evaluation.questions import brief

_HEADERS = {"query-id", "query_id", "queryid", "qid"}
_GRADE = re.compile(r"[+-]?[0-9]{1,9}")


class Judgement(NamedTuple):
    """A line of qrels, and where it stands."""

    where: str
    query_id: str
    document_id: str
    grade: int


def read_qrels(path: Path, label: str, reading: Reading) -> Iterator[Judgement]:
    """Yield the judgements of a file, and note its faults under a label.

    A line has query, document and grade, as in BEIR; or query, an iteration that says nothing,
    document and grade, as in TREC. Tabs separate them, or where there are none, white space.
    """
    for index, (number, line) in enumerate(read_lines(path)):
        where = f"{label} line {number}"
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if index == 0 and cells[0].lower() in _HEADERS:
            continue
        if len(cells) not in (3, 4):
            reading.fault(where, f"has {len(cells)} columns: write query, document and grade")
        elif not _GRADE.fullmatch(cells[-1]):
            reading.fault(where, f"the grade “{brief(cells[-1])}” is not a whole number")
        else:
            yield Judgement(where, cells[0], cells[-2], int(cells[-1]))
