"""The page of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from qa.evaluation.records import OUTCOMES, Record
from qa.evaluation.report import charts, curves
from qa.evaluation.report.cards import cards
from qa.evaluation.report.formatting import counted
from qa.evaluation.report.pages import Choice, page
from qa.evaluation.report.tables import (
    RIGHT_FIRST,
    by_group,
    figure_rows,
    outcome_bar,
    outcome_style,
    tag_measures,
    tag_rows,
)
from qa.evaluation.report.wording import headlines, main_result, notes_of
from qa.evaluation.runs import Run


class _Came(NamedTuple):
    """What so many questions came to."""

    outcome: str
    style: str
    questions: int
    share: str
    meaning: str


class _Chart(NamedTuple):
    """A drawing with what it is called and what it says."""

    title: str
    drawing: Markup
    caption: str


def html_report(run: Run) -> str:
    """Write the page of a run: its figures, and every question with what became of it."""
    tags = sorted({tag for record in run.records for tag in record.tags})
    return page(
        "run.html",
        run=run,
        result=main_result(run),
        notes=notes_of(run),
        tiles=figure_rows(headlines(run.figures)),
        outcomes=_outcomes(run.records),
        figures=by_group((row.measure, row) for row in figure_rows(run.figures.values())),
        tags=tag_rows(run),
        tag_measures=tag_measures(run),
        charts=list(_charts(run)),
        settings=_settings(run),
        cards=cards(run.records, tags),
        outcome_choices=_outcome_choices(run.records),
        tag_choices=_tag_choices(run.records, tags),
    )


def _outcomes(records: Sequence[Record]) -> list[tuple[str, Markup, list[_Came]]]:
    """Return a bar for the answerable questions and one for the others, with what they show."""
    kinds = {True: "answerable question", False: "unanswerable question"}
    found = []
    for kind, noun in kinds.items():
        held = [record for record in records if record.answerable is kind]
        if held:
            came = _came(held)
            found.append((counted(len(held), noun), outcome_bar(held, linked=True), came))
    return found


def _came(records: Sequence[Record]) -> list[_Came]:
    counts = Counter(record.outcome for record in records)
    return [
        _Came(
            outcome,
            outcome_style(outcome),
            counts[outcome],
            f"{counts[outcome] / len(records):.0%}",
            OUTCOMES[outcome],
        )
        for outcome in RIGHT_FIRST
        if counts[outcome]
    ]


def _charts(run: Run) -> Iterator[_Chart]:
    scores = curves.scored(run.records)
    hits = curves.hit_curve(run.records)
    times = curves.stage_times(run.records)
    if hits:
        yield _retrieval(run, hits)
    if scores:
        yield _confidence(run, scores)
    if any(one.answerable for one in scores):
        yield _reliability(run, scores)
        yield _risk(run, scores)
    if times:
        drawn = charts.time_chart(times)
        caption = "How often each stage took how long, with its median and 95th percentile."
        yield _Chart("Time per question", drawn, caption)


def _retrieval(run: Run, hits: Sequence[float]) -> _Chart:
    depths = {k: run.figures.get(f"hit@{k}") for k in range(1, len(hits) + 1)}
    known = {k: (figure.low, figure.high) for k, figure in depths.items() if figure}
    by_document = any(record.by_document for record in run.records)
    in_use = 0 if by_document else max(record.in_use for record in run.records)
    what = "documents" if by_document else "passages"
    drawn = charts.hit_chart(hits, intervals=known, in_use=in_use, what=what)
    caption = "How often something relevant is among the first k."
    return _Chart(
        "Retrieval", drawn, caption + _told(run, "quote-hit@1", " A right quote came first for {}.")
    )


def _confidence(run: Run, scores: Sequence[curves.Scored]) -> _Chart:
    threshold = run.settings.get("threshold")
    known = float(threshold) if isinstance(threshold, int | float) else None
    return _Chart(
        "Confidence",
        charts.confidence_chart(scores, threshold=known),
        "In full colour what was answered, in outline what was abstained from."
        + _told(run, "AUROC", " AUROC {}: how well confidence tells the two apart."),
    )


def _reliability(run: Run, scores: Sequence[curves.Scored]) -> _Chart:
    return _Chart(
        "Reliability",
        charts.reliability_chart(curves.reliability(scores)),
        "Ten bins of confidence, larger where more questions are; on the dashes confidence is "
        "what it says." + _told(run, "ECE", " ECE {}."),
    )


def _risk(run: Run, scores: Sequence[curves.Scored]) -> _Chart:
    return _Chart(
        "Risk and coverage",
        charts.risk_coverage_chart(curves.risk_coverage(scores), curves.operating_point(scores)),
        "How much would be wrong if only the most confident were answered, of all questions."
        + _told(run, "AURC", " AURC {}."),
    )


def _told(run: Run, measure: str, words: str) -> str:
    figure = run.figures.get(measure)
    return words.format(f"{figure.value:.3f}") if figure else ""


def _settings(run: Run) -> list[tuple[str, str]]:
    """Return the settings and costs as names and texts, those inside of others with both names."""
    named = {key: value for key, value in run.settings.items() if key != "notes"}
    costs = {name: f"{cost:,.1f}" for name, cost in run.costs.items()}
    return [*_flat(named, ""), *costs.items()]


def _flat(settings: Mapping[str, Any], within: str) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        name = f"{within}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)


def _outcome_choices(records: Iterable[Record]) -> list[Choice]:
    counts = Counter(record.outcome for record in records)
    return [
        Choice(style, outcome, style, counts[outcome], f"o-{style}")
        for outcome in OUTCOMES
        if counts[outcome]
        for style in [outcome_style(outcome)]
    ]


def _tag_choices(records: Iterable[Record], tags: Iterable[str]) -> list[Choice]:
    counts = Counter(tag for record in records for tag in set(record.tags))
    return [Choice(tag, tag, str(number), counts[tag]) for number, tag in enumerate(tags)]
