"""Reading question sets, in the formats that they come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from qa.errors import QuestionSetError
from qa.evaluation.formats import beir, jsonl, squad, table
from qa.evaluation.formats.jsonl import save_questions
from qa.evaluation.questions import QuestionSet

__all__ = ["FORMATS", "existing", "load_questions", "save_questions"]

FORMATS: Mapping[str, Callable[[Path], QuestionSet]] = {
    ".jsonl": jsonl.read,
    ".ndjson": jsonl.read,
    ".csv": table.read,
    ".tsv": table.read,
    ".json": squad.read,
}
"""Readers of question sets by the suffix of the file, in lower case; a folder is BEIR."""


def load_questions(path: str | Path) -> QuestionSet:
    """Read a question set: JSON lines, a table, SQuAD, or a folder in the form of BEIR.

    `docs/formats.md` describes them.

    Raises:
        QuestionSetError: nothing is there, or it has no known format, or has faults: `faults`
            lists them all.
    """
    path = existing(path)
    if path.is_dir() or beir.is_qrels(path):
        return beir.read(path)
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise QuestionSetError(
            f"{path} cannot be read as a question set; "
            f"supported: {', '.join(FORMATS)}, and a folder in the form of BEIR"
        )
    return reader(path)


def existing(path: str | Path) -> Path:
    """Return the path of a file or folder; raise a `QuestionSetError` if nothing is there."""
    try:
        path = Path(path).expanduser()
        there = path.is_dir() or path.is_file()
    except (OSError, RuntimeError) as error:  # a name that is too long; a ~user who is not there
        raise QuestionSetError(f"{path} cannot be read: {error}") from error
    if not there:
        raise QuestionSetError(f"there is no file or folder {path}")
    return path
