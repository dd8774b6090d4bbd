"""The questions that two runs share, and how the runs differ besides their results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qa.errors import RunError
from qa.evaluation.records import Record
from qa.evaluation.runs import Run

Pair = tuple[Record, Record]
"""The records of one question in the baseline and in another run."""

_UNCOMPARED = {"created", "seed", "notes"}  # settings that say nothing of the system
_SHOWN, _LONGEST = 12, 80


def with_distinct_names(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs, with a number after each name that another has already."""
    taken: set[str] = set()
    for run in runs:
        name, number = run.name, 1
        while name in taken:
            number += 1
            name = f"{run.name} ({number})"
        taken.add(name)
        yield replace(run, name=name)


def pairs_of(baseline: Run, run: Run) -> list[Pair]:
    """Return the records of each question that both runs were asked, in the order of the set.

    It is the same question if its id, its words, its history and what is right for it are.

    Raises:
        RunError: there is none.
    """
    theirs = {record.question_id: record for record in run.records}
    common = [(r, theirs[r.question_id]) for r in baseline.records if r.question_id in theirs]
    pairs = [(before, after) for before, after in common if _asked(before) == _asked(after)]
    if not pairs:
        raise RunError(
            f"{baseline.name} and {run.name} have no question in common: evaluate both on one "
            "question set"
        )
    return pairs


def _asked(record: Record) -> tuple[object, ...]:
    """Return what must be equal for two records to be of the same question."""
    gold = {frozenset(excerpt.place for excerpt in part) for part in record.gold}
    judged = dict(record.relevant) if record.by_document else None  # passages differ by chunking
    return record.question, record.history, record.answerable, record.answers, gold, judged


def written_alike(pair: Pair) -> Pair:
    """Return a pair without its statements where a language model could not be asked for one."""
    if not any(record.is_unwritten for record in pair):
        return pair
    before, after = (replace(record, statements=None) for record in pair)
    return before, after


def cut_alike(pairs: Iterable[Pair]) -> bool:
    """Return whether the same passages are relevant to each question in both runs.

    What a system that tells no passages would find relevant is not known.
    """
    return all(
        before.relevant == after.relevant
        for before, after in pairs
        if "retrieval" not in before.unknown + after.unknown
    )


def left_out(baseline: Run, run: Run, pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield a note on how many questions are in no pair, and why."""
    ours = {record.question_id for record in baseline.records}
    theirs = {record.question_id for record in run.records}
    reasons = {
        f"only in {baseline.name}": len(ours - theirs),
        f"only in {run.name}": len(theirs - ours),
        "with another text, history or right answer": len(ours & theirs) - len(pairs),
    }
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    if counted:
        total, left = len(ours | theirs), len(ours | theirs) - len(pairs)
        yield f"{run.name}: {left} of {total} questions are left out: {counted}"
    if unwritten := sum(any(record.is_unwritten for record in pair) for pair in pairs):
        without = f"{unwritten} of {len(pairs)} answers, which one of the two has not written"
        yield f"{run.name}: statements are compared without {without}"


def settings_notes(baseline: Run, run: Run) -> Iterator[str]:
    """Yield notes on the settings that two runs differ in."""
    ours, theirs = dict(_flat(baseline.settings)), dict(_flat(run.settings))
    told = ours | theirs
    if ("model_digest" in ours) != ("model_digest" in theirs):  # one tells nothing of itself
        told = {key: value for key, value in ours.items() if key in theirs}
    changed = [key for key in told if ours.get(key) != theirs.get(key)]
    if "corpus" in changed:
        changed.remove("corpus")
        yield f"{run.name} was asked of another corpus than {baseline.name}"
    if changed:
        shown = [
            f"{key} {_shortened(ours.get(key, 'none'))} → {_shortened(theirs.get(key, 'none'))}"
            for key in changed[:_SHOWN]
        ]
        more = [f"and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else []
        yield f"{run.name} has other settings than {baseline.name}: {', '.join(shown + more)}"


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield settings one by one, with the names of those they are within."""
    for key, value in settings.items():
        if above + key in _UNCOMPARED:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, json.dumps(value, ensure_ascii=False, default=str)


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
