"""How well the contexts of an answer support its sentences, checked as written answers are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from qa.evaluation.judging.matching import core
from qa.evaluation.judging.sentences import MARK, Judged, Sentence, without_marks
from qa.text.analysis import terms
from qa.text.sentences import split_sentences
from qa.writing.literal import first_fault
from qa.writing.support import ENOUGH, SupportScorer, scorer

_LIKELY = 4  # sentences of the contexts, that an answer's sentence is held against
_MOST_READ = 1_000  # sentences of the contexts that one cites
_MARKS_BEHIND = re.compile(rf"(?:\s?{MARK.pattern})+")
_HEADING = re.compile(r"^#{1,6}[ \t][^\n]*", re.MULTILINE)
_WORD = re.compile(r"\w")


class SupportJudge:
    """Scores the sentences of answers against the contexts that they cite.

    Args:
        support: scores them; None is the one that comes with inquote.
    """

    def __init__(self, support: SupportScorer | None = None) -> None:
        self._support = support or scorer()

    def judge(self, judged: Judged, answer: str, contexts: Sequence[str]) -> Judged:
        """Return the sentences of an answer with their support and verdict.

        A sentence is held against the contexts that its marks name, such as [2], or against all;
        of these, against the sentences that share most words with it, each and together. One that
        stands there as it is has 1.
        """
        found = [self._judged(sentence, answer, contexts) for sentence in judged.sentences]
        return replace(judged, sentences=tuple(found))

    def _judged(self, sentence: Sentence, answer: str, contexts: Sequence[str]) -> Sentence:
        said = _bare(sentence.text)
        if not _WORD.search(said):
            return sentence  # a mark or a heading alone
        cited = _cited(sentence, answer, contexts)
        texts = list(islice(_sentences(cited), _MOST_READ))
        if core(said) in (core(_bare(text)) for text in texts):
            return replace(sentence, support=1.0, verdict="supported")
        likely = _likely(said, texts)
        if not likely:
            return replace(sentence, support=0.0, verdict="uncited")
        premises = list(dict.fromkeys(["\n".join(likely), *likely]))
        scores = self._support.score([(premise, said) for premise in premises])
        for score, premise in sorted(zip(scores, premises, strict=True), reverse=True):
            if score >= ENOUGH and not first_fault(said, [premise], cited):
                return replace(sentence, support=score, verdict="supported")
        verdict, wrong = first_fault(said, premises[:1], cited) or ("unsupported", "")
        return replace(sentence, support=scores[0], verdict=verdict, wrong=wrong)


def _bare(text: str) -> str:
    return " ".join(without_marks(_HEADING.sub("", text)).split())


def _cited(sentence: Sentence, answer: str, contexts: Sequence[str]) -> list[str]:
    """Return the contexts that a sentence cites in or right behind it; all if it cites none."""
    behind = _MARKS_BEHIND.match(answer, sentence.end)
    marks = MARK.findall(sentence.text + (behind[0] if behind else ""))
    numbers = {number for mark in marks for number in _numbers(mark)}
    named = [contexts[number - 1] for number in sorted(numbers) if 0 < number <= len(contexts)]
    return named if numbers else list(contexts)


def _numbers(mark: str) -> Iterator[int]:
    """Yield the numbers of a mark such as [1], [2, 3] or [4-6]."""
    for first, last in re.findall(r"(\d+)(?:\s?[–-]\s?(\d+))?", mark):
        yield from range(int(first), int(last or first) + 1)


def _sentences(contexts: Sequence[str]) -> Iterator[str]:
    return (context[slice(*span)] for context in contexts for span in split_sentences(context))


def _likely(said: str, texts: Sequence[str]) -> list[str]:
    """Return those of some sentences that share most words with what is said, in their order."""
    words = terms(said)
    shared = {number: len(words & terms(text)) for number, text in enumerate(texts)}
    best = sorted(filter(shared.get, shared), key=lambda n: (-shared[n], n))[:_LIKELY]
    return [texts[number] for number in sorted(best)]
