"""What questions that may as well stand alone gain and lose by the questions before them.

    python -m benchmarks.studies.doubt --bench FOLDER

FOLDER holds question sets in BEIR's format. Only questions that `qa.follow_ups.dependence` is in
doubt of are asked, in three ways: by themselves; as they are read with what came before, always;
and as `QA.ask` does, which takes one of the two. Sets without conversations are asked with a false
history of one to three questions, which should change nothing. Follow-ups are the turns of
`mtrag`, and questions of SQuAD from which a name was cut that the question before has.

How much surer a reading must be, and how far behind its quote may be, was set on the first half,
by conversation or document.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.conversation import CONVERSATIONS, SQUAD, about, false_history, head, of, row
from qa import QA, Answer
from qa.evaluation import Question, QuestionSet, load_questions
from qa.evaluation.gold import Gold, locate
from qa.evaluation.measures.resampling import paired_intervals
from qa.evaluation.measures.weighted_statistics import Array, mean
from qa.evaluation.questions import Place
from qa.follow_ups.dependence import Dependence, dependence
from qa.follow_ups.phrases import names
from qa.follow_ups.rewriting import rewrite

STANDALONE = (SQUAD, "clapnq_half", "covidqa_half")
HEAD = ("set", "history", "half", "questions", "of each", "by itself", "as read", "either")
MEASURES = ("kept", "quote right", "answered right")
Case = tuple[Question, str]  # a question with its history, and its conversation or document


def as_read(qa: QA, question: Question) -> Answer:
    """Answer a question as it is read with what came before it, whatever that is worth."""
    query = rewrite(question.text, question.history).query
    passages = qa.retrieve(question.text, history=question.history)
    return qa.answerer.answer(question.text, query, passages, qa.index.document)


WAYS: Mapping[str, Callable[[QA, Question], Answer]] = {
    "by itself": lambda qa, question: qa.ask(question.text),
    "as read": as_read,
    "either": lambda qa, question: qa.ask(question.text, history=question.history),
}


def ambiguous(questions: QuestionSet) -> list[Question]:
    """Keep the questions that may as well stand alone, if it is known what answers them."""
    return [
        question
        for question in questions
        if dependence(question.text) is Dependence.AMBIGUOUS
        and any(grade > 0 for _, grade in question.relevant)
    ]


def misled(questions: QuestionSet, *, same: bool, most: int) -> list[Case]:
    """Return questions with a false history, about the same document or about other ones."""
    known = of(questions, [q for q in questions if any(grade > 0 for _, grade in q.relevant)])
    wholes = {document.id: about(document) for document in questions.documents}
    found = [
        (replace(q, history=q.history[: 1 + number % 3]), wholes[q.relevant[0][0]])
        for number, q in enumerate(false_history(known, same=same))
        if dependence(q.text) is Dependence.AMBIGUOUS
    ]
    drawn = np.random.default_rng(0).permutation(len(found))[:most]
    return [found[i] for i in sorted(drawn)]


def turns(questions: QuestionSet) -> list[Case]:
    """Return the turns of conversations, each with its conversation."""
    return [(q, q.id.partition("<")[0]) for q in ambiguous(questions) if q.history]


def cut(questions: QuestionSet) -> Iterator[Case]:
    """Make follow-ups: a name that the question before has is cut, with its preposition."""
    by_passage: dict[str, list[Question]] = defaultdict(list)
    titles = {document.id: about(document) for document in questions.documents}
    for question in questions:
        if question.relevant:
            by_passage[question.relevant[0][0]].append(question)
    for passage, asked in by_passage.items():
        for question in asked:
            for name in names(question.text):
                bare = re.escape(name.text.removeprefix("the "))
                text = re.sub(
                    rf" (in|of|for|by|at|from|to|with|on) (the )?{bare}(?=[ ?,])", "", question.text
                )
                befores = [o.text for o in asked if name.text in o.text and o.id != question.id]
                if text != question.text and befores and dependence(text) is Dependence.AMBIGUOUS:
                    yield replace(question, text=text, history=(befores[0],)), titles[passage]
                    break


def is_right(answer: Answer, gold: Gold) -> bool:
    """Return whether what would be quoted first shares a character with what answers.

    Where only documents are known to answer, it is whether it is of one.
    """
    if not answer.considered:
        return False
    best = answer.considered[0]
    quoted = Place(best.document_id, best.span.start + best.lead, best.span.end)
    if any(gold.parts):
        return any(quoted.common(place) for part in gold.parts for place in part)
    return gold.relevant.get(best.document_id, 0) > 0


def facts(qa: QA, cases: list[Case], gold: Mapping[str, Gold]) -> dict[str, dict[str, Array]]:
    """Ask questions each way: for each, what came of them, a column for each measure."""
    columns: dict[str, dict[str, list[float]]] = {
        way: {measure: [] for measure in MEASURES} for way in WAYS
    }
    for question, _ in cases:
        answers = {way: ask(qa, question) for way, ask in WAYS.items()}
        for way, answer in answers.items():
            right = is_right(answer, gold[question.id])
            columns[way]["kept"].append(answer.text == answers["by itself"].text)
            columns[way]["quote right"].append(right)
            columns[way]["answered right"].append(right and not answer.abstained)
    return {
        way: {measure: np.array(values, float) for measure, values in of_way.items()}
        for way, of_way in columns.items()
    }


def report(qa: QA, name: str, history: str, cases: list[Case], gold: Mapping[str, Gold]) -> None:
    found = facts(qa, cases, gold)
    second = np.array([is_in_second_half(group) for _, group in cases])
    for half, part in (("first", ~second), ("second", second)):
        for measure in MEASURES:
            values = {way: found[way][measure][part] for way in WAYS}
            cells = [f"{each.mean():.3f}" for each in values.values()]
            cells[-1] += f" ({difference(values['as read'], values['either'])})"
            row(name, history, half, part.sum(), measure, *cells)


def difference(before: Array, after: Array) -> str:
    """Write what is gained, with its paired 95% interval."""
    over = mean("it")
    a, b = over({"it": before}), over({"it": after})
    low, high = paired_intervals({"it": a}, {"it": b}, len(before), seed=0)["it"]
    return f"{after.mean() - before.mean():+.3f}, {low:+.3f} to {high:+.3f}"


def is_in_second_half(group: str) -> bool:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 2 == 0


def main(bench: Path, most: int) -> None:
    head(*HEAD)
    for name in (*STANDALONE, CONVERSATIONS):
        questions = load_questions(bench / name)
        gold = locate(questions, questions.documents)
        with QA.open(list(questions.documents)) as qa:
            if name == CONVERSATIONS:
                report(qa, name, "its own", turns(questions), gold)
                continue
            if name == SQUAD:
                report(qa, name, "its own, a name cut", list(cut(questions))[:most], gold)
            for history, same in (("the same document", True), ("other documents", False)):
                cases = misled(questions, same=same, most=most)
                if cases:
                    report(qa, name, history, cases, gold)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.doubt")
    parser.add_argument("--bench", type=Path, required=True, help="the folder of question sets")
    parser.add_argument("--most", type=int, default=400, help="questions of a set, at most")
    chosen = parser.parse_args()
    main(chosen.bench, chosen.most)
