"""Passages to an answer: the sentences that answer, quoted; or an abstention."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol, Self

from embeddings import Encoder
from qa.answering.answers import Answer
from qa.answering.candidates import Candidate, ScoredPassage, candidates, non_overlapping
from qa.answering.confidence import ANSWERABLE, confidence, confidence_features
from qa.answering.late_interaction import Matcher, Reading, TokensOf
from qa.answering.premises import is_denied
from qa.answering.readers import quick_reader, thorough_reader
from qa.answering.topics import about, topic_confidence
from qa.answering.weights import FeatureWeights, load_weights
from qa.citations import Citation
from qa.documents import Document, Span
from qa.errors import SettingsError
from qa.follow_ups.requests import topic_of
from qa.retrieval import RetrievedPassage
from qa.text.outline import Outline
from qa.text.quote_bounds import Sentences

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


# A wrong answer is taken to cost four times what "Possibly" before a right one does, a wrong
# possibility as much as a missed one.
DEFAULT_THRESHOLD, DEFAULT_TENTATIVE = 0.8, 0.5

_SURE = 0.9  # confidence of the quick reader, from where on the thorough one is not asked
_DENIED = 0.75  # of confidence, at most, where the quote denies what the question takes for granted
_CONSIDERED = 10  # candidates that an answer tells of
_SAME = 90  # of 100, from where on two quotes say the same

# Quotes are added until their chances of answering add up to the first, and each has the second.
# The others are for answers that are not sure, and for questions that ask for several things.
_ONE, _SEVERAL = (0.8, 0.08), (0.9, 0.05)

_ASKS_FOR_SEVERAL = re.compile(
    r"""
    \bwhy\b | \breasons?\b | \bcauses\b | \bhow\ come\b
    | \b(list|enumerate|compare|contrast|versus|vs|differ\w*|between|both|each)\b
    | \b(advantages|disadvantages|benefits|drawbacks|pros|steps|ways|examples|factors|types|kinds)\b
    | \b(what|which)\ (?!do\b|did\b|can\b|is\b|if\b|about\b|of\b|will\b|would\b|has\b|have\b)
      (\w+\ )?(?!does|happens|means|makes)\w{3,}(?<!s)s\b
    | \bwhat\ (do|does|should|must)\ \w+\ (need|have|bring|pack|include)\b | \bgo(es)?\ into\b
    | \b(ingredients|documents|effects|exceptions|recommendations|requirements)\b
    | \b(what|which|who)\ (else\ )?(are|were)\b | \b(what|which)\ (two|three|four|five|other)\b
    | \bname\ (some|two|three|four|five|the)\b | \bhow\ (do|does|did|can|should)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

FindDocument = Callable[[str], Document]


class Answerer(Protocol):
    """Makes an answer of retrieved passages."""

    def answer(
        self,
        question: str,
        query: str,
        passages: Sequence[RetrievedPassage],
        find: FindDocument,
        tokens: TokensOf | None = None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Answer a question from passages that were retrieved for a query, best first.

        Args:
            question: as it was asked.
            query: as it was searched for.
            passages: what was retrieved.
            find: returns the document of an id.
            tokens: returns the token vectors of passages by their text in context, from the
                index that the passages are of; None leaves it to the answerer to encode them.
            shown: quotes that the person has seen, which are left out.
        """


class ExtractiveAnswerer:
    """Answers in the document's own sentences, without a language model.

    Every sentence of the passages may be quoted, alone or together with the one before it. The
    best is quoted, with up to two more that score almost as well. If it is not likely enough to
    answer, the quotes are tentative, or the answer is an abstention.

    Args:
        encoder: the one that the passages were retrieved with.
        threshold: the confidence, from 0 to 1, below which an answer is tentative.
        tentative: the confidence below which it abstains; 0 never does. Where it is not below
            the threshold, no answer is tentative.
        answerable: the share of questions, between 0 and 1, that the documents answer: the prior
            that the confidence starts from.
        max_quotes: the most quotes in an answer.
        min_quotes: how many quotes to show, where there are so many, even if the later ones are
            unlikely to add to the first.

    Raises:
        SettingsError: the threshold or `tentative` is not from 0 to 1, or `answerable` not between
            them.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        threshold: float = DEFAULT_THRESHOLD,
        tentative: float = DEFAULT_TENTATIVE,
        answerable: float = ANSWERABLE,
        max_quotes: int = 3,
        min_quotes: int = 1,
    ) -> None:
        for name, given in {"threshold": threshold, "tentative": tentative}.items():
            if not 0 <= given <= 1:
                raise SettingsError(f"{name} is {given}: take a number from 0 to 1")
        if not 0 < answerable < 1:
            raise SettingsError(f"answerable is {answerable}: take a number between 0 and 1")
        self._matcher = Matcher(encoder)
        self._is_read = encoder.digest == load_weights().model
        self.threshold = threshold
        self.tentative = tentative
        self.answerable = answerable
        self.max_quotes = max_quotes
        self.min_quotes = min_quotes

    def changed(self, *, tentative: float, max_quotes: int, min_quotes: int = 1) -> Self:
        """Return one with these settings that shares all else, such as for one question."""
        other = copy(self)
        other.tentative, other.max_quotes, other.min_quotes = tentative, max_quotes, min_quotes
        return other

    def answer(
        self,
        question: str,
        query: str,
        passages: Sequence[RetrievedPassage],
        find: FindDocument,
        tokens: TokensOf | None = None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Quote the sentences that answer the query, or possibly do; or abstain."""
        with _small_matrices():
            scored, ranked, likely = self._judge(query, question, passages, tokens, shown)
        if ranked and is_denied(question, ranked[0].text):
            likely = min(likely, _DENIED)
        topic = topic_of(query)
        if topic and ranked:
            ranked = about(topic, ranked)
            likely = topic_confidence(topic, ranked, likely)
        asks_several = bool(topic) or asks_for_several(question)
        considered = non_overlapping(ranked, _CONSIDERED, lambda candidate: _whole(candidate, find))
        is_shown, is_sure = likely >= min(self.tentative, self.threshold), likely >= self.threshold
        enough = _ONE if is_sure and not asks_several else _SEVERAL
        quoted = self._choose(considered, *enough)
        if asks_several:
            quoted = non_overlapping(
                quoted, self.max_quotes, lambda candidate: _with_its_list(candidate, find)
            )
        quotes = tuple(
            Citation(
                number,
                find(chosen.document_id),
                chosen.span,
                chosen.lead,
                _answer_in(chosen, question, scored) if is_shown else None,
            )
            for number, chosen in enumerate(quoted, 1)
        )
        return Answer(
            question=question,
            query=query,
            confidence=likely,
            citations=quotes if is_shown else (),
            near=() if is_shown else quotes,
            tentative=is_shown and not is_sure,
            considered=tuple(considered),
            passages=tuple(passages),
        )

    def _judge(
        self,
        query: str,
        question: str,
        hits: Sequence[RetrievedPassage],
        tokens: TokensOf | None,
        shown: Sequence[Citation],
    ) -> tuple[list[ScoredPassage], list[Candidate], float]:
        """Score passages, and what may be quoted, best first, with how likely the best answers.

        The thorough reader reads where the quick one leaves it unsure.
        """
        passages = [hit.passage for hit in hits]
        ranked_by = partial(self._ranked, shown, max((hit.searched for hit in hits), default=0))
        encoded = self._matcher.encode_query(query, passages, question)
        matches = self._matcher.match(encoded, passages, tokens)
        weights = load_weights()
        if not self._is_read:
            scored = [ScoredPassage(encoded, m, Reading(0 * m.cosines)) for m in matches]
            return scored, *ranked_by(scored, weights.without)
        read = quick_reader().read(encoded, matches)
        scored = [ScoredPassage(encoded, *each) for each in zip(matches, read, strict=True)]
        ranked, likely = ranked_by(scored, weights.with_reader)
        if likely < _SURE:
            read = thorough_reader().read(encoded, matches)
            scored = [each._replace(thorough=r) for each, r in zip(scored, read, strict=True)]
            ranked, likely = ranked_by(scored, weights.with_both)
        return scored, ranked, likely

    def _ranked(
        self,
        shown: Sequence[Citation],
        searched: int,
        scored: Iterable[ScoredPassage],
        weights: FeatureWeights,
    ) -> tuple[list[Candidate], float]:
        """Return what may be quoted, best first, and how likely the best answers."""
        ranked = [
            candidate
            for candidate in candidates(scored, weights.candidate)
            if not any(_was_shown(candidate, quote) for quote in shown)
        ]
        if not ranked:
            return [], 0.0
        features = confidence_features(ranked, searched)
        return ranked, confidence(features, weights.confidence, self.answerable)

    def _choose(
        self, considered: Sequence[Candidate], enough: float, least: float
    ) -> list[Candidate]:
        """Choose the best, and others as long as they are likely to add to it."""
        chosen: list[Candidate] = []
        total = 0.0
        for candidate, chance in zip(considered, chances(considered), strict=True):
            if len(chosen) >= self.min_quotes and (total >= enough or chance < least):
                break
            total += chance
            is_question = bool(chosen) and candidate.features.get("is_question", 0.0)
            if not is_question and not any(_alike(candidate, other) for other in chosen):
                chosen.append(candidate)
        return chosen[: self.max_quotes]


def chances(considered: Sequence[Candidate]) -> list[float]:
    """Return how likely each candidate is to be the one that answers, if one does.

    It is the softmax of the scores, with the trained weights.
    """
    scores = [candidate.score for candidate in considered]
    odds = [math.exp(score - max(scores)) for score in scores]
    return [each / sum(odds) for each in odds]


def _small_matrices() -> AbstractContextManager[object]:
    """Return a context in which NumPy multiplies matrices on one thread.

    For small ones the others take off less than it costs to wait for them, and they stand in the
    encoder's way, as they look out for work for a while.
    """
    limited: AbstractContextManager[object] = _openblas().limit(limits=1)
    return limited


@cache
def _openblas() -> ThreadpoolController:
    """Find NumPy's; what FAISS has is set for each thread by itself."""
    import numpy  # noqa: F401 - loads its OpenBLAS, which is then found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas").select(threading_layer="pthreads")


def _with_its_list(candidate: Candidate, find: FindDocument) -> Candidate:
    """Widen a list item to its list; other candidates are left as they are."""
    document = find(candidate.document_id)
    span = Outline.of(document).list_around(candidate.span)
    return (
        replace(candidate, span=span, lead=0, text=document.text[slice(*span)])
        if span
        else candidate
    )


def _whole(candidate: Candidate, find: FindDocument) -> Candidate:
    """Widen a candidate to whole sentences; a passage may have been too short for one."""
    document = find(candidate.document_id)
    sentences = Sentences.of(document)
    span = sentences.whole(candidate.span)
    if span is None or span == candidate.span:
        return candidate
    lead = 0
    if candidate.lead and (answers := sentences.at(candidate.span.start + candidate.lead)):
        lead = max(answers.start - span.start, 0)
    return replace(candidate, span=span, lead=lead, text=document.text[slice(*span)])


def _answer_in(chosen: Candidate, question: str, scored: Iterable[ScoredPassage]) -> Span | None:
    """Return the words of a quote that answer, behind its lead, where its passage was read."""
    from qa.answering.short_answers import short_answer

    sentence = Span(chosen.span.start + chosen.lead, chosen.span.end)
    for each in scored:
        passage = each.match.passage
        if passage.document_id == chosen.document_id and passage.span.overlaps(sentence):
            within = Span(max(sentence.start, passage.start), min(sentence.end, passage.end))
            if answer := short_answer(question, each, within):
                return answer
    return None


def _was_shown(candidate: Candidate, quote: Citation) -> bool:
    is_its = candidate.document_id == quote.document_id
    return is_its and candidate.span.overlaps(Span(quote.start, quote.end))


def _alike(one: Candidate, other: Candidate) -> bool:
    """Return whether two candidates say nearly the same, word for word."""
    from rapidfuzz.fuzz import ratio

    return ratio(one.text, other.text) >= _SAME


def asks_for_several(question: str) -> bool:
    """Return whether a question asks for several things: a list, reasons, a comparison."""
    return bool(_ASKS_FOR_SEVERAL.search(question))
