"""Statements made of questions and their answers, for the support network to learn from.

"how many seats does the bus have" and "49" make "the bus have 49 seats" (after Demszky et al.
2018, who turn questions into statements by their syntax): rough, but made of the words of who
asks, not of the text. A statement is supported by the text around the answer; with another answer
of the same text it is not, nor is it by the text without the answer.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.support_examples import EVERYDAY, SupportPair, rows
from qa.text.sentences import split_sentences

SETS = ("qed", "squadshifts_new_wiki", "squadshifts_reddit", "squadshifts_amazon_reviews")
_LONGEST = 120  # characters of an answer
_MOST_AROUND = 4  # sentences before and after an answer

_DO = "do|does|did"
_AUXILIARY = "is|are|was|were|can|could|will|would|shall|should|may|might|must|has|have|had"
_PRONOUN = "i|you|we|he|she|it|they|there|this|that"
_ASKS = r"(?:and |so |but )?(who|whom|what|which|where|when|how many|how much|how \w+)"
_ASKS_WITH_DO = re.compile(rf"{_ASKS}\b(.*?) (?:{_DO}) (.+)", re.I)
_ASKS_WITH_AUXILIARY = re.compile(rf"{_ASKS}\b((?: \w+)*?) ({_AUXILIARY}) (.+)", re.I)
_ASKS_OF_SUBJECT = re.compile(r"(?:and |so |but )?(?:who|what|which|how (?:many|much))\b(.+)", re.I)
_DECIDES = re.compile(rf"(?:and |so |but )?(?:{_DO}|{_AUXILIARY}|am|if|why|how|whose)\b", re.I)


class Asked(NamedTuple):
    """A question, its answers, the text that answers it, and where."""

    question: str
    answers: Sequence[str]
    text: str


def statement(question: str, answer: str) -> str | None:
    """Turn a question and its answer into a statement; None for one that asks otherwise."""
    question, answer = question.rstrip(" ?.!>"), answer.strip(" .")
    if match := _ASKS_WITH_DO.fullmatch(question):
        return f"{match[3]} {answer}{match[2]}"
    if match := _ASKS_WITH_AUXILIARY.fullmatch(question):
        asks, thing, auxiliary, rest = match.groups()
        if asks.lower() in ("who", "what") and not thing:
            return f"{answer} {auxiliary} {rest}"
        subject, _, others = rest.partition(" ")
        if re.fullmatch(_PRONOUN, subject, re.I):
            return f"{subject} {auxiliary} {others} {answer}{thing}".replace("  ", " ")
        return f"{rest} {auxiliary} {answer}{thing}"
    if match := _ASKS_OF_SUBJECT.fullmatch(question):
        return f"{answer}{match[1]}"
    return None if _DECIDES.match(question) else f"{question}: {answer}"


def asked(folder: Path) -> Iterator[list[Asked]]:
    """Yield the questions of each set that have short answers."""
    for name in SETS:
        texts = {row["_id"]: row["text"] for row in rows(folder / name / "corpus.jsonl")}
        yield [
            Asked(row["text"], row["answers"], texts[row["source_passage"]])
            for row in rows(folder / name / "queries.jsonl")
            if row["answerable"] and row["source_passage"] in texts
        ]
    documents = rows(EVERYDAY / "documents.jsonl")
    texts = {row["name"].partition(".")[0]: row["text"] for row in documents}
    yield [
        Asked(row["question"], row["answers"], texts[row["id"].rpartition("-")[0]])
        for row in rows(EVERYDAY / "questions.jsonl")
        if row.get("answers")
    ]


def stated(questions: Sequence[Asked], most: int, chance: random.Random) -> Iterator[SupportPair]:
    """Yield statements of questions, drawn by chance, each with one that does not hold."""
    answers = defaultdict(list)
    for each in questions:
        answers[each.text].append(each.answers)
    for question, own, text in chance.sample(questions, min(most, len(questions))):
        answer = chance.choice(own)
        said = len(answer) <= _LONGEST and statement(question, answer)
        around, without = _around(text, own, answer, chance)
        if not said or not around:
            continue
        yield SupportPair(around, said, "supported")
        others = [o for each in answers[text] for o in each if _is_other(o, own, answer)]
        other = chance.choice(others) if others and chance.random() < 0.6 else None
        if other and (wrong := statement(question, other)):
            yield SupportPair(around, wrong, "unsupported", "answer")
        elif without:
            yield SupportPair(without, said, "neutral")


def unsaid(texts: Sequence[str], most: int, chance: random.Random) -> Iterator[SupportPair]:
    """Yield sentences with what stands around them: what is beside a premise, and not in it."""
    for text in chance.sample(texts, min(most, len(texts))):
        spans = split_sentences(text)
        sentences = [text[span.start : span.end] for span in spans]
        if len(sentences) < 3:
            continue
        at = chance.randrange(len(sentences))
        rest = sentences[max(0, at - _MOST_AROUND) : at] + sentences[at + 1 : at + _MOST_AROUND]
        if sentences[at] not in rest and len(sentences[at]) > 25:
            yield SupportPair(" ".join(rest), sentences[at], "neutral")


def _around(
    text: str, answers: Sequence[str], answer: str, chance: random.Random
) -> tuple[str, str]:
    """Return the sentences around an answer, with it and without."""
    sentences = [text[span.start : span.end] for span in split_sentences(text)]
    holding = [n for n, each in enumerate(sentences) if answer in each]
    if not holding:
        return "", ""
    at = chance.choice(holding)
    first = max(0, at - chance.randint(0, _MOST_AROUND))
    part = sentences[first : at + 1 + chance.randint(0, _MOST_AROUND)]
    without = [s for s in sentences if not any(a.lower() in s.lower() for a in answers)]
    start = max(0, min(first, len(without) - len(part)))
    return " ".join(part), " ".join(without[start : start + len(part)])


def _is_other(other: str, own: Sequence[str], answer: str) -> bool:
    """Return whether an answer is none of a question's own, and looks like them."""
    alike = any(map(str.isdigit, other)) == any(map(str.isdigit, answer))
    apart = not any(other.lower() in a.lower() or a.lower() in other.lower() for a in own)
    return alike and apart and len(other) <= _LONGEST
