"""What following a conversation gains, and what it costs questions that stand alone.

    python -m benchmarks.conversation --bench FOLDER

FOLDER has question sets in BEIR's format. `mtrag` has real conversations, split in two by their
ids: the weights in `qa.retrieval` were set on the first half. The questions of the other sets stand
alone: a false history, of questions about the same document or about others, should change nothing.
Indexes are kept in the cache folder (`INQUOTE_CACHE`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.question_sets import parser, with_questions
from benchmarks.results import head, row, table
from qa import QA, Document, QAError
from qa.answering import Answer
from qa.evaluation import Question, QuestionSet, evaluate, load_questions
from qa.evaluation.measures.ranking import ranking_columns
from qa.follow_ups.dependence import Dependence
from qa.follow_ups.rewriting import rewrite
from qa.retrieval import RetrievedPassage

CONVERSATIONS = "mtrag"
STANDALONE = ("squad2_cs224n", "clapnq_half", "covidqa_half", "chroma_chunking")
MEASURES = "nDCG@10, hit@1"
DEPTH = 100
FALSE_TURNS = 3
HARM = ("set", "history of", "questions", "none", "previous + last", "rewriting", "rewritten")
ENOUGH = 20  # questions with a false history

Search = Callable[[QA, str, Sequence[str]], list[RetrievedPassage]]


def alone(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return qa.retrieve(text, top_k=DEPTH)


def with_previous(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    """Search for the previous question and the last as one text, if it is not too long."""
    try:
        return qa.retrieve(" ".join([*history[-1:], text]), top_k=DEPTH)
    except QAError:
        return alone(qa, text, history)


def rewritten(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return qa.retrieve(text, history=history, top_k=DEPTH)


WAYS: dict[str, Search] = {
    "last question alone": alone,
    "previous question + last": with_previous,
    "rewriting": rewritten,
}


def judged(questions: QuestionSet) -> QuestionSet:
    """Keep the questions with a relevant passage, and only these judgements."""
    known = [
        replace(question, places=(), answers=(), quotes=())
        for question in questions
        if any(grade > 0 for _, grade in question.relevant)
    ]
    return replace(questions, questions=tuple(known))


def scores(qa: QA, questions: QuestionSet, search: Search) -> NDArray[np.float64]:
    """Return nDCG@10 and hit@1 of each question, in two rows."""

    def system(text: str, *, history: Sequence[str]) -> Answer:
        return Answer(text, text, confidence=0.5, passages=tuple(search(qa, text, history)))

    measured = ranking_columns(evaluate(system, questions).records)
    return np.array([measured["nDCG@10"], measured["hit@1"]])


def cell(values: NDArray[np.float64], form: str = ".3f") -> str:
    return ", ".join(f"{value:{form}}" for value in values.mean(axis=1))


def is_in_second_half(question: Question) -> bool:
    conversation = question.id.partition("<")[0]
    return int(hashlib.sha256(conversation.encode()).hexdigest(), 16) % 2 == 0


def how(question: Question) -> Dependence:
    return rewrite(question.text, question.history).dependence


def conversations(qa: QA, questions: QuestionSet) -> None:
    """Compare ways to follow a conversation, on turns that have a history."""
    turns = with_questions(questions, [question for question in questions if question.history])
    second = np.array([is_in_second_half(turn) for turn in turns])
    dependences = np.array([how(turn) for turn in turns])
    parts = {
        "all": dependences >= Dependence.STANDALONE,
        "first half": ~second,
        "second half": second,
        "stand alone": dependences == Dependence.STANDALONE,
        "ambiguous": dependences == Dependence.AMBIGUOUS,
        "dependent": dependences == Dependence.DEPENDENT,
    }
    rows = []
    for name, search in WAYS.items():
        values = scores(qa, turns, search)
        rows.append((name, *(cell(values[:, part]) for part in parts.values())))
    print(table((MEASURES, *(f"{name}: {part.sum()}" for name, part in parts.items())), rows))


def about(document: Document) -> str:
    """Return which whole a passage is of: the id of a window's document, else the title."""
    return document.id.partition("#")[0] if "#" in document.id else document.title


def false_history(questions: QuestionSet, *, same: bool) -> QuestionSet:
    """Put before each question some others, about the same document or about other ones."""
    wholes = {document.id: about(document) for document in questions.documents}
    asked_of = {q.id: {wholes[id_] for id_, grade in q.relevant if grade > 0} for q in questions}
    chosen = []
    for number, question in enumerate(questions):
        others = [
            other.text
            for other in questions
            if other.text != question.text
            and bool(asked_of[other.id] & asked_of[question.id]) is same
        ]
        if others:
            drawn = np.random.default_rng(number).permutation(len(others))[:FALSE_TURNS]
            chosen.append(replace(question, history=tuple(others[i] for i in drawn)))
    return with_questions(questions, chosen)


def harm(qa: QA, questions: QuestionSet) -> None:
    """Measure what a false history costs, against no history."""
    for kind, same in (("the same document", True), ("other documents", False)):
        misled = false_history(questions, same=same)
        if len(misled) < ENOUGH:
            continue
        without = scores(qa, misled, alone)
        changes = [scores(qa, misled, search) - without for search in (with_previous, rewritten)]
        cells = [cell(without), *(cell(change, "+.4f") for change in changes)]
        share = np.mean([how(question) is not Dependence.STANDALONE for question in misled])
        print(row(questions.name, kind, len(misled), *cells, f"{share:.3f}"), flush=True)


def main(bench: Path, most: int) -> None:
    for name in (CONVERSATIONS, *STANDALONE):
        questions = judged(load_questions(bench / name))
        with QA.open(list(questions.documents)) as qa:
            if name == CONVERSATIONS:
                conversations(qa, questions)
                continue
            if name == STANDALONE[0]:
                print(f"\n{head(*HARM)}")
            harm(qa, questions.sample(most))


if __name__ == "__main__":
    made = parser("benchmarks.conversation", __doc__)
    made.add_argument("--most", type=int, default=400, help="questions of a set, at most")
    options = made.parse_args()
    main(options.bench, options.most)
