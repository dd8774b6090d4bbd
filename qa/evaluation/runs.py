"""Runs: the results of an evaluation, kept as a folder.

run.json        settings, figures, costs
records.jsonl   a line for each question
trec.run        the rankings, and
trec.qrels      what is relevant, as TREC writes them
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import numpy as np

from qa.display.rendering import table_html
from qa.errors import RunError
from qa.evaluation.formatting import amount, interval
from qa.evaluation.measures import MEASURES, columns, is_share, values
from qa.evaluation.measures.ranking import qrels_of, ranking_of
from qa.evaluation.measures.resampling import exact_interval, intervals
from qa.evaluation.records import Record
from qa.schemas import format_of

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import TypeAdapter

RUN_FILE, RECORDS_FILE = "run.json", "records.jsonl"
TREC_RUN, TREC_QRELS = "trec.run", "trec.qrels"
REPORT_PAGE, SUMMARY = "report.html", "report.md"
FORMAT = format_of("run")

_OURS = {RUN_FILE, RECORDS_FILE, TREC_RUN, TREC_QRELS, REPORT_PAGE, SUMMARY}

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value over some questions, with its uncertainty.

    Attributes:
        measure: the measure's name, a key of `MEASURES`.
        value: over the questions that count.
        low: where the 95% interval starts: the bootstrap's, or where all questions came out
            alike the exact binomial one.
        high: where it ends.
        questions: how many questions count.
    """

    measure: str
    value: float
    low: float
    high: float
    questions: int

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluated question set.

    Attributes:
        name: what reports call it.
        settings: what it was made with: question set, corpus, model, versions, seed and more;
            "notes" are sentences that a reader must know.
        records: what happened to each question, in the order of the set.
        figures: measure to figure, over all questions.
        by_tag: tag to measure to figure, over the questions with that tag.
        costs: what it took: "start-up seconds", "questions seconds", "peak memory MB".
    """

    name: str
    settings: Mapping[str, Any]
    records: tuple[Record, ...] = field(repr=False)
    figures: Mapping[str, Figure]
    by_tag: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict, repr=False)
    costs: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data."""
        records: Any = _adapter(tuple[Record, ...]).dump_python(self.records, mode="json")
        return self._summary() | {"records": records}

    def _repr_html_(self) -> str:
        rows = (
            (
                name,
                amount(name, figure.value),
                interval(name, figure.low, figure.high),
                figure.questions,
            )
            for name, figure in self.figures.items()
        )
        return table_html(("measure", "value", "95% interval", "questions"), rows, self.name)

    def frame(self) -> pd.DataFrame:
        """Return a pandas frame with a row for each question and a column for each fact.

        Raises:
            RunError: pandas is not installed.
        """
        pandas = import_pandas()
        about = {
            "question_id": [record.question_id for record in self.records],
            "question": [record.question for record in self.records],
            "outcome": [record.outcome for record in self.records],
        }
        return pandas.DataFrame(about | columns(self.records))

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the run as a folder, whole or not at all.

        Args:
            folder: what to write; its parents are made.
            overwrite: whether to put it in the place of a run that is there.

        Raises:
            RunError: something is there already, and `overwrite` is false; or it is there and
                is not a run; or the folder cannot be written.
        """
        folder = Path(folder).expanduser()
        check_free(folder, overwrite=overwrite)
        partial, before = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "before"))
        try:
            if before.exists() and not folder.exists():  # a save was killed between two steps
                before.replace(folder)
            for left_behind in (partial, before):
                shutil.rmtree(left_behind, ignore_errors=True)
            self._write(partial)
            if folder.exists():
                folder.replace(before)
            partial.replace(folder)
        except OSError as error:
            raise RunError(f"the run cannot be written to {folder}: {error.strerror}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
        return folder

    def _write(self, folder: Path) -> None:
        make_private(folder)
        adapter = _adapter(Record)
        files: dict[str, Iterable[str]] = {
            RUN_FILE: [json.dumps(self._summary(), ensure_ascii=False, indent=2)],
            RECORDS_FILE: (adapter.dump_json(record).decode() for record in self.records),
            TREC_RUN: trec_run(self.records, tag=self.name),
            TREC_QRELS: trec_qrels(self.records),
        }
        for name, lines in files.items():
            with (folder / name).open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)

    def _summary(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "name": self.name,
            "questions": len(self.records),
            "settings": dict(self.settings),
            "costs": dict(self.costs),
            "figures": _plain(self.figures),
            "by_tag": {tag: _plain(figures) for tag, figures in self.by_tag.items()},
        }


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run that was saved.

    Raises:
        RunError: there is none, or it is not whole, or of another format.
    """
    folder = Path(folder).expanduser()
    if not (folder / RUN_FILE).is_file():
        raise RunError(f"{folder} is not a run: there is no {RUN_FILE} in it")
    try:
        plain = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        if plain["format"] not in (FORMAT, 1):  # it was 1 at first
            raise RunError(
                f"the run in {folder} has format {plain['format']}, and this version reads {FORMAT}"
            )
        lines = (folder / RECORDS_FILE).read_text(encoding="utf-8").split("\n")
        records = _adapter(tuple[Record, ...]).validate_json(f"[{','.join(filter(None, lines))}]")
        if len(records) != plain["questions"]:
            raise ValueError(f"it has {len(records):,} of {plain['questions']:,} records")
        return _adapter(Run).validate_python(plain | {"records": records})
    except (OSError, ValueError, TypeError, LookupError) as error:
        reason = str(error).partition("\n")[0]
        raise RunError(f"the run in {folder} is not whole: evaluate again ({reason})") from error


def figures(records: Sequence[Record], *, seed: int = 0) -> dict[str, Figure]:
    """Return every measure that is defined on these records, with its interval."""
    facts = columns(records)
    statistics, known = values(MEASURES.values(), facts)
    bounds = intervals(statistics, len(records), seed=seed)
    counts = {name: int(np.isfinite(facts[MEASURES[name].over]).sum()) for name in known}
    for name, value in known.items():
        if value in (0, 1) and counts[name] and is_share(MEASURES[name]):
            bounds[name] = exact_interval(value, counts[name])
    return {name: Figure(name, known[name], *bounds[name], counts[name]) for name in known}


def figures_by_tag(records: Sequence[Record], *, seed: int = 0) -> dict[str, dict[str, Figure]]:
    """Return the figures of each tag's questions; the tags in order of name."""
    tags = sorted({tag for record in records for tag in record.tags})
    return {tag: figures([r for r in records if tag in r.tags], seed=seed) for tag in tags}


def trec_run(records: Sequence[Record], *, tag: str) -> Iterator[str]:
    """Write rankings as TREC run lines; the score is minus the rank.

    White space and "%" in ids are written as in an address, "%20" for a space.
    """
    for question, ranking in ranking_of(records).items():
        for key, score in ranking.items():
            yield f"{_word(question)} Q0 {_word(key)} {-score:.0f} {score:.0f} {_word(tag)}"


def trec_qrels(records: Sequence[Record]) -> Iterator[str]:
    """Write what is relevant as TREC qrels lines, ids as in `trec_run`."""
    for question, relevant in qrels_of(records).items():
        for key, grade in relevant.items():
            yield f"{_word(question)} 0 {_word(key)} {grade}"


def make_private(folder: Path) -> None:
    """Make a folder, and what is missing above it, for the owner alone: it holds quotes."""
    for each in (*reversed(folder.parents), folder):
        each.mkdir(0o700, exist_ok=True)


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that a run cannot be written to; one that is there needs `overwrite`."""
    if not folder.exists():
        above = next(parent for parent in folder.absolute().parents if parent.exists())
        if not (above.is_dir() and os.access(above, os.W_OK)):
            raise RunError(f"no run can be written to {folder}: {above} is not to be written in")
        return
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    if others := sorted(there - _OURS):
        raise RunError(
            f"{folder} is there and holds no run alone ({others[0]}): name another folder"
        )
    if there and not overwrite:
        raise RunError(
            f"there is a run in {folder} already: name another folder, or --overwrite it"
        )


def import_pandas() -> Any:
    """Import pandas; a `RunError` if it is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise RunError("a frame needs pandas, which is not here: pip install pandas") from error
    return pandas


def _adapter(kind: type[Kind]) -> TypeAdapter[Kind]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _plain(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: figure.to_dict() for name, figure in figures.items()}


def _word(text: str) -> str:
    return re.sub(r"[\s%]", lambda found: quote(found[0]), text) or "_"
