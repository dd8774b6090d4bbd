"""How well passages are found, quotes chosen and questions abstained from, beside baselines.

    python -m benchmarks.quality --bench FOLDER [--only SET ...]
    python -m benchmarks.quality --bench FOLDER --backend torch --keep BEFORE
    python -m benchmarks.quality --bench FOLDER --against BEFORE [--precision bfloat16]

FOLDER has question sets in BEIR's format, a folder each. `docs/quality.md` has the tables. The
last two lines tell what a change is worth, of the code or of what encodes: ours is kept, and ours
is compared with what was kept.

The plain means are those that most systems have: whole passages by cosine, by BM25, or by
reciprocal rank fusion of both; then the sentences of the first five by cosine, and the best
sentence's cosine as the confidence. Each measure is compared with the best of the three.

Ours always quotes here, three times, whatever its confidence. What its weights were fitted to is
left out wherever quotes or abstentions are judged.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.baselines import MEANS, Plain, Vectors, taken_out
from benchmarks.learn_examples import HELD_OUT, corpus_of, group_of, held_out
from embeddings import Encoder, load_encoder
from qa import QA, Answer, Citation
from qa.answering import DEFAULT_THRESHOLD
from qa.evaluation import QuestionSet, Run, compare, evaluate, load_questions, load_run
from qa.evaluation.runs import figures
from qa.index import Index, update_index

DEPTH = 100
QUOTES = 3
LEAST = 0.0001  # p that is told apart from 0


@dataclass(frozen=True, slots=True)
class Goal:
    """What is measured on a set, and how far it is to reach.

    Attributes:
        folder: the set's.
        measure: its name in `qa.evaluation`.
        reach: the value to reach; None where none was set.
        learnt: whether it rests on what was learnt, so that only questions held out count.
        with_history: whether only questions with a history count.
        whole: whether whole documents are cut by our chunking, where the set has them.
    """

    folder: str
    measure: str
    reach: float | None = None
    learnt: bool = False
    with_history: bool = False
    whole: bool = False


GOALS = (
    Goal("squad2_cs224n", "hit@1", 0.81),
    Goal("squad2_cs224n", "hit@5", 0.95),
    Goal("squad2_cs224n", "answer-in-quote@1", 0.79, learnt=True),
    Goal("squad2_cs224n", "answer-in-quote@3", 0.90, learnt=True),
    Goal("squad2_cs224n", "AUROC", 0.72, learnt=True),
    Goal("chroma_chunking", "hit@1", 0.66),
    Goal("chroma_chunking", "recall@5", 0.87),
    Goal("chroma_chunking", "hit@1", whole=True),
    Goal("chroma_chunking", "span recall@5", whole=True),
    Goal("cranfield", "nDCG@10", 0.50),
    Goal("mtrag", "nDCG@10", 0.78, with_history=True),
    Goal("mtrag", "AUROC", 0.75, learnt=True),
    Goal("clapnq_half", "quote-hit@1", 0.75, learnt=True),
    Goal("clapnq_half", "quote-hit@3", 0.94, learnt=True),
    Goal("clapnq_half", "AUROC", 0.90, learnt=True),
    Goal("covidqa_half", "hit@1", 0.52),
    Goal("covidqa_half", "quote-hit@1", 0.37, learnt=True),
)


class Ours:
    """The package as it is, but that it never abstains and always quotes three times."""

    def __init__(self, qa: QA, questions: QuestionSet) -> None:
        self._qa = qa
        self._taken_out = {question.text: taken_out(question) for question in questions}

    def __call__(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer, and rank a hundred passages."""
        answer = self._qa.ask(question, history=history)
        ranking = self._qa.retrieve(question, history=history, top_k=DEPTH)
        out = self._taken_out[question]
        quotes = (
            Citation(number, self._qa.index.document(chosen.document_id), chosen.span, chosen.lead)
            for number, chosen in enumerate(answer.considered[:QUOTES], 1)
        )
        return replace(
            answer,
            citations=tuple(quotes),
            near=(),
            passages=tuple(hit for hit in ranking if hit.passage.document_id not in out),
        )


def plain_runs(folder: Path, encoder: Encoder) -> Iterator[Run]:
    """Ask a set's questions by each of the plain means."""
    questions = load_questions(folder)
    vectors: Vectors = {}
    for means in MEANS:
        plain = Plain(means, questions, encoder, vectors)
        yield evaluate(plain, questions, documents=questions.documents, name=means)


def our_run(folder: Path, encoder: Encoder, *, whole: bool) -> Run:
    """Ask a set's questions of ours."""
    questions = load_questions(folder)
    documents = corpus_of(folder, questions, whole=whole)
    with tempfile.TemporaryDirectory() as scratch:
        update_index(Path(scratch), documents, encoder=encoder)
        with QA(Index.open(Path(scratch)), encoder) as qa:
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
            or not goal.learnt
            or held_out(goal.folder, group_of(goal.folder, question, first.get(question.id, "")))
        )
    }


def part_of(run: Run, ids: set[str]) -> Run:
    """Return a run of some of the questions alone."""
    records = tuple(record for record in run.records if record.question_id in ids)
    return replace(run, records=records, figures=figures(records))


def row(goal: Goal, plain: Sequence[Run], ours: Run) -> str:
    """Write what came of a goal: ours beside the best of the plain means, if there are any."""
    value = ours.figures[goal.measure]
    beside = ["", "", ""]
    if plain:
        best = max(plain, key=lambda run: run.figures[goal.measure].value)
        was, *change = difference(best, ours, goal.measure)
        beside = [f"{was} ({best.name})", *change]
    reach = "" if goal.reach is None else f"{goal.reach:.2f}"
    met = "" if goal.reach is None else "yes" if value.value >= goal.reach else "no"
    ours_is = f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"
    return line(named(goal), goal.measure, f"{value.questions:,}", ours_is, *beside, reach, met)


def row_against(goal: Goal, before: Run, ours: Run) -> str:
    """Write what became of a goal: ours beside ours of before."""
    value = ours.figures[goal.measure]
    was, *change = difference(before, ours, goal.measure)
    cells = named(goal), goal.measure, f"{value.questions:,}", was, f"{value.value:.3f}", *change
    return line(*cells)


def difference(before: Run, after: Run, measure: str) -> tuple[str, str, str]:
    """Write a figure of one run, how far the other is from it, and p."""
    (found,) = compare(before, after, measures=[measure]).differences
    p = "" if found.p is None else f"{found.p:.4f}" if found.p >= LEAST else f"< {LEAST}"
    change = f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
    return f"{found.baseline:.3f}", change, p


def named(goal: Goal) -> str:
    """Name a goal's set."""
    return f"{goal.folder}{', with history' * goal.with_history}{', whole documents' * goal.whole}"


def abstentions(goal: Goal, run: Run) -> str:
    """Write how far the confidence can be trusted, and what the default threshold does."""
    answered = {
        answerable: statistics.mean(
            record.confidence >= DEFAULT_THRESHOLD
            for record in run.records
            if record.answerable == answerable
        )
        for answerable in (True, False)
    }
    share = statistics.mean(record.answerable for record in run.records)
    shown = (f"{run.figures[name].value:.3f}" for name in ("AUROC", "ECE", "AURC"))
    cells = goal.folder, f"{len(run.records):,}", f"{share:.2f}", *shown
    return line(*cells, f"{answered[True]:.2f}", f"{answered[False]:.2f}")


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def head(*cells: str) -> None:
    print(f"{line(*cells)}\n{'| --- ' * len(cells)}|", flush=True)


def main(arguments: argparse.Namespace) -> None:
    encoder = load_encoder(backend=arguments.backend, precision=arguments.precision)
    against: Path | None = arguments.against
    figures_named = ("inquote", "best baseline", "difference", "p", "target", "reached")
    changes_named = ("before", "now", "difference", "p")
    head("set", "measure", "questions", *(changes_named if against else figures_named))
    abstained = []
    for folder, whole in dict.fromkeys((goal.folder, goal.whole) for goal in GOALS):
        if arguments.only and folder not in arguments.only:
            continue
        path, kept = arguments.bench / folder, f"{folder}{'-whole' * whole}"
        plain = [] if whole or against else [*plain_runs(path, encoder)]
        ours = our_run(path, encoder, whole=whole)
        if arguments.keep:
            ours.save(arguments.keep / kept)
        questions = load_questions(path)
        titles = {d.id: d.title for d in corpus_of(path, questions, whole=whole)}
        for goal in GOALS:
            if (goal.folder, goal.whole) == (folder, whole):
                ids = counted(goal, questions, ours, titles)
                part = part_of(ours, ids)
                if against:
                    before = part_of(load_run(against / kept), ids)
                    print(row_against(goal, before, part), flush=True)
                else:
                    print(row(goal, [part_of(run, ids) for run in plain], part), flush=True)
                if goal.measure == "AUROC":
                    abstained.append(abstentions(goal, part))
    print()
    shares = "answerable, answered", "unanswerable, answered"
    head("set", "questions", "answerable", "AUROC", "ECE", "AURC", *shares)
    print("\n".join(abstained))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--only", nargs="*", default=(), metavar="SET", help="these sets alone")
    parser.add_argument("--backend", default="auto", help="what encodes")
    parser.add_argument("--precision", default="float32", help="what passages are summed in")
    parser.add_argument("--keep", type=Path, help="keep the runs of ours in this new folder")
    parser.add_argument("--against", type=Path, help="compare ours with runs that were kept")
    main(parser.parse_args())
