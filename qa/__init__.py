"""Ask a document, and be answered in its own words, with proof.

from qa import QA

with QA.open("essay.txt") as qa:
    answer = qa.ask("When was the Belt and Road proposed?")
    print(answer.text)
"""

import logging

from qa.answering import Answer
from qa.citations import Citation
from qa.conversation import Conversation
from qa.documents import Document
from qa.engine import QA
from qa.errors import QAError
from qa.follow_ups.rewriting import Rewriting
from qa.one_call import retrieve
from qa.passages import Chunking, Passage
from qa.retrieval import RetrievedPassage
from qa.verification import verify
from qa.writing.llm import LLM

__all__ = [
    "LLM",
    "QA",
    "Answer",
    "Chunking",
    "Citation",
    "Conversation",
    "Document",
    "Passage",
    "QAError",
    "RetrievedPassage",
    "Rewriting",
    "retrieve",
    "verify",
]

logging.getLogger("inquote").addHandler(logging.NullHandler())
