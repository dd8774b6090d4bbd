"""Our inverted index, FTS5, bm25s and tantivy: how well they find, how fast, how large they are.

    python -m benchmarks.studies.lexical --bench FOLDER [--large 1000000]

FOLDER has question sets in BEIR's format, a folder each. Needs `pip install bm25s tantivy`.
`benchmarks/studies/README.md` says what follows from the tables that come out.

Searches and builds are timed by the processor time that they take, searches by the better of
two, so that other work on the machine matters less; everything is in the page cache, and no
engine searches on more than one thread. Changes are timed by the clock, since they wait for the
disk.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path

import ir_measures
import numpy as np

from benchmarks.baselines import SHOWN, judged, taken_out, title_of
from benchmarks.lexical_corpus import Invention, Passage
from benchmarks.studies.lexical_engines import (
    WORD,
    Bm25s,
    Changing,
    Engine,
    Fts5,
    Ours,
    Searching,
    Tantivy,
)
from qa.evaluation import QuestionSet, load_questions
from qa.evaluation.measures.ranking import RETRIEVAL
from qa.text.analysis import content_words

TOP_K = 10
DEPTH = 100  # as deep as `qa.retrieval` looks
CHANGES = 20
ASKED = "squad2"  # the set whose questions are asked of many passages
_ASKING_WORDS = "how what when where whether which while who whom whose why"
_ASKING = frozenset(_ASKING_WORDS.split())

Words = Callable[[str], list[str]]
Ranking = dict[str, list[int]]


def all_words(question: str) -> list[str]:
    return list(dict.fromkeys(re.findall(WORD, question.lower())))


def content_and_question_words(question: str) -> list[str]:
    wanted = _ASKING.union(content_words(question))
    return [word for word in all_words(question) if word in wanted]


def passages_of(questions: QuestionSet) -> list[Passage]:
    return [(title_of(document), document.text) for document in questions.documents]


def rank(engine: Searching, questions: QuestionSet, words: Words) -> Mapping[str, list[str]]:
    """Ask each question, and leave out what it was made from."""
    ids = [document.id for document in questions.documents]
    found: dict[str, list[str]] = {}
    for question in questions:
        out = taken_out(question)
        numbers = engine.search(words(question.text), TOP_K + len(out))
        found[question.id] = [ids[n] for n in numbers if ids[n] not in out][:TOP_K]
    return found


def figures(qrels: Mapping[str, Mapping[str, int]], found: Mapping[str, list[str]]) -> list[float]:
    """Measure rankings; a question without any result counts 0."""
    run = {
        id_: {key: -float(place) for place, key in enumerate(keys)} or {"": 0.0}
        for id_, keys in found.items()
    }
    measures = [RETRIEVAL[name][0] for name in SHOWN]
    values = ir_measures.calc_aggregate(measures, qrels, run)
    return [float(values[measure]) for measure in measures]


def quality(engine: Engine, questions: QuestionSet, words: Words) -> list[float]:
    """Return the figures of a set, and the size of its index."""
    with tempfile.TemporaryDirectory() as folder:
        engine.build(Path(folder), passages_of(questions))
        qrels = {question.id: dict(question.relevant) for question in questions}
        return [*figures(qrels, rank(engine, questions, words)), megabytes(Path(folder))]


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def table(*head: str) -> None:
    print(f"\n| {' | '.join(head)} |\n{'| --- ' * len(head)}|")


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def decimals(values: Iterable[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def engines() -> list[Engine]:
    return [Fts5(), Ours(), Bm25s(), Tantivy()]


def qualities(sets: Sequence[QuestionSet]) -> None:
    table("set", "engine", *SHOWN, "MB")
    for questions in sets:
        for engine in engines():
            values = quality(engine, questions, content_words)
            row(f"{questions.name} ({len(questions):,})", engine.name, *decimals(values))


def choices(sets: Sequence[QuestionSet]) -> None:
    """Show what each choice is worth: means over the sets, each counting alike."""
    tried: list[tuple[Engine, Words]] = [
        (Fts5("FTS5: stems, stop words"), content_words),
        (Fts5("title in the first column", columns="title, text"), content_words),
        (Fts5("title in the text's column", columns="text"), content_words),
        (Fts5("title counts twice", rank="bm25(1.0, 2.0)"), content_words),
        (Fts5("question words are asked too"), content_and_question_words),
        (Fts5("no stop words"), all_words),
        (Fts5("no stems", stemmed=False), content_words),
        (Fts5("no stems, no stop words", stemmed=False), all_words),
        (Fts5("lengths not kept", options=", columnsize=0"), content_words),
        (Bm25s("bm25s: stems, stop words"), content_words),
        (Bm25s("k1 = 1.2, as the others have", k1=1.2), content_words),
        (Bm25s("no stop words"), all_words),
        (Bm25s("no stems", stemmed=False), content_words),
        (Tantivy("tantivy: stems, stop words"), content_words),
        (Tantivy("no stop words"), all_words),
        (Tantivy("no stems", stemmed=False), content_words),
    ]
    table("mean over the sets", *SHOWN, "MB")
    for engine, words in tried:
        values = [quality(engine, questions, words) for questions in sets]
        row(engine.name, *decimals(np.mean(values, axis=0)))


class Scale:
    """Questions of one set, asked of the passages of all sets and of made-up ones.

    Args:
        sets: the sets.
        asked: how many questions are asked.
    """

    def __init__(self, sets: Sequence[QuestionSet], asked: int) -> None:
        self.real = [passage for questions in sets for passage in passages_of(questions)]
        ids = [(questions.name, d.id) for questions in sets for d in questions.documents]
        number = {id_: str(n) for n, id_ in enumerate(ids)}
        (source,) = (questions for questions in sets if questions.name.startswith(ASKED))
        questions = source.sample(asked)
        self._qrels = {
            question.id: {number[source.name, id_]: grade for id_, grade in question.relevant}
            for question in questions
        }
        self.questions = {question.id: content_words(question.text) for question in questions}

    def _figures(self, ranking: Ranking) -> list[float]:
        found = {id_: [str(number) for number in numbers] for id_, numbers in ranking.items()}
        return figures(self._qrels, found)

    def compare(self, write: Callable[[], Iterator[Passage]]) -> None:
        """Print how each engine does with these passages."""
        builds, searches = [], []
        everything: Ranking | None = None
        for engine in engines():
            with tempfile.TemporaryDirectory() as folder:
                builds.append([engine.name, *built(engine, Path(folder), write())])
                ranking, cells = self._searched(engine)
                everything = everything or ranking
                shared = [overlap(ranking, everything, depth) for depth in (TOP_K, DEPTH)]
                searches.append([*cells, *decimals(shared)])
                builds[-1] += changed(engine, self.real)
        table("engine", "build, s", "MB", "add one, ms", "delete one, ms")
        for cells in builds:
            row(*cells)
        table("engine", "p50, ms", "p95, ms", *SHOWN, "of FTS5's first 10", "first 100")
        for cells in searches:
            row(*cells)

    def _searched(self, engine: Searching) -> tuple[Ranking, list[str]]:
        ranking: Ranking = {}
        times = []
        for id_, words in self.questions.items():
            taken = []
            for _ in range(2):
                started = time.thread_time()
                ranking[id_] = engine.search(words, DEPTH)
                taken.append(time.thread_time() - started)
            times.append(min(taken) * 1000)
        p50, p95 = np.percentile(times, (50, 95))
        return ranking, [engine.name, f"{p50:.2f}", f"{p95:.2f}", *decimals(self._figures(ranking))]


def overlap(ranking: Ranking, other: Ranking, depth: int) -> float:
    """Return the share of the other's first results that are among the first of this one."""
    firsts = [(set(ranking[id_][:depth]), set(other[id_][:depth])) for id_ in other]
    return statistics.mean(len(ours & theirs) / len(theirs) for ours, theirs in firsts)


def built(engine: Engine, folder: Path, passages: Iterator[Passage]) -> list[str]:
    """Build an index, and return the seconds and the megabytes that it takes."""
    started = time.process_time()
    engine.build(folder, passages)
    seconds = time.process_time() - started
    return [f"{seconds:.1f}", f"{megabytes(folder):.1f}"]


def changed(engine: Engine, passages: Sequence[Passage]) -> list[str]:
    """Take some passages out and add them again; return the milliseconds of one of each."""
    if not isinstance(engine, Changing):
        return ["build anew", "build anew"]
    some = list(islice(enumerate(passages), CHANGES))
    changes = (engine.delete, engine.add)
    deleting, adding = (
        statistics.median(clocked(partial(change, *each)) for each in some) for change in changes
    )
    return [f"{adding:.2f}", f"{deleting:.2f}"]


def clocked(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def write_down(passages: Iterable[Passage], file: Path) -> None:
    """Keep passages, a line each, so that making them up is not timed."""
    with file.open("w", encoding="utf-8") as lines:
        for title, text in passages:
            lines.write(f"{title}\t{text}\n")


def read_back(file: Path) -> Iterator[Passage]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            title, _, text = line.rstrip("\n").partition("\t")
            yield title, text


def main(bench: Path, large: int, asked: int) -> None:
    folders = sorted(path for path in bench.iterdir() if path.is_dir())
    sets = [judged(load_questions(folder)) for folder in folders]
    qualities(sets)
    choices(sets)
    scale = Scale(sets, asked)
    print(f"\n{len(scale.real):,} passages, {len(scale.questions):,} questions")
    scale.compare(lambda: iter(scale.real))
    if large > len(scale.real):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "made-up.txt"
            write_down(Invention(scale.real).passages(large - len(scale.real)), file)
            print(f"\n{large:,} passages, {len(scale.questions):,} questions")
            scale.compare(lambda: chain(scale.real, read_back(file)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.lexical")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--large", type=int, default=0, help="passages, most of them made up")
    parser.add_argument("--questions", type=int, default=200, help="questions that are timed")
    arguments = parser.parse_args()
    main(arguments.bench, arguments.large, arguments.questions)
