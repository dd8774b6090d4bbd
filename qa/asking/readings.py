"""A question that depends on those before it, answered in each way that it can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qa.answering import Answer
from qa.citations import Citation
from qa.follow_ups.rewriting import Rewriting
from qa.retrieval import RetrievedPassage
from qa.text.analysis import terms

_SURER = 0.15  # of confidence, that the history must add to an ambiguous question
_BEHIND = 2.0  # of score, that its quote may be behind the best for the question by itself

AnswerTo = Callable[[str, Sequence[RetrievedPassage]], Answer]
"""Answers a query from passages."""


def best_reading(
    asked: Rewriting,
    passages: Sequence[RetrievedPassage],
    own: Sequence[RetrievedPassage],
    answer: AnswerTo,
) -> Answer:
    """Answer a question as it was rewritten; one that may stand alone, by itself if better.

    Words from the history match the passage that they came from, whatever is asked. So the
    answer with them must be surer, and what it quotes must also be among the best for the
    question by itself. For a standalone question something else stands out by far; for a
    dependent one nothing does. But a pronoun may stand for somebody whom only the asker knows
    ("Can she take her phone?"): a sure answer to such a question by itself is taken where the
    quote with the history is not among its best. One that names another subject is answered by
    what speaks of that. What the rules are worth: docs/conversation.md.

    Args:
        asked: the question and its rewriting.
        passages: what was retrieved for the rewriting.
        own: what was retrieved for the question by itself.
        answer: answers a query from passages.
    """
    with_history = answer(asked.query, passages)
    if not asked.may_stand_alone:
        return with_history
    standalone = answer(asked.question, own)
    if asked.subject:
        return _on_subject(asked, with_history, standalone)
    if not asked.is_ambiguous and standalone.abstained:
        return with_history
    if asked.points_back and not with_history.abstained:
        if standalone.status != "answered" or standalone.confidence <= with_history.confidence:
            return with_history
    elif with_history.confidence < standalone.confidence + _SURER:
        return standalone
    is_near_best = _is_near_best(with_history, answer(asked.question, passages))
    return with_history if is_near_best else standalone


def _is_near_best(with_history: Answer, standalone: Answer) -> bool:
    """Return whether a quote is nearly the best for the question by itself, in the same passages.

    Where the answerer does not tell what it considered, it is taken to be.
    """
    if not standalone.considered or not with_history.considered:
        return True
    quoted = with_history.considered[0]
    scores = [other.score for other in standalone.considered if other.overlaps(quoted)]
    return max(scores, default=float("-inf")) >= standalone.considered[0].score - _BEHIND


def _on_subject(asked: Rewriting, with_history: Answer, standalone: Answer) -> Answer:
    """Return the answer that speaks of the subject that a follow-up names.

    What came before is read with it if the quote then speaks of it; else what is said of the
    subject as such. A quote that has no word of it is about what came before, and no answer; but
    one in another document, that does not name the subject in full, is further off.
    """
    if with_history.abstained:
        return with_history if standalone.abstained else standalone
    subject, best = terms(asked.subject), with_history.citations[0]
    texts = [best.quote] if asked.is_noted else [best.quote, *_around(best, with_history)]
    if any(subject <= terms(text) for text in texts):
        return with_history
    if standalone.abstained:
        return with_history if subject & terms(best.quote) else standalone
    other = standalone.citations[0]
    is_far_off = other.document_id != best.document_id and not subject <= terms(other.quote)
    return with_history if is_far_off else standalone


def _around(quote: Citation, answer: Answer) -> list[str]:
    """Return the passages that hold the start of a quote, in context."""
    return [
        hit.passage.text_in_context
        for hit in answer.passages
        if hit.passage.document_id == quote.document_id
        and hit.passage.start <= quote.start < hit.passage.end
    ]
