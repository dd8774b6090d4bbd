"""What an answer says, held against the documents: its sentences, quotations and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple

from qa.answering.statements import Verdict, reason_of
from qa.documents import Span
from qa.evaluation.fuzzy_match import nearest
from qa.evaluation.judging.matching import Corpus, core
from qa.evaluation.judging.numbers import numbers
from qa.evaluation.questions import Place
from qa.evaluation.records import Excerpt
from qa.text.sentences import split_sentences

Kind = Literal["quote", "part of a sentence", "own words"]

_LEAST_WORDS = 3  # of a part of a sentence, for it to be a citation: fewer stand anywhere
MARK = re.compile(r"\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,20}\]")  # [1], [2, 3]
_ENUMERATOR = re.compile(r"^[ \t]{0,20}\(?\d{1,3}[.)](?=\s)", re.MULTILINE)
_MARKUP = re.compile(rf"{_ENUMERATOR.pattern}|^[ \t]{{0,20}}[-*+•](?=\s)|\*\*", re.MULTILINE)
_QUOTATION = re.compile(
    '“([^“”]{1,2000})”|„([^„“”]{1,2000})[“”]|«([^«»]{1,2000})»|(?<!\\w)"([^"\\n]{1,2000})"(?!\\w)'
)
_LEFT_OUT = re.compile(r"\[?(?:…|\.\.\.)\]?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer.

    Attributes:
        text: its words, `answer[start:end]`.
        start: where it starts in the answer, in code points.
        end: where it ends.
        kind: "quote" if it is whole sentences of a document, "part of a sentence" if its words
            stand in one, else "own words".
        places: where it stands in the documents, in their order; if it is a quote, the whole
            sentences.
        support: how well the answer's contexts carry it, from 0 to 1; None where that is not
            judged.
        verdict: "supported", or why it is not; likewise.
        wrong: what of it the contexts do not have, such as "28 days".
    """

    text: str
    start: int
    end: int
    kind: Kind = "own words"
    places: tuple[Excerpt, ...] = ()
    support: float | None = None
    verdict: Verdict | None = None
    wrong: str = ""

    @property
    def reason(self) -> str:
        """The verdict in words; empty where that is not judged."""
        return reason_of(self.verdict, self.wrong, "context") if self.verdict else ""


@dataclass(frozen=True, slots=True)
class NotThere:
    """Words in quotation marks, or a number, of an answer that stand in no document.

    Attributes:
        kind: "quotation" or "number".
        text: what the answer has, `answer[start:end]`.
        start: where it starts in the answer, in code points.
        end: where it ends.
        nearest: what the documents have that is most like a quotation; None if nothing is, or if
            it was not looked for.
    """

    kind: Literal["quotation", "number"]
    text: str
    start: int
    end: int
    nearest: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The sentences of an answer, what is in it and in no document, and what it cites.

    Attributes:
        sentences: in order.
        not_there: quotations and numbers that are nowhere, in order.
        cited: the places of each quote, part of a sentence and quotation of a few words or more.
    """

    sentences: tuple[Sentence, ...]
    not_there: tuple[NotThere, ...]
    cited: tuple[tuple[Place, ...], ...] = field(default=(), repr=False)

    @property
    def unsupported(self) -> tuple[Sentence, ...]:
        """The sentences that the answer's contexts do not support."""
        return tuple(one for one in self.sentences if one.verdict not in (None, "supported"))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "sentences": [asdict(sentence) for sentence in self.sentences],
            "not_there": [asdict(one) for one in self.not_there],
        }


class Judge:
    """Holds answers against documents.

    Args:
        corpus: the documents.
        nearest_shown: for how many quotations that are nowhere the nearest words are looked for,
            which takes time.
    """

    def __init__(self, corpus: Corpus, nearest_shown: int = 10) -> None:
        self._corpus = corpus
        self._left = nearest_shown

    def judge(self, answer: str) -> Judged:
        """Judge an answer."""
        bare = MARK.sub(lambda mark: " " * len(mark.group()), answer)
        sentences: list[Sentence] = []
        for paragraph in _paragraphs(bare):
            found = [self._sentence(answer, span) for span in paragraph]
            sentences += self._as_a_whole(answer, found)
        quotations = [*self._quotations(bare)]
        missing = [self._missing(one) for one, places in quotations if not places]
        missing += self._numbers(bare)
        return Judged(
            tuple(sentences),
            tuple(sorted(missing, key=lambda one: one.start)),
            tuple(_cited(sentences, quotations)),
        )

    def excerpt(self, place: Place) -> Excerpt:
        """Return the words of a place."""
        text = self._corpus.by_id[place.document_id].text
        return Excerpt(*place, text[place.start : place.end])

    def _sentence(self, answer: str, span: Span) -> Sentence:
        """Look for a sentence as it is, and without the answer's own marks and numbering."""
        given = answer[span.start : span.end]
        without = without_marks(given)
        kind, places = self._stands(given)
        if without != given and kind != "quote":
            kind, places = self._stands(without)
        return Sentence(given, *span, kind, tuple(map(self.excerpt, places)))

    def _stands(self, words: str) -> tuple[Kind, list[Place]]:
        places = [*self._corpus.places(words)]
        whole = [found for one in places if (found := self._corpus.whole(one))]
        if whole:
            return "quote", list(dict.fromkeys(whole))
        return ("part of a sentence" if places else "own words"), places

    def _as_a_whole(self, answer: str, found: list[Sentence]) -> list[Sentence]:
        """Take a paragraph for a quote where it is one as a whole.

        A document's sentences may be longer than those that its words are split into elsewhere.
        """
        if len(found) < 2 or all(one.kind == "quote" for one in found):
            return found
        whole = self._sentence(answer, Span(found[0].start, found[-1].end))
        if whole.kind != "quote":
            return found
        return [replace(one, kind="quote", places=one.places or whole.places) for one in found]

    def _quotations(self, bare: str) -> Iterator[tuple[_Quoted, list[Place]]]:
        """Yield the quotations that have a word in them, with the places of their first part."""
        for found in _QUOTATION.finditer(bare):
            number = found.lastindex or 0
            parts = [part for part in _LEFT_OUT.split(found.group(number)) if core(part)]
            places = [[*self._corpus.places(part)] for part in parts]
            if parts:
                quoted = _Quoted(found.group(number), Span(*found.span(number)))
                yield quoted, places[0] if all(places) else []

    def _missing(self, quoted: _Quoted) -> NotThere:
        place = None
        if self._left > 0:
            self._left -= 1
            place = nearest(quoted.text, self._corpus.documents)
        near = self.excerpt(place) if place else None
        return NotThere("quotation", quoted.text, *quoted.span, near)

    def _numbers(self, bare: str) -> Iterator[NotThere]:
        enumerators = [Span(*found.span()) for found in _ENUMERATOR.finditer(bare)]
        for number in numbers(bare):
            span = Span(number.start, number.end)
            if number.value not in self._corpus.numbers and not any(
                span.overlaps(one) for one in enumerators
            ):
                yield NotThere("number", bare[span.start : span.end], *span)


class _Quoted(NamedTuple):
    """Words in quotation marks, with their place in the answer."""

    text: str
    span: Span


def without_marks(text: str) -> str:
    """Return a text without marks of citations, and without those of lists and emphasis."""
    return _MARKUP.sub("", MARK.sub(" ", text))


def _paragraphs(text: str) -> Iterator[list[Span]]:
    """Yield the sentences of each paragraph; one that a list numbers begins with its number."""
    paragraph: list[Span] = []
    for sentence in split_sentences(text):
        if paragraph and text.count("\n", paragraph[-1].end, sentence.start) > 1:
            yield paragraph
            paragraph = []
        number = _ENUMERATOR.match(text, paragraph[-1].start) if paragraph else None
        if number and number.end() == paragraph[-1].end:
            sentence = Span(paragraph.pop().start, sentence.end)
        paragraph.append(sentence)
    if paragraph:
        yield paragraph


def _cited(
    sentences: Sequence[Sentence], quotations: Sequence[tuple[_Quoted, list[Place]]]
) -> Iterator[tuple[Place, ...]]:
    """Yield the places of each quote, in the order of the answer; a place may be any of them."""
    taken = [Span(one.start, one.end) for one in sentences if _is_citation(one)]
    found = [
        (one.start, tuple(excerpt.place for excerpt in one.places))
        for one in sentences
        if _is_citation(one)
    ]
    for quoted, places in quotations:
        inside = any(quoted.span.overlaps(span) for span in taken)
        if places and not inside and len(quoted.text.split()) >= _LEAST_WORDS:
            found.append((quoted.span.start, tuple(places)))
    return (places for _, places in sorted(found))


def _is_citation(sentence: Sentence) -> bool:
    enough = len(sentence.text.split()) >= _LEAST_WORDS
    return sentence.kind == "quote" or (sentence.kind == "part of a sentence" and enough)
