"""The sentences that a language model may point at, numbered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qa.answering import Answer
from qa.documents import Document, Span
from qa.passages import Passage, tiktoken_encoding
from qa.text.analysis import terms
from qa.text.outline import Outline

_ALIKE = 0.85  # of the terms of the shorter sentence, that a repeated one shares
_MOST = 60  # sentences
_LONGEST = 1_500  # characters of a sentence
_HEAD = 12  # tokens, at most, of the numbers and the line breaks of a sentence

# What speaks to a model and not to a reader is never sent to one.
_SPEAKS_TO_A_MODEL = re.compile(
    "|".join(
        [
            r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,60}\b(?:above|before|previous|prior"
            r"|earlier|instructions?|prompts?|rules|context|sentences?|all)\b",
            r"\b(?:system|hidden|initial|developer)[ -]?(?:prompt|message|instruction)s?\b",
            r"\b(?:language model|LLM|chat ?bot|ChatGPT|GPT-?\d?|Claude|Gemini)\b",
            r"\bAI (?:assistant|model|system)\b|\bas an AI\b",
            r"\b(?:you are|act as|pretend to be|behave as|roleplay as) (?:now |an? |the )?"
            r"(?:assistant|AI|bot|model|system|DAN|admin\w*|developer|root|different|new)\b",
            r"\b(?:new|updated|important|special|secret) instructions?\b",
            r"<\|?/?(?:im_start|im_end|system|user|assistant|endoftext|eot|inst)\b|\[/?INST\]|<<SYS>>",
            r"\b(?:assistant|system|user) ?: ?\S",
            r"\b(?:answer|reply|respond|write|say|output|print|repeat)\b.{0,30}\b(?:only|exactly"
            r"|always|instead|every question|any question|the user|verbatim|JSON|with the words?"
            r"|the following)\b",
            r"\b(?:your|the) (?:instructions|prompt|training|guidelines|guardrails|task is)\b",
            r"\b(?:jailbreak|prompt injection)\b",
            r"\b(?:begin|end) (?:of )?(?:system|admin|prompt|context)\b",
        ]
    ),
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sentence that may be pointed at.

    Attributes:
        document: its document.
        span: its place there.
        context: the document's title, the headings above it and what leads in to it.
        before: the sentence before it in its passage; empty where there is none.
    """

    document: Document
    span: Span
    context: str
    before: str = ""

    @property
    def text(self) -> str:
        """Its words."""
        return self.document.text[self.span.start : self.span.end]

    @property
    def in_context(self) -> str:
        """Its words with what they stand under and after, as a reader meets them."""
        return "\n".join(filter(None, (self.context, self.before, self.text)))


def speaks_to_a_model(text: str) -> bool:
    """Return whether a text seems to tell a language model what to do."""
    return bool(_SPEAKS_TO_A_MODEL.search(text))


def numbered(answer: Answer, document_of: Callable[[str], Document], tokens: int) -> list[Numbered]:
    """Return the sentences of an answer's passages, the likeliest passages first.

    What was quoted comes first, then passage by passage; a sentence that says the same as one
    before it is left out, and so is what speaks to a model.

    Args:
        answer: with its passages.
        document_of: returns the document of an id.
        tokens: the most tokens (cl100k_base) of the sentences and what they stand under.
    """
    encode = tiktoken_encoding().encode_ordinary
    kept: list[Numbered] = []
    told: list[frozenset[str]] = []
    places: set[tuple[str, Span]] = set()
    contexts: set[str] = set()
    for one in _in_order(answer, document_of):
        place, words = (one.document.id, one.span), terms(one.text)
        context = "" if one.context in contexts else one.context
        if place in places or len(one.text) > _LONGEST or not words or _is_told(words, told):
            continue
        if speaks_to_a_model(one.text) or speaks_to_a_model(one.context):
            continue
        size = _HEAD + len(encode(context)) + len(encode(one.text))
        if size > tokens or len(kept) == _MOST:
            break
        tokens -= size
        kept.append(one)
        told.append(words)
        places.add(place)
        contexts.add(one.context)
    return sorted(kept, key=lambda one: _order(one, kept))


def _order(one: Numbered, kept: Sequence[Numbered]) -> tuple[int, int]:
    """Return where a sentence stands: documents by their best sentence, then in their order."""
    first = next(n for n, other in enumerate(kept) if other.document.id == one.document.id)
    return first, one.span.start


def _is_told(words: frozenset[str], told: Sequence[frozenset[str]]) -> bool:
    return any(
        len(words & other) >= _ALIKE * max(len(words), len(other)) for other in told if other
    )


def _in_order(answer: Answer, document_of: Callable[[str], Document]) -> Iterator[Numbered]:
    quoted = {(c.document_id, c.start, c.end) for c in answer.citations}
    for only_quoted in (True, False):
        for hit in answer.passages:
            document = document_of(hit.passage.document_id)
            for number, span in enumerate(hit.passage.sentences):
                is_quoted = any(
                    id_ == document.id and start < span.end and span.start < end
                    for id_, start, end in quoted
                )
                if is_quoted is only_quoted and number not in hit.passage.unquotable:
                    yield _numbered(document, hit.passage, number)


def _numbered(document: Document, passage: Passage, number: int) -> Numbered:
    span = passage.sentences[number]
    above = Outline.of(document).above(span)
    context = " > ".join(
        filter(None, [document.title, *(" ".join(document.text[slice(*a)].split()) for a in above)])
    )
    before = passage.sentences[number - 1] if number else None
    leading = document.text[before.start : before.end] if before else ""
    return Numbered(document, span, context, "" if speaks_to_a_model(leading) else leading)
