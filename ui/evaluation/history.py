"""The last runs of a visitor: kept for a while, opened again, and compared with one another."""

from __future__ import annotations

import io
import secrets
import shutil
import threading
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from qa.errors import RunError
from qa.evaluation import Comparison, Run, compare, load_run
from qa.evaluation.folders import keep_run
from qa.evaluation.formatting import amount
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import RIGHT_OUTCOMES
from qa.evaluation.report.wording import HEADLINES
from qa.evaluation.runs import REPORT_PAGE
from ui.evaluation import view
from ui.strings import say
from ui.visitors import limits
from ui.visitors.expiring_store import ExpiringStore, ExpiringStoreError
from ui.visitors.fair_work import Turns
from ui.visitors.messages import (
    Data,
    Request,
    RequestError,
    ServerFunction,
    errors_as_data,
    in_turn,
    parsed,
)

# Times depend on what else the machine does, such as answering in the chat.
_COMPARED = [name for name in HEADLINES if MEASURES[name].group != "time"]
_LISTED = ("quote-hit@1", "abstention recall")

_Name = Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that is kept, and what a list says of it.

    `corpus` is what the visitor calls the documents that were asked.
    """

    id: str
    name: str
    corpus: str
    made: datetime
    figures: str
    folder: Path

    def to_dict(self) -> Data:
        """Return what the page's list shows."""
        return {
            "id": self.id,
            "name": self.name,
            "corpus": self.corpus,
            "figures": self.figures,
            "made": self.made.isoformat(),
        }


class Runs:
    """One visitor's last runs, in a folder that is made for them, the oldest first."""

    def __init__(self, token: str, folder: Path) -> None:
        self.token = token
        self._folder = folder
        self._kept: list[Kept] = []
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700)

    @property
    def busy(self) -> bool:
        """Whether a run is being kept."""
        return self._lock.locked()

    @property
    def kept(self) -> list[Kept]:
        """The runs, the oldest first."""
        return list(self._kept)

    def keep(self, run: Run, corpus: str) -> Kept:
        """Keep a run, and drop the oldest ones if there are too many or they are too large."""
        folder = self._folder / secrets.token_hex(8)
        with self._lock:
            keep_run(run, folder)
            made = datetime.now(UTC)
            kept = Kept(folder.name, run.name, corpus, made, _figures(run), folder)
            self._kept.append(kept)
            while len(self._kept) > 1 and self._is_too_much():
                shutil.rmtree(self._kept.pop(0).folder, ignore_errors=True)
        return kept

    def find(self, id_: str) -> Kept:
        """Return a run by its id.

        Raises:
            RequestError: it is not kept.
        """
        for kept in self._kept:
            if kept.id == id_:
                return kept
        raise RequestError("this run is no longer here: run it again")

    def before(self, kept: Kept) -> Kept | None:
        """Return the run before one, of the same documents; None if there is none."""
        earlier = self._kept[: self._kept.index(kept)]
        return next((one for one in reversed(earlier) if one.corpus == kept.corpus), None)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._kept = []

    def _is_too_much(self) -> bool:
        size = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        return len(self._kept) > limits.MAX_RUNS or size > limits.MAX_RUN_BYTES


class AllRuns(ExpiringStore[Runs]):
    """The runs of all visitors of a page.

    Args:
        folder: a private folder; a folder for the runs is made in it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "your runs",
            idle_seconds=limits.RUNS_KEPT_SECONDS,
            most_each=limits.MAX_VISITORS,  # many may share an address for a day
        )
        self._folder = folder / "runs"
        self._folder.mkdir(mode=0o700)

    def check(self, token: str | None, client: str) -> None:
        """Make sure that a run can be kept for a visitor, before the time is spent.

        Raises:
            ExpiringStoreError: there is no room.
        """
        try:
            self.find(token or "")
        except ExpiringStoreError:
            self.check_room(client)

    def of(self, token: str | None, client: str) -> Runs:
        """Return a visitor's runs; new ones if there are none."""
        try:
            return self.find(token or "")
        except ExpiringStoreError:
            folder = self._folder / secrets.token_hex(8)
            return self.add(lambda new: Runs(new, folder), client)

    def close(self) -> None:
        """Remove the runs of all visitors."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Token(Request):
    token: _Name


class _One(_Token):
    run: _Name


class _Two(_Token):
    runs: Annotated[list[_Name], Field(min_length=2, max_length=2)]


class RunHandlers:
    """Serves the list of a visitor's runs."""

    def __init__(self, all_runs: AllRuns) -> None:
        self._all_runs = all_runs
        self._turns = Turns()

    def server_functions(self) -> list[ServerFunction]:
        """Return what the page's scripts call by name."""
        methods = (self.listed, self.report, self.compared, self.forget)
        return [in_turn(method, self._turns) for method in methods]

    @errors_as_data
    def listed(self, request: object) -> Data:
        """Return the runs of a visitor, the newest first; none if they have expired."""
        try:
            runs = self._all_runs.find(parsed(_Token, request).token)
        except ExpiringStoreError:
            return {"runs": []}
        return {"runs": [kept.to_dict() for kept in reversed(runs.kept)]}

    @errors_as_data
    def report(self, request: object) -> Data:
        """Return the report of a run, and what changed since the run before."""
        asked = parsed(_One, request)
        runs = self._of(asked)
        kept = runs.find(asked.run)
        before = runs.before(kept)
        return {"html": view.results(evaluated(kept.folder, before.folder if before else None))}

    @errors_as_data
    def compared(self, request: object) -> Data:
        """Return the comparison of two runs; the older one is the baseline."""
        asked = parsed(_Two, request)
        runs = self._of(asked)
        older, newer = sorted(map(runs.find, asked.runs), key=runs.kept.index)
        comparison = _comparison(load_run(older.folder), load_run(newer.folder))
        return {"html": view.comparison(comparison)}

    @errors_as_data
    def forget(self, request: object) -> Data:
        """Delete all runs of a visitor."""
        self._all_runs.remove(parsed(_Token, request).token)
        return {"runs": []}

    def _of(self, asked: _Token) -> Runs:
        try:
            return self._all_runs.find(asked.token)
        except ExpiringStoreError:
            raise RequestError(
                "your runs are no longer here, as they are kept for a day after their last use: "
                "run them again"
            ) from None


def evaluated(folder: Path, before: Path | None = None) -> view.Evaluated:
    """Return a run that is kept, compared with the one before if they share a question."""
    run = load_run(folder)
    comparison = None
    if before is not None:
        try:
            comparison = _comparison(load_run(before), run)
        except RunError:  # they have no question in common
            comparison = None
    report = (folder / REPORT_PAGE).read_text(encoding="utf-8")
    return view.Evaluated(run, report, _zipped(folder), comparison)


def _comparison(before: Run, run: Run) -> Comparison:
    return compare(before, run, measures=[name for name in _COMPARED if name in run.figures])


def _figures(run: Run) -> str:
    right = sum(record.outcome in RIGHT_OUTCOMES for record in run.records)
    figures = [run.figures[name] for name in _LISTED if name in run.figures]
    listed = [f"{one.measure} {amount(one.measure, one.value)}" for one in figures]
    return ", ".join([say("runs.right", right=right, count=len(run.records)), *listed])


def _zipped(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(folder.iterdir()):
            written.write(path, f"run/{path.name}")
    return archive.getvalue()
