"""Passages to an answer: candidates are scored, and the best are quoted, or none.

`late_interaction` matches passages with the question, `candidates` are the sentences that may be
quoted, `span_reader` reads them, `confidence` says how likely they answer, and `extractive` makes
the answer of them (`answers`).
"""

from qa.answering.answers import ABSTENTION, TENTATIVE, Answer, Status, abstention
from qa.answering.confidence import ANSWERABLE
from qa.answering.extractive import (
    DEFAULT_TENTATIVE,
    DEFAULT_THRESHOLD,
    Answerer,
    ExtractiveAnswerer,
)

__all__ = [
    "ABSTENTION",
    "ANSWERABLE",
    "DEFAULT_TENTATIVE",
    "DEFAULT_THRESHOLD",
    "TENTATIVE",
    "Answer",
    "Answerer",
    "ExtractiveAnswerer",
    "Status",
    "abstention",
]
