"""Everyday documents to learn from, with the questions that people put to them.

They are in `benchmarks/everyday` and have nothing in common with `seeds/everyday`, which is
measured on. Every second document is read as HTML, so that no reader learns the signs of Markdown.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from markdown_it import MarkdownIt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from tqdm.auto import tqdm

from benchmarks.learn_examples import Example
from benchmarks.question_sets import indexed
from embeddings import Encoder
from qa.answering.late_interaction import Matcher
from qa.documents import Document
from qa.evaluation import load_questions
from qa.evaluation.questions import Place, Question
from qa.follow_ups.phrases import phrases, substance
from qa.follow_ups.rewriting import rewrite
from qa.loaders import load_all
from qa.text.analysis import terms

FOLDER = Path(__file__).parent / "everyday"

_AMONG = (1, 1, 1, 4, 12)  # documents that a question is asked of
_FOLLOW_UPS = 0.3  # of the questions, that are asked after another
_READ = 8
_WEIGHTS = 0.25, 4.0  # the least and the most that an example counts


def everyday(encoder: Encoder, follow_ups: float = _FOLLOW_UPS) -> Iterator[Example]:
    """Yield an example for each question, asked of its document, at times among others.

    A share of them are `follow_ups`, asked after another question on the same document.
    """
    chance = random.Random(0)
    questions = load_questions(FOLDER / "questions.jsonl")
    asked_of = defaultdict(list)
    for question in questions:
        asked_of[_home(question)].append(question.text)
    documents = {document.id.partition(".")[0]: document for document in _documents()}
    names = list(documents)
    matcher = Matcher(encoder, most=10**9)
    with indexed(documents.values(), encoder) as qa:
        for question in tqdm(questions, unit=" questions"):
            home, text, own = _home(question), question.text, question.text
            size = chance.choice(_AMONG)
            start = max(0, names.index(home) - chance.randrange(size))
            among = [documents[name].id for name in names[start : start + size]]
            if random.Random(question.id).random() < follow_ups:
                text, own = _after(random.Random(question.id).choice(asked_of[home]), text)
            hits = qa.retrieve(text, top_k=_READ, documents=among)
            passages = [hit.passage for hit in hits]
            query = matcher.encode_query(text, passages, own)
            yield Example(
                question,
                query,
                matcher.match(query, passages),
                frozenset(_places(question.quotes, documents[home])),
                home,
                hits[0].searched,
                frozenset(_words_that_answer(question, documents[home])),
            )


def _home(question: Question) -> str:
    """Return the name of the document that a question is about."""
    return question.id.rpartition("-")[0]


def _after(earlier: str, question: str) -> tuple[str, str]:
    """Return the query of a question that is asked after another, and the question by itself.

    What both name is "it" in the question, if it names anything else.
    """
    context = rewrite("What about that?", [earlier]).context
    for phrase in reversed(phrases(question)):
        without = f"{question[: phrase.span.start]}it{question[phrase.span.end :]}"
        if terms(phrase.text) <= terms(context) and substance(without):
            question = without
    return f"{question} ({context})" if context else question, question


def texts() -> dict[str, str]:
    """Return the texts of the documents by the names of their files, in order."""
    with (FOLDER / "documents.jsonl").open(encoding="utf-8") as lines:
        return {row["name"]: row["text"] for row in map(json.loads, lines)}


def _documents() -> list[Document]:
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, text) in enumerate(texts().items()):
            file = Path(scratch, name)
            if number % 2:
                file, text = file.with_suffix(".html"), MarkdownIt().enable("table").render(text)
            file.write_text(text, encoding="utf-8")
        return load_all([Path(scratch)])


def _places(quotes: Iterable[str], document: Document) -> Iterator[Place]:
    """Yield where the words of quotes stand, whatever signs are between them."""
    for quote in quotes:
        words = re.findall(r"\w+", quote)
        found = re.search(r"[\W_]+".join(words), document.text)
        if words and found:
            yield Place(document.id, *found.span())


def _words_that_answer(question: Question, document: Document) -> Iterator[Place]:
    for quoted in _places(question.quotes[:1], document):
        within = Document(document.id, document.text[quoted.start : quoted.end])
        for place in _places(question.answers, within):
            yield Place(document.id, quoted.start + place.start, quoted.start + place.end)


def evened(examples: Sequence[Example]) -> list[float]:
    """Weigh examples so that the words of a question do not tell whether it has an answer.

    Who makes up a question without an answer words it otherwise ("how many", "what is the phone
    number") than who asks what a text says ("why", "my"), and a reader would learn that. Each
    weighs the inverse of how likely its words make it what it is, told from other documents.
    """
    answerable = np.array([example.question.answerable for example in examples])
    counter = CountVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), min_df=5)
    words = counter.fit_transform(example.question.text for example in examples)
    likely = cross_val_predict(
        LogisticRegression(C=0.1, max_iter=500),
        words,
        answerable,
        groups=[example.group for example in examples],
        cv=GroupKFold(5),
        method="predict_proba",
    )[np.arange(len(examples)), answerable.astype(int)]
    share = np.where(answerable, answerable.mean(), 1 - answerable.mean())
    weights: list[float] = np.clip(share / likely, *_WEIGHTS).tolist()
    return weights
