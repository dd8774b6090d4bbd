"""The training examples of `benchmarks/learn.py`: questions, retrieved passages, answers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from benchmarks.question_sets import indexed
from embeddings import Encoder
from qa.answering.candidates import Candidate
from qa.answering.late_interaction import EncodedQuery, Match, Matcher
from qa.documents import Document
from qa.evaluation import Question, QuestionSet, load_questions
from qa.evaluation.gold import locate
from qa.evaluation.questions import Place
from qa.follow_ups.rewriting import rewrite
from qa.loaders import load_all

HELD_OUT = {"squad2_cs224n": 5, "mtrag": 2}
"""One of so many articles or conversations of a set is held out of the training."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the passages retrieved for it.

    Attributes:
        question: the question.
        query: the question, encoded; a follow-up, as it was rewritten.
        matches: the passages matched with it.
        places: where it is answered.
        group: the article or conversation that it is about: no example is judged by weights that
            were fitted to its group.
        searched: how many passages were searched.
        words: where the few words stand that answer; None if `places` are such.
    """

    question: Question
    query: EncodedQuery
    matches: list[Match]
    places: frozenset[Place]
    group: str
    searched: int = 0
    words: frozenset[Place] | None = None

    def answers(self, match: Match) -> NDArray[np.bool_]:
        """Return which tokens of a passage are part of an answer: (tokens,)."""
        return answering(match, self.places)

    def answered_by(self, candidate: Candidate) -> bool:
        """Return whether a candidate shares a character with an answer, behind its lead."""
        start, end = candidate.span
        return self._common(Place(candidate.document_id, start + candidate.lead, end)) > 0

    def worth(self, candidate: Candidate) -> float:
        """Judge a quote: whether it has some of an answer, and the F1 of its characters.

        The first alone would ask for ever longer quotes.
        """
        quoted = Place(candidate.document_id, *candidate.span)
        common = self._common(quoted)
        wanted = sum(place.end - place.start for place in self.places)
        return (common > 0) + 2 * common / (quoted.end - quoted.start + wanted)

    def _common(self, quoted: Place) -> int:
        return sum(quoted.common(place) for place in self.places)


def answering(match: Match, places: Iterable[Place]) -> NDArray[np.bool_]:
    """Return which tokens of a passage lie in one of some places: (tokens,)."""
    passage = match.passage
    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = match.tokens.spans[:, 0] - before, match.tokens.spans[:, 1] - before
    inside = np.zeros(len(starts), bool)
    for place in places:
        if place.document_id == passage.document_id:
            inside |= (starts < place.end) & (place.start < ends)
    return inside & match.sentence_mask.any(axis=0)


def held_out(set_name: str, group: str) -> bool:
    every = HELD_OUT.get(set_name)
    return every is not None and zlib.crc32(group.encode()) % every == 0


def group_of(set_name: str, question: Question, title: str) -> str:
    """Return what a question is held out with: in mtrag its conversation, else the article."""
    return question.id.partition("<::>")[0] if set_name == "mtrag" else title


def corpus_of(folder: Path, questions: QuestionSet, *, whole: bool) -> list[Document]:
    """Return a set's documents; with `whole`, not in windows, if the set has them so."""
    documents = folder / "documents"
    is_there = whole and documents.is_dir()
    return load_all([documents]) if is_there else list(questions.documents)


def examples(folder: Path, encoder: Encoder) -> list[Example]:
    """Retrieve passages for the questions of a set, without those that are held out."""
    questions = load_questions(folder)
    documents = corpus_of(folder, questions, whole=True)
    gold = locate(questions, documents)
    titles = {document.id: document.title for document in documents}
    matcher = Matcher(encoder, most=10**9)
    made = []
    with indexed(documents, encoder) as qa:
        for question in tqdm(questions, desc=folder.name, unit=" questions"):
            hits = qa.retrieve(question.text, history=question.history)
            passages = [hit.passage for hit in hits]
            group = group_of(folder.name, question, titles[passages[0].document_id])
            if held_out(folder.name, group):
                continue
            places = frozenset(place for part in gold[question.id].parts for place in part)
            query = rewrite(question.text, question.history).query
            encoded = matcher.encode_query(query, passages, question.text)
            matches = matcher.match(encoded, passages)
            made.append(Example(question, encoded, matches, places, group, hits[0].searched))
    return made
