"""Ways to put the two rankings together, by meaning and by words: by rank or by score.

    python -m benchmarks.studies.fusion --bench FOLDER [--only SET ...]

FOLDER has question sets in BEIR's format, a folder each. Passages are cut as they are by default,
documents are ranked by their best passage, and a follow-up is searched for by its last question.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import ir_measures
from ir_measures import Success, nDCG

from benchmarks.baselines import judged, taken_out
from embeddings import Encoder, load_encoder
from qa.evaluation import Question, QuestionSet, load_questions
from qa.index import Index, update_index

DEPTH = 100
MEASURES = (Success @ 1, Success @ 5, nDCG @ 10)
MOST = 1_000  # questions of a set

Scores = Mapping[int, float]
Fusion = Callable[[Scores, Scores], Scores]


def meaning(cosines: Scores, words: Scores) -> Scores:
    return cosines


def words(cosines: Scores, words: Scores) -> Scores:
    return words


def by_rank(cosines: Scores, words: Scores) -> Scores:
    """Add up reciprocal ranks, with k = 60 (Cormack, Clarke and Buettcher 2009)."""
    fused: dict[int, float] = {}
    for scores in (cosines, words):
        for rank, number in enumerate(sorted(scores, key=lambda n: (-scores[n], n))[:DEPTH], 1):
            fused[number] = fused.get(number, 0.0) + 1 / (60 + rank)
    return fused


def by_score(weight: float, cosines: Scores, words: Scores) -> Scores:
    return {n: cosine + weight * words.get(n, 0.0) for n, cosine in cosines.items()}


FUSIONS: Mapping[str, Fusion] = {
    "meaning alone": meaning,
    "words alone": words,
    "reciprocal ranks": by_rank,
    **{f"cosine + {w} BM25": partial(by_score, w) for w in (0.01, 0.025, 0.05)},
}


def ranked(scores: Scores, owners: Mapping[int, str], question: Question) -> dict[str, float]:
    """Rank documents by their best passage."""
    best: dict[str, float] = {}
    for number in sorted(scores, key=lambda n: (-scores[n], n))[:DEPTH]:
        best.setdefault(owners[number], -float(len(best)))
    return {id_: rank for id_, rank in best.items() if id_ not in taken_out(question)} or {"": 0.0}


def figures(questions: QuestionSet, encoder: Encoder) -> dict[str, list[float]]:
    """Return the measures of each fusion."""
    runs: dict[str, dict[str, dict[str, float]]] = {name: {} for name in FUSIONS}
    with tempfile.TemporaryDirectory() as folder:
        update_index(Path(folder), questions.documents, encoder=encoder)
        index = Index.open(Path(folder))
        for question in questions:
            vector = encoder.encode_queries([question.text])
            found = dict(index.search_words(question.text, DEPTH))
            numbers = sorted({n for n, _ in index.search(vector, DEPTH)[0]} | set(found))
            cosines = dict(zip(numbers, index.cosines(vector[0], numbers), strict=True))
            passages = index.passages(numbers)
            owners = {n: p.document_id for n, p in zip(numbers, passages, strict=True)}
            for name, fuse in FUSIONS.items():
                runs[name][question.id] = ranked(fuse(cosines, found), owners, question)
        index.close()
    qrels = {question.id: dict(question.relevant) for question in questions}
    values = {name: ir_measures.calc_aggregate(MEASURES, qrels, run) for name, run in runs.items()}
    return {name: [float(of[measure]) for measure in MEASURES] for name, of in values.items()}


def main(bench: Path, only: Sequence[str], encoder: Encoder) -> None:
    print("| set | fusion | hit@1 | hit@5 | nDCG@10 |\n| --- | --- | --- | --- | --- |")
    for folder in sorted(path for path in bench.iterdir() if path.is_dir()):
        if only and folder.name not in only:
            continue
        questions = judged(load_questions(folder)).sample(MOST)
        for name, values in figures(questions, encoder).items():
            cells = " | ".join(f"{value:.3f}" for value in values)
            print(f"| {folder.name} ({len(questions):,}) | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fusion")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--only", nargs="*", default=(), metavar="SET", help="these sets alone")
    arguments = parser.parse_args()
    main(arguments.bench, arguments.only, load_encoder())
