"""A few sentences of a document that together stand for it.

Sentences are taken one after the other, each time the one that adds most to how near every
sentence of the document is to its nearest chosen one: facility location, a submodular function
(Lin and Bilmes 2011), for which the greedy choice is near the best. What says the same twice adds
nothing. Those near the document's start and near its title have an advantage, as they tell what
the others are about. The first of this order are the overview, and the next are more of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from embeddings import Encoder
from qa.answering.answers import Answer
from qa.answering.candidates import HANGS
from qa.citations import Citation
from qa.documents import Document, Span
from qa.index.protocol import AnyIndex
from qa.passages import Passage
from qa.text.quote_bounds import Sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

OVERVIEW = "What is this about?"
"""The question that an overview answers."""

MOST_SENTENCES = 30
"""The most sentences of a document that are put in order."""

MOST_QUOTES = 100
"""The most quotes in an overview of several documents."""

_MOST_READ, _MOST_READ_IN_ALL, _FEWEST_READ = 200, 400, 20  # sentences that are encoded
_IN_A_PASSAGE = 3  # sentences that a passage has about
_MOST_COMPARED = 2_000  # passages of a very long document, at even distances
_KEPT = 64  # documents whose order is kept
_FEWEST_WORDS, _MOST_WORDS = 6, 60  # of a sentence that is chosen
_COUNTED_WORDS = 4, 30  # a shorter one counts nothing, a longer one as if it had so many
_LETTERS = 0.7  # of what is not white space, in prose
_START, _TITLE = 0.5, 0.5  # the advantage of the first sentence, and of one that says the title
_START_ENDS = 0.07  # of the document: there the advantage is a third

_WORD = re.compile(r"\w+")
_IS_SENTENCE = re.compile(r"[\"“‘«(\[*_]*[^\W_].*[.!。！…][\"”’»)\]*_]*", re.DOTALL)
_JOINS = re.compile(
    r"\W*(and|but|or|so|yet|also|then|thus|therefore|hence|however|instead|still|moreover"
    r"|furthermore|besides|otherwise|nevertheless|for (example|instance)"
    r"|in (addition|contrast|turn)|on the other hand|as a result|similarly|likewise|another|here"
    r"|there|both|his|her|its|their|that)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\W*[\w.]+( [\w.]+){0,3}:")
_BOILERPLATE = re.compile(
    r"©|https?:|www\.|@\w|\b(all rights reserved|copyright|page \d+|click|cookies?)\b",
    re.IGNORECASE,
)


class Overviews:
    """Makes overviews of the documents of an index.

    Args:
        index: the index that holds the documents.
        encoder: the one that the index was made with.
    """

    def __init__(self, index: AnyIndex, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder
        self._kept = lru_cache(maxsize=_KEPT)(self._ranked)

    def answer(
        self,
        question: str,
        document_ids: Sequence[str],
        sentences: int,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Quote so many sentences of each document, in its order, without those that were shown."""
        each = min(sentences, MOST_QUOTES // max(len(document_ids), 1))
        read = max(_FEWEST_READ, min(_MOST_READ, _MOST_READ_IN_ALL // max(len(document_ids), 1)))
        seen = {(quote.document_id, Span(quote.start, quote.end)) for quote in shown}

        def rank(document: Document) -> tuple[Span, ...]:
            return self._kept(document.id, document.sha256, read)

        chosen = [
            (document, span)
            for document in map(self._index.document, document_ids)
            for span in sorted([s for s in rank(document) if (document.id, s) not in seen][:each])
        ]
        quotes = tuple(Citation(number, *each) for number, each in enumerate(chosen, 1))
        return Answer(question, question, confidence=float(bool(quotes)), citations=quotes)

    def _ranked(self, document_id: str, _: str, read: int) -> tuple[Span, ...]:
        """Put sentences of a document in order, the one that stands for most of it first."""
        import numpy as np

        document = self._index.document(document_id)
        passages = self._passages(document_id, -(-read // _IN_A_PASSAGE))
        spans = _sentences(document, passages)[:read]
        if not spans:
            return ()
        texts = [document.text[slice(*span)] for span in spans]
        *vectors, title = self._encoder.encode_with_tokens([*texts, document.title])[0]
        fit = [is_fit(text) for text in texts]
        if not any(fit):
            fit = [not text.endswith("?") for text in texts]
        weights = [min(_word_count(text), _COUNTED_WORDS[1]) for text in texts]
        matrix = np.array(vectors)
        places = np.array([span.start for span in spans]) / len(document.text)
        advantages = (
            1 + _START * np.exp(-places / _START_ENDS) + _TITLE * np.maximum(matrix @ title, 0)
        )
        chosen = greedy(matrix, weights, np.array(fit) * advantages)
        return tuple(spans[number] for number in chosen)

    def _passages(self, document_id: str, most: int) -> list[Passage]:
        """Read a document's passages; of a long document, those that stand for all."""
        import numpy as np

        numbers = self._index.numbers_of([document_id])
        if len(numbers) > most:
            numbers = numbers[:: -(-len(numbers) // _MOST_COMPARED)]
            vectors = self._index.vectors(numbers)
            alike = np.ones(len(numbers))
            chosen = greedy(vectors, [1] * len(numbers), alike, most)
            numbers = numbers[sorted(chosen)]
        return self._index.passages(numbers.tolist())


def _sentences(document: Document, passages: Sequence[Passage]) -> list[Span]:
    """Return the sentences of some passages, whole, without very short ones."""
    spans = [span for passage in passages for span in passage.sentences]
    whole = dict.fromkeys(filter(None, map(Sentences.of(document).whole, spans)))
    least, _ = _COUNTED_WORDS
    return [span for span in whole if _word_count(document.text[slice(*span)]) >= least]


def _word_count(text: str) -> int:
    return len(_WORD.findall(text))


def is_fit(text: str) -> bool:
    """Return whether a sentence can be understood where nothing stands before it.

    Headings, items of lists, questions and what pages say of themselves are left out.
    """
    signs = [sign for sign in text if not sign.isspace()]
    letters = sum(sign.isalpha() for sign in signs)
    return (
        _FEWEST_WORDS <= _word_count(text) <= _MOST_WORDS
        and letters >= _LETTERS * len(signs)
        and bool(_IS_SENTENCE.fullmatch(text))
        and not any(way.match(text) for way in (HANGS, _JOINS, _LABEL))
        and not _BOILERPLATE.search(text)
    )


def greedy(
    vectors: Matrix,
    weights: Sequence[float],
    advantages: NDArray[np.float64],
    most: int = MOST_SENTENCES,
) -> list[int]:
    """Choose the rows that together are nearest to all rows, one after the other.

    Args:
        vectors: of length 1, a row each.
        weights: how much each row counts as one to be near to.
        advantages: what the gain of each row is multiplied by; 0 for those not to be chosen.
        most: how many are chosen.
    """
    import numpy as np

    # A vector's last digits depend on what it was encoded with; the choice must not.
    similarity = np.round(np.maximum(vectors @ vectors.T, 0), 4).astype(np.float64)
    counted = np.array(weights, np.float64)
    nearest = np.zeros(len(vectors))
    left = np.round(advantages, 4)
    chosen: list[int] = []
    while left.any() and len(chosen) < most:
        gains = left * (np.maximum(similarity - nearest, 0) @ counted)
        best = int(np.argmax(np.where(left > 0, np.round(gains, 3), -1)))
        chosen.append(best)
        nearest = np.maximum(nearest, similarity[best])
        left[best] = 0
    return chosen
