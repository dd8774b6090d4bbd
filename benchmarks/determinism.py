"""Are the answers the same when everything is done again from the start?

    python -m benchmarks.determinism --bench FOLDER [--only SET ...]

FOLDER has question sets in BEIR's format, a folder each. Each corpus is indexed twice, and all of
its questions are asked of both indexes, in another order the second time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from embeddings import Encoder, load_encoder
from qa import QA
from qa.evaluation import Question, QuestionSet, load_questions
from qa.index import Index
from qa.indexing import update_index


def answers(questions: QuestionSet, order: Sequence[Question], encoder: Encoder) -> dict[str, str]:
    """Index a set's corpus and ask its questions; give the answers as JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        update_index(Path(scratch), questions.documents, encoder=encoder)
        with QA(Index.open(Path(scratch)), encoder) as qa:
            return {
                question.id: json.dumps(qa.ask(question.text, history=question.history).to_dict())
                for question in order
            }


def main(bench: Path, only: Sequence[str], encoder: Encoder) -> None:
    print("| set | questions | answers that differ |\n| --- | --- | --- |")
    for folder in sorted(path for path in bench.iterdir() if path.is_dir()):
        if only and folder.name not in only:
            continue
        questions = load_questions(folder)
        first = answers(questions, list(questions), encoder)
        again = answers(questions, list(questions)[::-1], encoder)
        differ = sum(first[id_] != again[id_] for id_ in first)
        print(f"| {folder.name} | {len(questions):,} | {differ:,} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.determinism")
    parser.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    parser.add_argument("--only", nargs="*", default=(), metavar="SET", help="these sets alone")
    arguments = parser.parse_args()
    main(arguments.bench, arguments.only, load_encoder())
