"""Ways to combine the rankings by cosine and by BM25: by rank or by score.

    python -m benchmarks.studies.fusion --bench FOLDER

FOLDER has question sets in BEIR's format. Passages are cut as by default, documents are ranked by
their best passage, and a follow-up is searched for by its last question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import ir_measures
from ir_measures import Success, nDCG

from benchmarks.question_sets import indexed, judged_irrelevant, judged_sets, parser
from benchmarks.results import head, row
from embeddings import load_encoder
from qa import QA
from qa.evaluation import Question, QuestionSet

DEPTH = 100
MEASURES = {"hit@1": Success @ 1, "hit@5": Success @ 5, "nDCG@10": nDCG @ 10}
MOST = 1_000  # questions of a set

Scores = Mapping[int, float]
Fusion = Callable[[Scores, Scores], Scores]


def by_rank(cosines: Scores, bm25: Scores) -> Scores:
    """Add up reciprocal ranks, with k = 60 (Cormack, Clarke and Buettcher 2009)."""
    fused: dict[int, float] = {}
    for scores in (cosines, bm25):
        for rank, number in enumerate(best_first(scores), 1):
            fused[number] = fused.get(number, 0.0) + 1 / (60 + rank)
    return fused


def by_score(weight: float, cosines: Scores, bm25: Scores) -> Scores:
    return {number: cosine + weight * bm25.get(number, 0.0) for number, cosine in cosines.items()}


FUSIONS: Mapping[str, Fusion] = {
    "cosine alone": partial(by_score, 0.0),
    "BM25 alone": lambda cosines, bm25: bm25,
    "reciprocal ranks": by_rank,
    **{f"cosine + {w} BM25": partial(by_score, w) for w in (0.01, 0.025, 0.05)},
}


def best_first(scores: Scores) -> list[int]:
    return sorted(scores, key=lambda number: (-scores[number], number))[:DEPTH]


def ranked(scores: Scores, owners: Mapping[int, str], question: Question) -> dict[str, float]:
    """Rank documents by their best passage; a question without any result counts 0."""
    documents = dict.fromkeys(owners[number] for number in best_first(scores))
    kept = [id_ for id_ in documents if id_ not in judged_irrelevant(question)]
    return {id_: -float(rank) for rank, id_ in enumerate(kept)} or {"": 0.0}


def runs_of(qa: QA, questions: QuestionSet) -> dict[str, dict[str, dict[str, float]]]:
    """Return the ranked documents of each question, by fusion."""
    runs: dict[str, dict[str, dict[str, float]]] = {name: {} for name in FUSIONS}
    for question in questions:
        vector = qa.encoder.encode_queries([question.text])
        bm25 = dict(qa.index.search_words(question.text, DEPTH))
        numbers = sorted({n for n, _ in qa.index.search(vector, DEPTH)[0]} | set(bm25))
        cosines = dict(zip(numbers, qa.index.cosines(vector[0], numbers), strict=True))
        passages = qa.index.passages(numbers)
        owners = {n: p.document_id for n, p in zip(numbers, passages, strict=True)}
        for name, fuse in FUSIONS.items():
            runs[name][question.id] = ranked(fuse(cosines, bm25), owners, question)
    return runs


if __name__ == "__main__":
    encoder = load_encoder(precision="float32")
    print(head("set", "fusion", *MEASURES))
    for every in judged_sets(parser("benchmarks.studies.fusion", __doc__).parse_args().bench):
        questions = every.sample(MOST)
        qrels = {question.id: dict(question.relevant) for question in questions}
        with indexed(questions.documents, encoder) as qa:
            runs = runs_of(qa, questions)
        for name, run in runs.items():
            values = ir_measures.calc_aggregate(MEASURES.values(), qrels, run)
            cells = (f"{float(values[measure]):.3f}" for measure in MEASURES.values())
            print(row(f"{questions.name} ({len(questions):,})", name, *cells), flush=True)
