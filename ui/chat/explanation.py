"""How an answer was found, in terms that a reader can follow."""

from __future__ import annotations

from dataclasses import dataclass

from ui.chat.turns import Checked, KeptSpan
from ui.strings import say

_STAGES = ("query", "retrieval", "answer", "total")
_VERY_LIKELY = 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """A passage or a sentence in a table.

    Attributes:
        text: its words; None where the document is not here.
        values: what the columns after it show.
        share: the length of its bar, from 0 to 1.
        number: the number of the quote that it is; None where it is not quoted.
    """

    text: str | None
    values: tuple[str, ...]
    share: float
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the panel shows of a turn."""

    confidence: float
    threshold: float
    tentative: float
    gauge: str
    meaning: str
    limits: str
    sentences: list[Row]
    passages: list[Row]
    times: list[str]


def explanation(checked: Checked) -> Explanation:
    """Return how a turn's answer was found."""
    trace, answer = checked.turn.found, checked.turn.answer
    tentative = min(
        trace.threshold if trace.tentative is None else trace.tentative, trace.threshold
    )
    threshold = f"{trace.threshold:.2f}"
    return Explanation(
        confidence=answer.confidence,
        threshold=trace.threshold,
        tentative=tentative,
        gauge=say("explanation.gauge", confidence=f"{answer.confidence:.2f}", threshold=threshold),
        meaning=_meaning(answer.confidence, word(answer.confidence, trace.threshold, tentative)),
        limits=say(
            "explanation.thresholds" if tentative < trace.threshold else "explanation.threshold",
            threshold=threshold,
            tentative=f"{tentative:.2f}",
        ),
        sentences=_sentences(checked),
        passages=_passages(checked),
        times=[
            say(f"explanation.stage.{stage}", ms=f"{seconds * 1000:,.1f}")
            for stage, seconds in trace.seconds.items()
            if stage in _STAGES
        ],
    )


def word(confidence: float, threshold: float, tentative: float) -> str:
    """Put a confidence into a word."""
    if confidence >= threshold:
        very = confidence >= _VERY_LIKELY
        return say("explanation.very_likely" if very else "explanation.likely")
    return say("explanation.possible" if confidence >= tentative else "explanation.unlikely")


def _meaning(confidence: float, in_a_word: str) -> str:
    """Return what a confidence means, if it is calibrated."""
    tenths = round(10 * confidence)
    shown = f"{confidence:.2f}"
    if tenths in (0, 10):
        return say(
            "explanation.confidence_all" if tenths else "explanation.confidence_none",
            confidence=shown,
            word=in_a_word,
        )
    return say("explanation.confidence", confidence=shown, word=in_a_word, tenths=tenths)


def _sentences(checked: Checked) -> list[Row]:
    answer = checked.turn.answer
    quoted = {(c.document_id, c.start, c.end): c.number for c in answer.citations or answer.near}
    return [
        Row(
            text=_text(checked, each),
            values=(f"{each.chance:.0%}", f"{each.cosine:.2f}"),
            share=each.chance,
            number=quoted.get((each.document_id, each.start, each.end)),
        )
        for each in checked.turn.found.sentences
    ]


def _passages(checked: Checked) -> list[Row]:
    passages = checked.turn.found.passages
    top = max((each.score for each in passages), default=0.0) or 1.0
    return [
        Row(
            text=_text(checked, each),
            values=(
                f"{each.score:.3f}",
                _ranked(f"{each.dense_score:.3f}", each.dense_rank),
                _ranked(f"{each.lexical_score:.2f}", each.lexical_rank),
            ),
            share=min(1.0, max(0.0, each.score / top)),
        )
        for each in passages
    ]


def _ranked(score: str, rank: int | None) -> str:
    return f"{score} {say('explanation.rank', rank=rank) if rank else '–'}"


def _text(checked: Checked, span: KeptSpan) -> str | None:
    """Return the words of a span, if its document is still the one that was asked."""
    document = checked.find(span.document_id)
    answer = checked.turn.answer
    digests = {c.document_id: c.sha256 for c in (*answer.citations, *answer.near)}
    if document is None or digests.get(span.document_id, document.sha256) != document.sha256:
        return None
    if not 0 <= span.start < span.end <= len(document.text):
        return None
    return document.text[span.start : span.end]
