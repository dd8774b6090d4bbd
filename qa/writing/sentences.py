"""The sentences that a language model may point at, numbered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qa.answering import Answer
from qa.citations import in_one_line
from qa.documents import Document, Span
from qa.passages import tiktoken_encoding
from qa.text.analysis import terms
from qa.text.outline import Outline
from qa.text.quote_bounds import Sentences

_ALIKE = 0.85  # of the terms of the shorter sentence, that a repeated one shares
_MOST = 40  # sentences
_BEHIND = 6.0  # of score, that what was considered may be behind the best
_GAP = 100  # characters, between a sentence and the one before it
_LONGEST = 1_500  # characters of a sentence
_HEAD = 12  # tokens, at most, of the numbers and the line breaks of a sentence

# What speaks to a model and not to a reader is never sent to one.
_MODEL = (
    r"(?:language models?|LLMs?|chat ?bots?|AI(?: (?:assistant|agent|model|system)s?)?|ChatGPT)"
)
_WRITE = r"\b(?:answer|reply|respond|write|say|output|print|repeat|speak)\b"
_SUM_UP = r"(?:read|summari[sz]e|process|sum)(?:e?s|ing)?\b"
_REPLIES = r"(?:answers?|repl(?:y|ies)|responses?)\b"
_DROP = r"\b(?:ignore|disregard|forget|override|bypass)\b"
_RULES = r"(?:instructions?|prompts?|rules|guidelines|guardrails|context|sentences?)\b"
_SPEAKS_TO_A_MODEL = re.compile(
    "|".join(
        [
            rf"{_DROP}(?:\W+\w+){{0,5}}?\W+(?:above|previous|prior|{_RULES})",
            rf"{_DROP} (?:all (?:that|of)|anything|everything|what(?:ever)?)\b.{{0,40}}"
            r"\b(?:before|earlier|told|said|read)\b",
            r"\b(?:ignor(?:ier\w*|e[zr]?|a[dr]?)|vergiss|missacht\w*|oublie[zr]?|olvid\w*)\b.{0,40}"
            r"\b(?:anweisung|instru[ck]+[tc]?ion|regel|r[èe]gles|reglas|vorherig|pr[ée]c[ée]dent"
            r"|anterior)",
            r"\b(?:system|hidden|initial|developer)[ -]?(?:prompt|message|instruction)s?\b",
            rf"\b(?:dear|hey|attention:?|(?:note|message|notice|instructions?) (?:to|for)) "
            rf"(?:the |an? |any |all |every )?{_MODEL}\b",
            rf"\b(?:any|every|all|the) {_MODEL} (?:(?:who|that|which) )?"
            rf"(?:{_SUM_UP}|must (?:{_SUM_UP}|{_WRITE}|ignore|praise|recommend|mention))",
            rf"\byou are an? {_MODEL}\b|^\W*as an? (?:AI )?{_MODEL},",
            rf"(?:^\W*{_MODEL}|\b(?:ChatGPT|Claude|Gemini|Copilot|GPT))[,:] ?"
            rf"(?:please|you|now|ignore|do not|{_WRITE})\b",
            r"(?<!if )\b(?:you are|act as|pretend to be|behave as|roleplay as) (?:now )?"
            r"(?:an? |the )?(?:\w+ )?(?:assistant|AI|bot|model|DAN|admin\w*|root)\b",
            r"\byou are now an?\b|\byou are (?:now )?in (?:developer|god|DAN) mode\b",
            r"(?:^|\W\s|\b(?:and|now|must|please) )pretend (?:to be|that you)\b",
            r"\b(?:new|updated|secret) instructions?: ?\w|#+ ?(?:instructions?|system|response) ?:",
            r"<\|\w+\|?>|</?(?:system|assistant|inst|document|context|source|sentence|question)s?>"
            r"|</user>|\[/?INST\]|<<SYS>>",
            r"^\W*(?:assistant|system|human) ?: ?\S|\"(?:role|statements?|cites|content)\" ?:",
            rf"{_WRITE}.{{0,30}}\b(?:to (?:every|any) question|verbatim|with the words?)\b",
            rf"\bfrom now on,? (?:you )?(?:must |will |only |always )*{_WRITE}",
            r"\brespond only (?:in|with)\b",
            r"\byour (?:task is|guardrails|safety (?:rules|guidelines))\b",
            r"\b(?:print|repeat|reveal|show|tell|output|leak)\b.{0,20} your "
            r"(?:\w+ )?(?:prompt|instructions|guidelines|rules)\b",
            rf"\b(?:in|begin|end|start) (?:your|every|each|all) {_REPLIES}.{{0,30}}"
            rf"(?:{_WRITE}|recommend|mention|include|add|with)"
            rf"|\b(?:add|append|attach)\b.{{0,60}} to (?:every|each|all) {_REPLIES}",
            rf"\b(?:when|if) (?:you(?:'re| are) )?asked\b.{{0,50}}(?:, | then )"
            rf"(?:always |you must )?{_WRITE}",
            r"\bcite (?:sentence|source|number)\b",
            rf"\b(?:whoever|whatever|anyone who|if you) {_SUM_UP} (?:up )?"
            r"this (?:text|document|page)\b",
            r"\b(?:base64|rot13)\b.{0,40}\b(?:do|follow|obey|answer)\b"
            r"|^\W*(?:developer|god|DAN) mode (?:is )?(?:now )?(?:enabled|on|active)\b",
            r"^\W*(?:begin|end) (?:of )?(?:the |this )?(?:system|admin|prompt|context|document)\b"
            r"(?: \w+)?\W*(?:$|[.:;])",
        ]
    ),
    re.IGNORECASE | re.DOTALL,
)
_ALIKE_LETTERS = str.maketrans(
    "аеорсухіѕјԁһԛԝАВЕКМНОРСТХІЅЈαοινΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxisjdhqwABEKMHOPCTXISJaoivABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that look like Latin ones."""


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
    """Return whether a text seems to tell a language model what to do, however it is disguised."""
    plain = unicodedata.normalize("NFKC", text).translate(_ALIKE_LETTERS)
    seen = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return bool(_SPEAKS_TO_A_MODEL.search(" ".join(seen.split())))


def numbered(answer: Answer, document_of: Callable[[str], Document], tokens: int) -> list[Numbered]:
    """Return the sentences that an answer may be written of, each document's in their order.

    These are its quotes' and those of what it considered that are not far behind; of an answer
    that tells nothing of that, those of its passages. One that says the same as one before it is
    left out, and so is what speaks to a model.

    Args:
        answer: with its quotes, what it considered, and its passages.
        document_of: returns the document of an id.
        tokens: the most tokens (cl100k_base) of the sentences and what they stand under.
    """
    encode = tiktoken_encoding().encode_ordinary
    kept: list[Numbered] = []
    told: list[frozenset[str]] = []
    for one in dict.fromkeys(_likely(answer, document_of)):
        words = terms(one.text)
        if len(one.text) > _LONGEST or not words or _is_told(words, told):
            continue
        if speaks_to_a_model(one.text) or speaks_to_a_model(one.context):
            continue
        is_under = any(one.context == other.context for other in kept)
        tokens -= _HEAD + len(encode(one.text)) + (0 if is_under else len(encode(one.context)))
        if tokens < 0 or len(kept) == _MOST:
            break
        kept.append(one)
        told.append(words)
    first = {one.document.id: -number for number, one in reversed(list(enumerate(kept)))}
    return sorted(kept, key=lambda one: (-first[one.document.id], one.span.start))


def _is_told(words: frozenset[str], told: Sequence[frozenset[str]]) -> bool:
    return any(len(words & other) >= _ALIKE * max(len(words), len(other)) for other in told)


def _likely(answer: Answer, document_of: Callable[[str], Document]) -> Iterator[Numbered]:
    """Yield the sentences that may be written of, the likeliest first."""
    places = [(quote.document_id, Span(quote.start, quote.end)) for quote in answer.citations]
    least = answer.considered[0].score - _BEHIND if answer.considered else 0.0
    places += [(one.document_id, one.span) for one in answer.considered if one.score >= least]
    if not answer.considered:
        passages = [hit.passage for hit in answer.passages]
        places += [(one.document_id, Span(one.start, one.end)) for one in passages]
    for id_, span in places:
        document = document_of(id_)
        for sentence in _sentences(document, span):
            if Outline.of(document).is_quotable(sentence):
                yield _numbered(document, sentence)


def _sentences(document: Document, span: Span) -> Iterator[Span]:
    """Yield the sentences that a span has characters of."""
    known, at = Sentences.of(document), span.start
    while at < span.end:
        if sentence := known.at(at):
            yield sentence
        at = sentence.end if sentence else at + 1


def _numbered(document: Document, span: Span) -> Numbered:
    above = (document.text[slice(*each)] for each in Outline.of(document).above(span))
    context = " > ".join([document.title, *map(in_one_line, above)])
    start = document.text[max(span.start - _GAP, 0) : span.start]
    gap = len(start) - len(start.rstrip())
    before = Sentences.of(document).at(span.start - gap - 1) if gap < len(start) else None
    is_near = "\n\n" not in start[len(start) - gap :]
    leading = document.text[slice(*before)] if before and is_near else ""
    return Numbered(document, span, context, "" if speaks_to_a_model(leading) else leading)
