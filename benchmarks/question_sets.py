"""Question sets in BEIR's format: the folder that holds them, and how they are indexed."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from embeddings import Encoder
from qa import QA, Document
from qa.evaluation import Question, QuestionSet, load_questions
from qa.index import Index, update_index


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option of every command that reads question sets."""
    raw = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(f"python -m {program}", None, description, formatter_class=raw)
    made.add_argument("--bench", type=Path, required=True, help="a folder of question sets")
    return made


def folders(bench: Path) -> list[Path]:
    """Return the question sets of a folder; or the folder itself, if it is one."""
    corpora = (*bench.glob("corpus.jsonl"), *bench.glob("*/corpus.jsonl"))
    return sorted(corpus.parent for corpus in corpora)


def judged_sets(bench: Path) -> Iterator[QuestionSet]:
    """Yield the sets of a folder, without questions that have no judgements."""
    for folder in folders(bench):
        questions = load_questions(folder)
        yield with_questions(questions, (q for q in questions if q.relevant))


def with_questions(questions: QuestionSet, chosen: Iterable[Question]) -> QuestionSet:
    return replace(questions, questions=tuple(chosen))


def judged_irrelevant(question: Question) -> set[str]:
    """Return the documents judged 0, which benchmarks take out of a ranking.

    In Cranfield they are the papers that the questions were made from.
    """
    return {id_ for id_, grade in question.relevant if grade == 0}


@contextmanager
def indexed(documents: Iterable[Document], encoder: Encoder) -> Iterator[QA]:
    """Index documents for as long as they are asked."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        update_index(folder, documents, encoder=encoder)
        with QA(Index.open(folder), encoder) as qa:
            yield qa
