"""Questions held against passages, token by token.

Each token of the question looks for the token of a text that is most like it: late interaction
(Khattab and Zaharia 2020, ColBERT), here with the token vectors of a model that was trained for
whole sentences. A passage is encoded as a whole, title included, so that "It" in one sentence is
understood by the sentence before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embeddings import Encoder, Tokens
from qa.documents import Span
from qa.passages import Passage
from qa.terms import Rarity, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_PASSAGES_KEPT = 512
_ANY_HALF_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is held against passages.

    Attributes:
        text: its words.
        tokens: its tokens, encoded.
        weights: (tokens,), adding up to 1: how much each tells. Rare words tell more than common
            ones, and those that every text has tell nothing.
        vector: (dim,), the question as a whole.
    """

    text: str
    tokens: Tokens
    weights: NDArray[np.float32]
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """How a question's tokens meet those of a passage.

    Attributes:
        passage: the passage.
        tokens: its tokens that belong to no special sign; spans are in the document's text, and
            those of its context are negative.
        likeness: (question tokens,), of each the cosine with the likest token of the passage.
        sentences: (sentences, question tokens), the same for each sentence.
        cosines: (sentences,), of the question as a whole with each sentence in its context.
        cosine: the same for the passage.
    """

    passage: Passage
    tokens: Tokens
    likeness: NDArray[np.float32]
    sentences: NDArray[np.float32]
    cosines: NDArray[np.float32]
    cosine: float
