"""How well passages are found, quotes chosen and questions abstained from, beside baselines.

    python -m benchmarks.quality --bench FOLDER [--only SET ...]
    python -m benchmarks.quality --bench FOLDER --keep BEFORE
    python -m benchmarks.quality --bench FOLDER --against BEFORE [--precision int8]

FOLDER has question sets in BEIR's format; `docs/quality.md` has the tables. The last two lines
measure a change, of the code or of the encoder: the runs of one version are kept, and those of the
other are compared with them.

The baselines rank passages by cosine, by BM25, or by reciprocal rank fusion of both, quote the
sentences of the first five by cosine, and take the best cosine as the confidence. Each measure is
compared with the best of the three. inquote always quotes three times here, whatever its
confidence. Questions that its weights were fitted to are left out of quotes and abstentions.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.baselines import DEPTH, METHODS, QUOTES, Baseline, Vectors
from benchmarks.learn_examples import HELD_OUT, corpus_of, group_of, held_out
from benchmarks.question_sets import indexed, judged_irrelevant, parser
from benchmarks.results import head, row, table
from embeddings import Encoder, load_encoder
from qa import QA, Answer, Citation
from qa.answering import DEFAULT_THRESHOLD
from qa.evaluation import QuestionSet, Run, compare, evaluate, load_questions, load_run
from qa.evaluation.runs import figures

LEAST = 0.0001  # of p; anything below is shown as less


@dataclass(frozen=True, slots=True)
class Goal:
    """A measure on a set, and its target.

    Attributes:
        folder: the set's.
        measure: its name in `qa.evaluation`.
        target: at least this; None without a target.
        trained: whether it depends on trained weights, so that only held-out questions count.
        with_history: whether only questions with a history count.
        whole: whether whole documents are cut by our chunking, where the set has them.
    """

    folder: str
    measure: str
    target: float | None = None
    trained: bool = False
    with_history: bool = False
    whole: bool = False


GOALS = (
    Goal("squad2_cs224n", "hit@1", 0.81),
    Goal("squad2_cs224n", "hit@5", 0.95),
    Goal("squad2_cs224n", "answer-in-quote@1", 0.79, trained=True),
    Goal("squad2_cs224n", "answer-in-quote@3", 0.90, trained=True),
    Goal("squad2_cs224n", "AUROC", 0.72, trained=True),
    Goal("chroma_chunking", "hit@1", 0.66),
    Goal("chroma_chunking", "recall@5", 0.87),
    Goal("chroma_chunking", "hit@1", whole=True),
    Goal("chroma_chunking", "span recall@5", whole=True),
    Goal("cranfield", "nDCG@10", 0.50),
    Goal("mtrag", "nDCG@10", 0.78, with_history=True),
    Goal("mtrag", "AUROC", 0.75, trained=True),
    Goal("clapnq_half", "quote-hit@1", 0.75, trained=True),
    Goal("clapnq_half", "quote-hit@3", 0.94, trained=True),
    Goal("clapnq_half", "AUROC", 0.90, trained=True),
    Goal("covidqa_half", "hit@1", 0.52),
    Goal("covidqa_half", "quote-hit@1", 0.37, trained=True),
)


class Ours:
    """inquote, but that it never abstains and always quotes three times."""

    def __init__(self, qa: QA, questions: QuestionSet) -> None:
        self._qa = qa
        self._left_out = {question.text: judged_irrelevant(question) for question in questions}

    def __call__(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer, and rank a hundred passages."""
        answer = self._qa.ask(question, history=history)
        ranking = self._qa.retrieve(question, history=history, top_k=DEPTH)
        left_out = self._left_out[question]
        quotes = (
            Citation(number, self._qa.index.document(chosen.document_id), chosen.span, chosen.lead)
            for number, chosen in enumerate(answer.considered[:QUOTES], 1)
        )
        return replace(
            answer,
            citations=tuple(quotes),
            near=(),
            passages=tuple(hit for hit in ranking if hit.passage.document_id not in left_out),
        )


def baseline_runs(folder: Path, encoder: Encoder) -> Iterator[Run]:
    """Yield the run of each baseline over a set."""
    questions = load_questions(folder)
    vectors: Vectors = {}
    for method in METHODS:
        baseline = Baseline(method, questions, encoder, vectors)
        yield evaluate(baseline, questions, documents=questions.documents, name=method)


def our_run(folder: Path, encoder: Encoder, *, whole: bool) -> Run:
    questions = load_questions(folder)
    documents = corpus_of(folder, questions, whole=whole)
    with indexed(documents, encoder) as qa:
        ours = Ours(qa, questions)
        return evaluate(ours, questions, documents=documents, name="ours", any_corpus=whole)


def counted(goal: Goal, questions: QuestionSet, ours: Run, titles: dict[str, str]) -> set[str]:
    """Return the ids of the questions that count for a goal."""
    first = {r.question_id: titles[r.ranking[0].document_id] for r in ours.records if r.ranking}
    return {
        question.id
        for question in questions
        if (question.history or not goal.with_history)
        and (
            goal.folder not in HELD_OUT
            or not goal.trained
            or held_out(goal.folder, group_of(goal.folder, question, first.get(question.id, "")))
        )
    }


def part_of(run: Run, ids: set[str]) -> Run:
    records = tuple(record for record in run.records if record.question_id in ids)
    return replace(run, records=records, figures=figures(records))


def beside_baselines(goal: Goal, baselines: Sequence[Run], ours: Run) -> str:
    """Return a row with ours beside the best of the baselines, if there are any."""
    figure = ours.figures[goal.measure]
    beside = ["", "", ""]
    if baselines:
        best = max(baselines, key=lambda run: run.figures[goal.measure].value)
        value, *change = difference(best, ours, goal.measure)
        beside = [f"{value} ({best.name})", *change]
    target = "" if goal.target is None else f"{goal.target:.2f}"
    reached = "" if goal.target is None else "yes" if figure.value >= goal.target else "no"
    value = f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
    return row(named(goal), goal.measure, f"{figure.questions:,}", value, *beside, target, reached)


def beside_before(goal: Goal, before: Run, ours: Run) -> str:
    """Return a row with ours beside ours of another version."""
    figure = ours.figures[goal.measure]
    value, *change = difference(before, ours, goal.measure)
    now = f"{figure.value:.3f}"
    return row(named(goal), goal.measure, f"{figure.questions:,}", value, now, *change)


def difference(before: Run, after: Run, measure: str) -> tuple[str, str, str]:
    """Return a figure of one run, its difference to the other, and p, each as text."""
    (test,) = compare(before, after, measures=[measure]).differences
    p = "" if test.p is None else f"{test.p:.4f}" if test.p >= LEAST else f"< {LEAST}"
    change = f"{test.difference:+.3f} ({test.low:+.3f} to {test.high:+.3f})"
    return f"{test.baseline:.3f}", change, p


def named(goal: Goal) -> str:
    return f"{goal.folder}{', with history' * goal.with_history}{', whole documents' * goal.whole}"


def abstentions(goal: Goal, run: Run) -> list[str]:
    """Return a row on the confidence, and on what the default threshold does."""
    answered = {
        answerable: statistics.mean(
            record.confidence >= DEFAULT_THRESHOLD
            for record in run.records
            if record.answerable == answerable
        )
        for answerable in (True, False)
    }
    share = statistics.mean(record.answerable for record in run.records)
    values = (f"{run.figures[name].value:.3f}" for name in ("AUROC", "ECE", "AURC"))
    cells = goal.folder, f"{len(run.records):,}", f"{share:.2f}", *values
    return [*cells, f"{answered[True]:.2f}", f"{answered[False]:.2f}"]


def main(options: argparse.Namespace) -> None:
    encoder = load_encoder(backend=options.backend, precision=options.precision)
    added: tuple[str, ...] = ("inquote", "best baseline", "difference", "p", "target", "reached")
    if options.against:
        added = ("before", "now", "difference", "p")
    print(head("set", "measure", "questions", *added))
    abstained = []
    for folder, whole in dict.fromkeys((goal.folder, goal.whole) for goal in GOALS):
        if options.only and folder not in options.only:
            continue
        goals = [goal for goal in GOALS if (goal.folder, goal.whole) == (folder, whole)]
        for goal, ours in judged(goals, encoder, options):
            if goal.measure == "AUROC":
                abstained.append(abstentions(goal, ours))
    shares = "answerable, answered", "unanswerable, answered"
    names = ("set", "questions", "answerable", "AUROC", "ECE", "AURC", *shares)
    print(f"\n{table(names, abstained)}")


def judged(
    goals: Sequence[Goal], encoder: Encoder, options: argparse.Namespace
) -> Iterator[tuple[Goal, Run]]:
    """Print a row for each goal of a set, and yield the part of our run that counts for it."""
    folder, whole = goals[0].folder, goals[0].whole
    path, kept = options.bench / folder, f"{folder}{'-whole' * whole}"
    baselines = [] if whole or options.against else [*baseline_runs(path, encoder)]
    ours = our_run(path, encoder, whole=whole)
    if options.keep:
        ours.save(options.keep / kept)
    questions = load_questions(path)
    titles = {d.id: d.title for d in corpus_of(path, questions, whole=whole)}
    for goal in goals:
        ids = counted(goal, questions, ours, titles)
        part = part_of(ours, ids)
        if options.against:
            before = part_of(load_run(options.against / kept), ids)
            print(beside_before(goal, before, part), flush=True)
        else:
            parts = [part_of(run, ids) for run in baselines]
            print(beside_baselines(goal, parts, part), flush=True)
        yield goal, part


if __name__ == "__main__":
    made = parser("benchmarks.quality", __doc__)
    made.add_argument("--only", nargs="*", metavar="SET", help="these sets alone")
    made.add_argument("--backend", default="auto", help="what encodes")
    made.add_argument("--precision", default="float32", help="of passages, as they are encoded")
    made.add_argument("--keep", type=Path, help="keep the runs of ours in this new folder")
    made.add_argument("--against", type=Path, help="compare ours with runs that were kept")
    main(made.parse_args())
