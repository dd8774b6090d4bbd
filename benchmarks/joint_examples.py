"""What the second reader learns from: questions with the passages that a retriever brings.

Of a question that is answered, there is a second situation, without the passages that answer it.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from benchmarks.joint_network import Pair, Situation
from benchmarks.learn_examples import Example, answering
from benchmarks.question_sets import indexed
from embeddings import Encoder
from embeddings.models import find_model
from embeddings.pairs import PairEncoder
from qa.answering.late_interaction import EncodedQuery, Match, Matcher
from qa.answering.span_reader import token_features
from qa.documents import Document, Span
from qa.evaluation import load_questions
from qa.evaluation.gold import locate
from qa.evaluation.questions import Place
from qa.passages import Passage

DOCUMENTS = {
    "squadshifts_new_wiki": 1580,
    "squadshifts_reddit": 700,
    "squadshifts_amazon_reviews": 900,
    "qed": 1800,
    "selqa": 700,
    "condaqa": 500,
}
"""The sets that are learnt from, and how many documents of each."""

QUESTIONS = 2_500  # of each, at most
_SIZES = (6, 6, 40, 200, None)  # documents that a question is asked of; None is all
_RETRIEVED, _READ = 12, 8
_KEPT_APART = 8  # one of so many articles is measured on
_GOOD, _BAD = 2, 4  # passages
_CLAIMS, _YES_NO, _NEAR = 4_000, 3_500, 12
_LONGEST = 1_200  # characters
_AS_QUESTION = ["Is it true that {}?", "Is it true that {}?", "Is it correct that {}?", "{}?", "{}"]


def is_kept_apart(example: Example) -> bool:
    """Return whether an example is kept from the reader, to be measured on."""
    return zlib.crc32(f"cal {example.group}".encode()) % _KEPT_APART == 0


def asked(folder: Path, encoder: Encoder) -> Iterator[Example]:
    """Yield the examples of a set: each question among documents around its own, then without it.

    Folder is one of those of `DOCUMENTS`.
    """
    chance = random.Random(0)
    questions = load_questions(folder)
    documents = questions.documents[: DOCUMENTS[folder.name]]
    with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
        source = {row["_id"]: row.get("source_passage") for row in map(json.loads, lines)}
    at = {document.id: number for number, document in enumerate(documents)}
    within = [question for question in questions if source[question.id] in at]
    chosen = chance.sample(within, min(QUESTIONS, len(within)))
    gold = locate(replace(questions, questions=tuple(chosen)), documents)
    matcher = Matcher(encoder, most=10**9)
    with indexed(documents, encoder) as qa:
        for question in tqdm(chosen, desc=folder.name, unit=" questions"):
            home = str(source[question.id])
            among = _around(documents, at[home], chance)
            hits = qa.retrieve(question.text, top_k=_RETRIEVED, documents=among)
            places = frozenset(place for part in gold[question.id].parts for place in part)
            answering_ids = {place.document_id for place in places}
            passages = [hit.passage for hit in hits]
            without = [each for each in passages if each.document_id not in answering_ids]
            situations = [(passages, places), *([(without, frozenset())] if places else [])]
            for found, answers in situations:
                if found:
                    query = matcher.encode_query(question.text, found[:_READ])
                    matches = matcher.match(query, found[:_READ])
                    yield Example(question, query, matches, answers, home, hits[0].searched)


def _around(documents: Sequence[Document], number: int, chance: random.Random) -> list[str] | None:
    """Draw a window of documents around one; None is all."""
    size = chance.choice(_SIZES)
    if size is None:
        return None
    start = max(0, min(number - chance.randrange(size), len(documents) - size))
    return [document.id for document in documents[start : start + size]]


def claims_read(train: Path, chance: random.Random) -> list[tuple[str, dict[str, str]]]:
    """Draw the claims that are learnt from, each with how it is asked."""
    rows = _rows(train / "support" / "fever_dev" / "pairs.jsonl")
    claims = [(chance.choice(_AS_QUESTION), row) for row in rows]
    short = [(how, row) for how, row in claims if len(row["premise"]) <= _LONGEST]
    return chance.sample(short, min(_CLAIMS, len(short)))


class Situations:
    """Makes situations of examples, and of claims and questions that a text decides."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._token_ids = PairEncoder(find_model(), {}).token_ids

    def of(self, example: Example) -> Situation | None:
        """Return the situation of an example; None if it is answered by no passage of its own."""
        pairs = [
            self.pair(example.query, match, example.places, example.words)
            for match in example.matches
        ]
        good = [pair for pair in pairs if pair.answering.any()][:_GOOD]
        bad = [pair for pair in pairs if not pair.answering.any()][:_BAD]
        return Situation(good, bad) if good or not example.places else None

    def deciding(self, train: Path) -> Iterator[Situation]:
        """Yield claims, asked, with their evidence; and questions for yes or no with theirs.

        Evidence decides, be it for or against. The nearest of other claims does not.
        """
        chance = random.Random(1)
        claims = [
            (how.format(row["hypothesis"].rstrip(".?! ")), row["premise"])
            for how, row in claims_read(train, chance)
        ]
        folder = train / "qa" / "condaqa"
        texts = {row["_id"]: row["text"] for row in _rows(folder / "corpus.jsonl")}
        questions = [
            (row["text"], texts[row["source_passage"]])
            for row in _rows(folder / "yes_no.jsonl")
            if row["source_passage"] in texts
        ]
        short = [each for each in questions if len(each[1]) <= _LONGEST]
        for given in (claims, chance.sample(short, min(_YES_NO, len(short)))):
            yield from self._decided(given)

    def _decided(self, asked: Sequence[tuple[str, str]]) -> Iterator[Situation]:
        texts = list(dict.fromkeys(text for _, text in asked))
        vectors = self._encoder.encode_passages(texts)
        matcher = Matcher(self._encoder, most=10**9)
        for question, text in tqdm(asked, unit=" decided"):
            nearest = np.argsort(-(vectors @ self._encoder.encode_queries([question])[0]))
            # Edits of one paragraph start alike.
            near = (texts[n] for n in nearest[:_NEAR] if texts[n][:40] != text[:40])
            passages = [_passage(each) for each in (text, *islice(near, _BAD))]
            query = matcher.encode_query(question, passages)
            whole = frozenset([Place(text, 0, len(text))])
            good, *bad = (
                self.pair(query, match, whole, []) for match in matcher.match(query, passages)
            )
            yield Situation([good], bad)

    def pair(
        self,
        query: EncodedQuery,
        match: Match,
        places: Iterable[Place],
        words: Iterable[Place] | None = None,
    ) -> Pair:
        """Return a question and a passage, with those tokens that lie in an answer.

        Where it starts and ends is to be learnt of `words`, or else of `places`.
        """
        question, passage = token_features(query, match)
        return Pair(
            self._token_ids(query.text)[: len(question)],
            self._token_ids(match.passage.text_in_context)[: len(passage)],
            question,
            passage,
            answering(match, places),
            sorted(_token_spans(match, places if words is None else words)),
        )


def _token_spans(match: Match, places: Iterable[Place]) -> Iterator[Span]:
    """Yield the first and last token of each answer that lies in the passage."""
    passage = match.passage
    before = len(passage.text_in_context) - len(passage.text) - passage.start
    starts, ends = (match.tokens.spans - before).T
    for place in places:
        is_here = place.document_id == passage.document_id
        if is_here and passage.start <= place.start and place.end <= passage.end:
            inside = np.flatnonzero((starts < place.end) & (place.start < ends))
            if len(inside):
                yield Span(int(inside[0]), int(inside[-1]))


def _passage(text: str) -> Passage:
    return Passage(text, 0, len(text), text, (Span(0, len(text)),))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
