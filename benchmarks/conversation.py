"""What following a conversation gains, and what it costs questions that stand alone.

    python -m benchmarks.conversation --bench FOLDER

FOLDER holds question sets in BEIR's format. `mtrag` has real conversations, which are split in two
by their ids: the shares in `qa.retrieval` were set on the first half. The other sets have no
conversations: their questions are given a false history, of questions about the same document and
about others, which should change nothing; and follow-ups are made of SQuAD's, by putting a pronoun
for a name that the question before has. The indexes are kept in the cache folder
(`INQUOTE_CACHE`).
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa import QA, Document, QAError
from qa.answering import Answer
from qa.documents import Span
from qa.evaluation import Question, QuestionSet, evaluate, load_questions
from qa.evaluation.measures.ranking import ranking_columns
from qa.follow_ups.dependence import Dependence
from qa.follow_ups.phrases import names
from qa.follow_ups.rewriting import rewrite
from qa.retrieval import RetrievedPassage

CONVERSATIONS = "mtrag"
STANDALONE = ("squad2_cs224n", "clapnq_half", "covidqa_half", "chroma_chunking")
SQUAD = "squad2_cs224n"
DEPTH = 100
FALSE_TURNS = 3

Search = Callable[[QA, str, Sequence[str]], list[RetrievedPassage]]


def alone(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return qa.retrieve(text, top_k=DEPTH)


def joined(qa: QA, turns: Sequence[str]) -> list[RetrievedPassage]:
    """Search for some questions as one text, without the oldest where they are too long."""
    try:
        return qa.retrieve(" ".join(turns), top_k=DEPTH)
    except QAError:
        if len(turns) == 1:
            raise
        return joined(qa, turns[1:])


def with_previous(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return joined(qa, [*history[-1:], text])


def with_all(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return joined(qa, [*history, text])


def ours(qa: QA, text: str, history: Sequence[str]) -> list[RetrievedPassage]:
    return qa.retrieve(text, history=history, top_k=DEPTH)


def judged(questions: QuestionSet) -> QuestionSet:
    """Keep the questions with a relevant passage, and of what is known of them only that."""
    known = [
        replace(question, places=(), answers=(), quotes=())
        for question in questions
        if any(grade > 0 for _, grade in question.relevant)
    ]
    return replace(questions, questions=tuple(known))


def of(questions: QuestionSet, chosen: Iterable[Question]) -> QuestionSet:
    return replace(questions, questions=tuple(chosen))


def scores(qa: QA, questions: QuestionSet, search: Search) -> NDArray[np.float64]:
    """Return nDCG@10 and hit@1 of each question, in two rows."""

    def system(text: str, *, history: Sequence[str]) -> Answer:
        return Answer(text, text, confidence=0.5, passages=tuple(search(qa, text, history)))

    measured = ranking_columns(evaluate(system, questions).records)
    return np.array([measured["nDCG@10"], measured["hit@1"]])


def cell(values: NDArray[np.float64], form: str = ".3f") -> str:
    return ", ".join(f"{value:{form}}" for value in values.mean(axis=1))


def row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(*cells: str) -> None:
    print()
    row(*cells)
    row(*["---"] * len(cells))


def is_in_second_half(question: Question) -> bool:
    conversation = question.id.partition("<")[0]
    return int(hashlib.sha256(conversation.encode()).hexdigest(), 16) % 2 == 0


def how(question: Question) -> Dependence:
    return rewrite(question.text, question.history).dependence


def conversations(qa: QA, questions: QuestionSet) -> None:
    """Compare ways to follow a conversation, on turns that have a history."""
    turns = of(questions, [question for question in questions if question.history])
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
    head("nDCG@10, hit@1", *(f"{name}: {part.sum()}" for name, part in parts.items()))
    for name, search in WAYS.items():
        values = scores(qa, turns, search)
        row(name, *(cell(values[:, part]) for part in parts.values()))


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
    return of(questions, chosen)


def harm(qa: QA, questions: QuestionSet) -> None:
    """Measure what a false history costs, against no history."""
    for kind, same in (("the same document", True), ("other documents", False)):
        misled = false_history(questions, same=same)
        if len(misled) < ENOUGH:
            continue
        without = scores(qa, misled, alone)
        changes = [scores(qa, misled, search) - without for search in (with_previous, ours)]
        cells = [cell(without), *(cell(change, "+.4f") for change in changes)]
        rewritten = np.mean([how(question) is not Dependence.STANDALONE for question in misled])
        row(questions.name, kind, len(misled), *cells, f"{rewritten:.3f}")


def pronoun_follow_ups(questions: QuestionSet, most: int) -> list[tuple[Question, Question]]:
    """Make follow-ups: a name that another question on the passage has becomes a pronoun."""
    by_passage: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_passage[question.relevant[0][0]].append(question)
    made = []
    for number, question in enumerate(questions):
        draw = np.random.default_rng(number)
        others = [other for other in by_passage[question.relevant[0][0]] if other != question]
        pairs = [(name, o) for name in names(question.text) for o in others if name.text in o.text]
        if pairs:
            name, before = pairs[draw.integers(len(pairs))]
            text = with_pronoun(question.text, name.span, draw)
            made.append((question, replace(question, text=text, history=(before.text,))))
    chosen = np.random.default_rng(0).permutation(len(made))[:most]
    return [made[i] for i in chosen]


def with_pronoun(text: str, name: Span, draw: np.random.Generator) -> str:
    ending = re.match(r"['’]s?\b|['’]", text[name.end :])
    pronoun = str(draw.choice(["his", "its", "their"] if ending else ["he", "it", "they"]))
    return text[: name.start] + pronoun + text[name.end + (ending.end() if ending else 0) :]


def pronouns(qa: QA, questions: QuestionSet, most: int) -> None:
    """Compare ways to follow a pronoun back to what it stands for."""
    pairs = pronoun_follow_ups(questions, most)
    follow_ups = of(questions, [follow_up for _, follow_up in pairs])
    draw = np.random.default_rng(0)
    others = [questions[int(i)].text for i in draw.integers(len(questions), size=len(pairs))]
    shifted = of(
        questions,
        [
            replace(one, history=(other, *one.history))
            for one, other in zip(follow_ups, others, strict=True)
        ],
    )
    head("nDCG@10, hit@1", f"follow-ups: {len(pairs)}", "after a question about something else")
    row(
        "as asked, with the name", cell(scores(qa, of(questions, [q for q, _ in pairs]), alone)), ""
    )
    for name, search in WAYS.items():
        row(name, *(cell(scores(qa, part, search)) for part in (follow_ups, shifted)))


WAYS: dict[str, Search] = {
    "last question alone": alone,
    "previous question + last": with_previous,
    "all questions": with_all,
    "rewriting": ours,
}
HARM = ("set", "history of", "questions", "none", "previous + last", "rewriting", "rewritten")
ENOUGH = 20


def main(bench: Path, most: int) -> None:
    for name in (CONVERSATIONS, *STANDALONE):
        questions = judged(load_questions(bench / name))
        with QA.open(list(questions.documents)) as qa:
            if name == CONVERSATIONS:
                conversations(qa, questions)
                continue
            sample = questions.sample(most)
            if name == SQUAD:
                pronouns(qa, questions, most)
                head(*HARM)
            harm(qa, sample)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conversation")
    parser.add_argument("--bench", type=Path, required=True, help="the folder of question sets")
    parser.add_argument("--most", type=int, default=400, help="questions of a set, at most")
    chosen = parser.parse_args()
    main(chosen.bench, chosen.most)
