"""What bfloat16 does to vectors, to rankings, and to what is found.

    python -m benchmarks.studies.precision --bench FOLDER [--only SET ...]

FOLDER has question sets in BEIR's format, a folder each. Each corpus is indexed twice, its passages
encoded in float32 and in bfloat16; questions are in float32. The processor has to have bfloat16.
`benchmarks.quality --precision` measures quotes and abstentions.

The first table holds vectors against vectors, and the ten nearest passages of each question, by
cosine alone, against the ten nearest. The second holds what `QA.retrieve` finds by meaning and by
words against judgements, with intervals and tests.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines import DEPTH, judged, taken_out
from benchmarks.quality import difference, head, line
from embeddings.encoder import PRECISIONS
from embeddings.models import find_model
from embeddings.openvino_encoder import OpenVINOEncoder
from embeddings.openvino_runtime import has_bfloat16
from qa import QA, Answer
from qa.evaluation import QuestionSet, Run, evaluate, load_questions
from qa.index import Index, update_index

NEAREST = 10
MEASURES = ("hit@1", "hit@5", "nDCG@10")
AT_ONCE = 512  # questions compared with all passages

Vectors = NDArray[np.float32]


class Recording(OpenVINOEncoder):
    """Keeps the vectors of passages, and how long it took.

    `seconds` are those of the processor.
    """

    def __init__(self, precision: str) -> None:
        super().__init__(find_model(None), precision=precision)
        super().encode_passages(["Nothing is timed before it is there."] * 64)
        self.given: list[Vectors] = []
        self.seconds = 0.0

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages: (texts, dim)."""
        started = time.process_time()
        vectors = super().encode_passages(texts)
        self.seconds += time.process_time() - started
        self.given.append(vectors)
        return vectors


class Outcome(NamedTuple):
    """What came of a set in one precision.

    Attributes:
        vectors: (passages, dim).
        nearest: (questions, 10): the numbers of each question's nearest passages by cosine.
        milliseconds: of the processor, to encode a passage.
        run: what is found by meaning and by words.
    """

    vectors: Vectors
    nearest: NDArray[np.int64]
    milliseconds: float
    run: Run


class Found:
    """Ranks passages, and quotes none."""

    def __init__(self, qa: QA, questions: QuestionSet) -> None:
        self._qa = qa
        self._taken_out = {question.text: taken_out(question) for question in questions}

    def __call__(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Rank passages, without those of documents that are judged 0."""
        hits = self._qa.retrieve(question, history=history, top_k=DEPTH)
        out = self._taken_out[question]
        kept = tuple(hit for hit in hits if hit.passage.document_id not in out)
        return Answer(question, question, 0.0, passages=kept)


def outcome(questions: QuestionSet, precision: str) -> Outcome:
    """Index a set's corpus, and ask its questions."""
    encoder = Recording(precision)
    with tempfile.TemporaryDirectory() as scratch:
        update_index(Path(scratch), questions.documents, encoder=encoder)
        with QA(Index.open(Path(scratch)), encoder) as qa:
            run = evaluate(Found(qa, questions), questions, name=precision)
    vectors = np.concatenate(encoder.given)
    asked = encoder.encode_queries([question.text for question in questions])
    milliseconds = 1_000 * encoder.seconds / len(vectors)
    return Outcome(vectors, nearest(asked, vectors), milliseconds, run)


def nearest(asked: Vectors, passages: Vectors) -> NDArray[np.int64]:
    """Return the numbers of the nearest passages, best first, ties by number: (questions, 10)."""
    exact = passages.astype(np.float64)
    found = [
        np.argsort(-(some.astype(np.float64) @ exact.T), axis=1, kind="stable")[:, :NEAREST]
        for some in np.array_split(asked, -(-len(asked) // AT_ONCE))
    ]
    return np.concatenate(found)


def vectors_row(name: str, before: Outcome, after: Outcome) -> str:
    """Write how near vectors are, and how many questions have other passages nearest."""
    cosines = (before.vectors.astype(np.float64) * after.vectors).sum(axis=1)
    sets = np.sort(before.nearest, axis=1), np.sort(after.nearest, axis=1)
    other = (
        (sets[0] != sets[1]).any(axis=1),
        (before.nearest != after.nearest).any(axis=1),
        before.nearest[:, 0] != after.nearest[:, 0],
    )
    return line(
        name,
        f"{len(cosines):,}",
        f"{before.milliseconds:.1f}",
        f"{after.milliseconds:.1f}",
        f"{cosines.mean():.6f}",
        f"{cosines.min():.6f}",
        f"{len(before.nearest):,}",
        *(f"{share.mean():.1%}" for share in other),
    )


def main(bench: Path, only: Sequence[str]) -> None:
    if not has_bfloat16():
        raise SystemExit("This processor has no bfloat16, so there is nothing to hold against.")
    times = "ms of processor a passage, float32", "bfloat16"
    others = "another ten nearest", "another order of them", "another nearest"
    head("set", "passages", *times, "mean cosine", "lowest", "questions", *others)
    found = []
    for folder in sorted(path for path in bench.iterdir() if path.is_dir()):
        if only and folder.name not in only:
            continue
        questions = judged(load_questions(folder))
        before, after = (outcome(questions, precision) for precision in PRECISIONS)
        print(vectors_row(folder.name, before, after), flush=True)
        for measure in MEASURES:
            was, *change = difference(before.run, after.run, measure)
            now = f"{after.run.figures[measure].value:.3f}"
            found.append(line(folder.name, measure, f"{len(questions):,}", was, now, *change))
    print()
    head("set", "measure", "questions", *PRECISIONS, "difference", "p")
    print("\n".join(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.precision")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--only", nargs="*", default=(), metavar="SET", help="these sets alone")
    arguments = parser.parse_args()
    main(arguments.bench, arguments.only)
