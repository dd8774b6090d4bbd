"""Results in words: the same in every report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.evaluation.comparison import Comparison
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import Record
from qa.evaluation.report.formatting import counted
from qa.evaluation.runs import Figure, Run

HEADLINES = (
    "balanced score",
    "quote-hit@1",
    "answer-in-quote@1",
    "citation F1",
    "quotes verified",
    "hit@5",
    "AUROC",
    "abstention recall",
    "seconds p50",
    "seconds p95",
)
"""The measures that are shown first, where a run has them; the last few if there is room."""

_HEADLINES = 8


def headlines(figures: Mapping[str, Figure]) -> list[Figure]:
    """Return the figures that are shown first."""
    return [figures[name] for name in HEADLINES if name in figures][:_HEADLINES]


def main_result(run: Run) -> str:
    """Return how many questions came out right, and how the others did not."""
    answerable = [record for record in run.records if record.answerable]
    sentences = [
        _answerable(answerable, run.figures.get("quote-hit@1")),
        _unanswerable(len(run.records) - len(answerable), run),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def notes_of(run: Run) -> list[str]:
    """Return what a reader must know of a run; a sentence each."""
    return [str(note) for note in run.settings.get("notes") or ()]


def verdict(comparison: Comparison, run: Run) -> str:
    """Return on which measures a run is better or worse than the baseline."""
    return f"{replace(comparison, runs=(comparison.runs[0], run)).summary()}."


def flipped(comparison: Comparison, run: Run) -> str:
    """Return how many questions came out right in a run alone, or in the baseline alone."""
    flips = [flip for flip in comparison.flips if flip.run == run.name]
    gained = sum(flip.gained for flip in flips)
    return f"{counted(gained, 'question')} gained, {len(flips) - gained:,} lost."


def method(comparison: Comparison) -> str:
    """Return what verdicts rest on."""
    tests = sum(one.verdict != "not tested" for one in comparison.differences)
    return (
        f"A verdict needs p < {comparison.alpha:g} after Holm's correction over "
        f"{counted(tests, 'test')}; differences are over the same questions, paired."
    )


def direction(measure: str) -> str:
    """Return which way a measure is better; empty if it only describes."""
    better = MEASURES[measure].better if measure in MEASURES else 0
    return {1: "more is better", -1: "less is better"}.get(better, "")


def _answerable(records: Sequence[Record], figure: Figure | None) -> str:
    judged = [record for record in records if record.gold or record.relevant]
    if not judged:
        return ""
    came = Counter(record.outcome for record in judged)
    what = "the right quote" if any(r.gold for r in judged) else "a quote of a relevant document"
    right = came["right"]
    return (
        f"Of {counted(len(judged), 'answerable question')}, {right:,} {_was(right)} answered with "
        f"{what} first{_in_brackets(figure)}{_others(came, len(judged) - right)}."
    )


def _others(came: Mapping[str, int], others: int) -> str:
    reasons = [
        (came["wrong quote"], "got another quote though a passage held it"),
        (came["not retrieved"], "got another as no passage held it"),
        (came["not asked"], "could not be asked"),
        (came["false abstention"], "got an abstention"),
    ]
    parts = [f"{count:,} {what}" for count, what in reasons if count]
    return f"; of the other {others:,}, {_and(parts)}" if parts else ""


def _unanswerable(questions: int, run: Run) -> str:
    if not questions:
        return ""
    abstained = sum(record.outcome == "correct abstention" for record in run.records)
    return (
        f"Of {counted(questions, 'unanswerable question')}, {abstained:,} got an abstention"
        f"{_in_brackets(run.figures.get('abstention recall'))}."
    )


def _in_brackets(figure: Figure | None) -> str:
    if figure is None:
        return ""
    return f" ({figure.value:.2f}, 95% interval {figure.low:.2f} to {figure.high:.2f})"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
