"""Parquet: each row becomes a line of JSON, a batch after the other."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from qa.loaders.parsers import Extracted, Refused

_ROWS_AT_ONCE = 500


def parse(data: bytes, name: str, *, path: str, to: str, most: str) -> Extracted:
    """Write the rows of the file at a path as lines, and return nothing of it.

    Such a file may have more rows than fit into memory, so its bytes are not given.

    Raises:
        Refused: it is no Parquet file, is damaged, or has more than `most` bytes; or the library
            that reads it is missing.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise Refused(
            "needs a package that is missing: run  pip install 'inquote[parquet]'"
        ) from None
    left = int(most)
    try:
        with ParquetFile(path, pre_buffer=False) as table, Path(to).open("wb") as lines:
            for batch in table.iter_batches(_ROWS_AT_ONCE, use_threads=False):
                for row in batch.to_pylist(maps_as_pydicts="lossy"):
                    told = {name: value for name, value in row.items() if value is not None}
                    line = json.dumps(told, ensure_ascii=False, default=_plain).encode() + b"\n"
                    left -= len(line)
                    if left < 0:
                        raise Refused(f"unpacks to more than {int(most):,} bytes: split it")
                    lines.write(line)
    except (ArrowException, UnicodeError):
        raise Refused("is damaged, or no Parquet file: fetch or save it again") from None
    return Extracted("")


def _plain(value: Any) -> Any:
    """Return a date as a text; what no JSON holds is left out."""
    return value.isoformat() if isinstance(value, date) else None
