"""Matches to what may be quoted: sentences, and pairs of them, scored.

Every sentence of the passages is a candidate, and every two that stand side by side. A pair has
to earn its length: it is taken where the two together meet much more of the question than either
does alone, which is so where one names the subject and the other says what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from qa.answering.late_interaction import PASSAGES_KEPT, EncodedQuery, Match, Reading
from qa.documents import Span
from qa.passages import Passage

# A sentence that points back with one of its first words is best read after the one before it.
_POINTS_BACK = re.compile(
    r"\W*(?:\w+\W+){0,9}?(it|its|this|these|those|they|their|he|his|she|her|such|therefore"
    r"|thus|hence|however|the same|the latter|the former)\b",
    re.IGNORECASE,
)
# One whose subject is such a word cannot be read without, and is never quoted alone.
HANGS = re.compile(
    r"\W*(?:(?:and|but|so|yet|also|then|thus|therefore|hence|however|instead|still),?\s+)?"
    r"(it|they|this|these|those|he|she|such|the latter|the former)\b",
    re.IGNORECASE,
)

_LOOKED_AT = 200  # characters at the start of a sentence

FEATURES = (
    "maxsim_idf",
    "maxsim_mean",
    "passage",
    "cosine",
    "reader_logit",
    "thorough_logit",
    "pair",
    "no_backreference",
    "is_question",
)
"""What a candidate is scored by; `Candidate` says what each is."""

Numbers = Mapping[str, float]


class ScoredPassage(NamedTuple):
    """A passage scored against a question.

    Attributes:
        query: the question.
        match: how the passage meets it.
        reading: what the quick reader makes of it.
        thorough: what the thorough reader makes of it; None where it was not asked.
    """

    query: EncodedQuery
    match: Match
    reading: Reading
    thorough: Reading | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be quoted: a sentence, or two that stand side by side.

    Attributes:
        document_id: the document that it is of.
        span: its place there.
        lead: how many characters at its start merely lead up to the sentence that answers.
        text: its words.
        score: what it is ranked by; higher is better.
        features: what the score is a sum of, before weights. Of its MaxSim, the
            similarity of each query token with its most similar token, `maxsim_idf` is the mean
            by `EncodedQuery.weights` and `maxsim_mean` the plain mean; `passage`: `maxsim_idf` of
            its whole passage; `cosine`: of the question as a whole with its nearest sentence;
            `reader_logit` and `thorough_logit`: what the readers make of it, 0
            where they were not asked; `pair`: 1 for two sentences; `no_backreference`: 1 if the
            second does not refer back to the first; `is_question`: 1 if it is a question itself.
    """

    document_id: str
    span: Span
    lead: int
    text: str
    score: float
    features: Numbers = field(repr=False)

    def overlaps(self, other: Candidate) -> bool:
        """Return whether the two share a character."""
        return self.document_id == other.document_id and self.span.overlaps(other.span)


class _Part(NamedTuple):
    """What may be quoted of a passage, whatever is asked: sentences `first` to `last` of it.

    Attributes:
        shape: those features that are the same for every question.
        span, lead, text: as in `Candidate`.
    """

    first: int
    last: int
    shape: Numbers
    span: Span
    lead: int
    text: str


def candidates(passages: Iterable[ScoredPassage], weights: Numbers) -> list[Candidate]:
    """Return what may be quoted, best first, by the sum of its features times their weights."""
    found: dict[tuple[str, Span], Candidate] = {}
    for scored in passages:
        for candidate in _of_passage(scored, weights):
            known = found.setdefault((candidate.document_id, candidate.span), candidate)
            if candidate.score > known.score:
                found[candidate.document_id, candidate.span] = candidate
    return sorted(found.values(), key=lambda c: (-c.score, c.document_id, c.span))


def non_overlapping(
    ranked: Iterable[Candidate],
    most: int,
    widen: Callable[[Candidate], Candidate] = lambda candidate: candidate,
) -> list[Candidate]:
    """Return the first candidates, widened, of which no two overlap."""
    chosen: list[Candidate] = []
    for candidate in ranked:
        if len(chosen) == most:
            break
        if any(candidate.overlaps(other) for other in chosen):
            continue
        wide = widen(candidate)
        if not any(wide.overlaps(other) for other in chosen):
            chosen.append(wide)
    return chosen


def _of_passage(scored: ScoredPassage, weights: Numbers) -> Iterator[Candidate]:
    passage = scored.match.passage
    parts = _parts(passage)
    for part, features in zip(parts, _features(scored, parts), strict=True):
        # A vector's last digits depend on what it was encoded with; the answer must not.
        score = round(sum(weights[name] * value for name, value in features.items()), 5)
        yield Candidate(
            document_id=passage.document_id,
            span=part.span,
            lead=part.lead,
            text=part.text,
            score=score,
            features=features,
        )


@lru_cache(maxsize=PASSAGES_KEPT)
def _parts(passage: Passage) -> tuple[_Part, ...]:
    """Return every sentence of a passage, each with the one before it, and with what leads in.

    Headings and the like are none, and a sentence and its heading are quoted without the heading.
    """
    texts = passage.sentence_texts
    return tuple(
        part
        for last in range(len(texts))
        if last not in passage.unquotable
        for part in _ending(passage, texts, last)
    )


def _ending(passage: Passage, texts: Sequence[str], last: int) -> Iterator[_Part]:
    """Yield the parts whose last sentence has a number."""
    yield _part(passage, texts, last, last)
    if last and last - 1 not in passage.unquotable and _run_on(passage, last):
        yield _part(passage, texts, last - 1, last)
    for lead in passage.leads[last] if passage.leads else ():
        alone = _part(passage, texts, last, last)
        yield alone._replace(first=lead, shape=_shape([texts[lead], texts[last]]))


def _run_on(passage: Passage, last: int) -> bool:
    """Return whether a sentence and the one before it are of one paragraph, or belong together.

    Two items of a list, or two rows of a table, have a line break between them.
    """
    start, end = passage.sentences[last - 1].end - passage.start, passage.sentences[last].start
    gap, there = passage.text[start : end - passage.start], passage.text[end - passage.start :]
    belong = passage.text[:start].endswith((":", "?")) or _POINTS_BACK.match(there[:_LOOKED_AT])
    return not gap.strip() and ("\n" not in gap or bool(belong))


def _part(passage: Passage, texts: Sequence[str], first: int, last: int) -> _Part:
    shape = _shape(texts[first : last + 1])
    hangs = first == last > 0 and last - 1 not in passage.unquotable and HANGS.match(texts[last])
    leads = not shape["no_backreference"] or texts[first].endswith("?")
    start = passage.sentences[last - 1 if hangs else first].start
    end = passage.sentences[last].end
    lead = passage.sentences[last].start - start if leads else 0
    text = passage.text[start - passage.start : end - passage.start]
    return _Part(first, last, shape, Span(start, end), lead, text)


def _shape(texts: Sequence[str]) -> dict[str, float]:
    pair = len(texts) > 1
    return {
        "pair": float(pair),
        "no_backreference": float(pair and not _POINTS_BACK.match(texts[-1])),
        "is_question": float(not pair and texts[-1].endswith("?")),
    }


def _features(scored: ScoredPassage, parts: Sequence[_Part]) -> Iterator[dict[str, float]]:
    import numpy as np

    weights, sentences = scored.query.weights, scored.match.sentences
    cosines = scored.match.cosines.tolist()
    logits = scored.reading.sentences.tolist()
    thorough = scored.thorough.sentences.tolist() if scored.thorough else [0.0] * len(logits)
    similarity = np.maximum(
        sentences[[part.first for part in parts]], sentences[[part.last for part in parts]]
    )
    of_passage = float(weights @ scored.match.max_similarity)
    means = similarity.mean(axis=1).tolist()
    for part, max_similarity, mean in zip(parts, similarity, means, strict=True):
        yield {
            **part.shape,
            "maxsim_idf": float(weights @ max_similarity),
            "maxsim_mean": mean,
            "passage": of_passage,
            "cosine": max(cosines[part.first], cosines[part.last]),
            "reader_logit": max(logits[part.first], logits[part.last]),
            "thorough_logit": max(thorough[part.first], thorough[part.last]),
        }
