"""Results in words, the same in every report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from qa.answering.statements import Statement, reason_of
from qa.evaluation.comparison import Comparison
from qa.evaluation.formatting import counted
from qa.evaluation.measures import MEASURES
from qa.evaluation.records import Record
from qa.evaluation.runs import Figure, Run

HEADLINES = (
    "balanced score",
    "quote-hit@1",
    "answer-in-quote@1",
    "statements-supported",
    "written-contains-gold",
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
    sentences = _answerable(run), _unanswerable(run)
    return " ".join(sentence for sentence in sentences if sentence)


def notes_of(run: Run) -> list[str]:
    """Return what a reader must know of a run; a sentence each."""
    return [str(note) for note in run.settings.get("notes") or ()]


def reason(record: Record, statement: Statement) -> str:
    """Return why a sentence is not supported: by its quotes, or a judged answer's contexts."""
    source = "quote" if record.is_written else "context"
    return reason_of(statement.verdict, statement.wrong, source)


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


def _answerable(run: Run) -> str:
    answerable = [record for record in run.records if record.answerable]
    judged = [one for one in answerable if one.gold or one.relevant or one.answers]
    if not judged:
        return ""
    counts = Counter(record.outcome for record in judged)
    by_document = any(record.relevant for record in judged)
    what = "a quote of a relevant document" if by_document else "a quote that holds a right answer"
    what = "the right quote" if any(record.gold for record in judged) else what
    right = counts["right"] + counts["tentative right"]
    others = len(judged) - right
    result = (
        f"Of {counted(len(judged), 'answerable question')}, {right:,} "
        f"{'was' if right == 1 else 'were'} answered with {what} first"
        f"{_tentatively(counts['tentative right'])}{_in_brackets(run.figures.get('quote-hit@1'))}"
    )
    passages_known = any("retrieval" not in record.unknown for record in judged)
    reasons = {
        "tentative wrong": "got a tentative answer with another",
        "wrong quote": f"got another quote{' though a passage held it' if passages_known else ''}",
        "not retrieved": "got another as no passage held it",
        "not asked": "could not be asked",
        "false abstention": "got an abstention",
    }
    parts = [f"{counts[name]:,} {reason}" for name, reason in reasons.items() if counts[name]]
    return f"{result}; of the other {others:,}, {_listed(parts)}." if parts else f"{result}."


def _unanswerable(run: Run) -> str:
    counts = Counter(record.outcome for record in run.records if not record.answerable)
    if not counts:
        return ""
    recall = _in_brackets(run.figures.get("abstention recall"))
    others = {
        "tentative wrong": "got a tentative answer",
        "false answer": "got an answer",
        "not asked": "could not be asked",
    }
    parts = [f"{counts['correct abstention']:,} got an abstention{recall}"]
    parts += [f"{counts[name]:,} {what}" for name, what in others.items() if counts[name]]
    return f"Of {counted(counts.total(), 'unanswerable question')}, {_listed(parts)}."


def _tentatively(number: int) -> str:
    return f", {number:,} of them tentatively" if number else ""


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _in_brackets(figure: Figure | None) -> str:
    if figure is None:
        return ""
    return f" ({figure.value:.2f}, 95% interval {figure.low:.2f} to {figure.high:.2f})"
