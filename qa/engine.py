"""The one object that most people need: a corpus that answers questions."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from embeddings import Encoder, Reranker, load_reranker
from qa.answering import DEFAULT_TENTATIVE, DEFAULT_THRESHOLD, Answer, Answerer, ExtractiveAnswerer
from qa.answering.confidence import ANSWERABLE
from qa.answering.late_interaction import TokensOf
from qa.answering.overview import MOST_SENTENCES, OVERVIEW, Overviews
from qa.asking.questions import QuestionReader
from qa.citations import Citation
from qa.errors import QuestionError, SettingsError
from qa.follow_ups.requests import asks_for_more, overview_request
from qa.follow_ups.rewriting import LOOK_BACK, Rewriting, rewrite
from qa.index import Index
from qa.loaders import Unreadable
from qa.opening import Source, open_corpus
from qa.passages import Chunking
from qa.retrieval import RetrievedPassage, Retriever, check_question
from qa.text.analysis import terms

DEFAULT_TOP_K = 8
DEFAULT_SENTENCES = 5
MOST_DOCUMENTS = 20
"""The most documents that one overview is of: the first of those asked."""

_QUOTED_IN_ALL = 12  # sentences of an overview that was asked for in words

_SURER = 0.05  # of confidence, that the history must add to an ambiguous question
_BEHIND = 2.0  # of score, that its quote may be behind the best for the question by itself


class QA:
    """Answers questions about a corpus from an index, in the corpus's own words.

    It may be used from several threads. Use it in a `with` block, or call `close`.
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        answerer: Answerer | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        self.encoder = encoder
        self.reranker = reranker
        self._retriever = Retriever(index, encoder, reranker)
        self._reader = QuestionReader(index, encoder)
        self.answerer = answerer or ExtractiveAnswerer(encoder)
        self.tokens: TokensOf = partial(index.passage_tokens, encoder=encoder)
        self._overviews = Overviews(index, encoder)

    @classmethod
    def open(
        cls,
        source: Source | Sequence[Source] | None = None,
        *,
        index: str | os.PathLike[str] | None = None,
        model: str | None = None,
        backend: str = "auto",
        precision: str = "float32",
        reranker: str | None = None,
        chunking: Chunking | None = None,
        threshold: float | None = None,
        tentative: float | None = None,
        answerable: float | None = None,
        token_vectors: int | None = None,
        only: str | Sequence[str] = (),
        encoding: str | None = None,
        unreadable: Unreadable | None = None,
    ) -> Self:
        """Open a corpus; what is not indexed yet is indexed first, and kept for the next time.

        Args:
            source: a file, a folder, a `Document`, or several of these; or the folder of an
                index. None is the essay that comes with inquote, if `index` is None.
            index: the folder of an index. With a `source`, its documents are added there;
                without, the index is opened as it is. None keeps the index of the source in the
                user's cache folder (or the one that INQUOTE_CACHE names).
            model: a sentence-transformers model, by folder or Hub name. None takes the one that
                made the index, if it is the bundled one or was fetched before, and for a new
                index the bundled all-MiniLM-L6-v2.
            backend: what the model runs on: "openvino", "torch", or "auto", which is torch on a
                GPU, else OpenVINO if it knows the model. They read each other's indexes.
            precision: what new passages are encoded in: "float32", or "bfloat16", which is
                quicker on some processors and gives nearly the same vectors
                (docs/performance.md). Passages whose tokens are kept are always in float32.
            reranker: a sentence-transformers cross-encoder, by folder or Hub name, that puts the
                passages found in order. None, the default, uses none.
            chunking: how documents are cut; None takes what the index was made with, and for a
                new one the default.
            threshold: the confidence, from 0 to 1, below which an answer is tentative; None takes
                the default, 0.75.
            tentative: the confidence below which it is an abstention; None takes the default,
                0.5. Where it is not below the threshold, no answer is tentative.
            answerable: the share of your questions that the documents answer, between 0 and 1,
                which the confidence is calibrated for; None takes the default, 0.75.
            token_vectors: the most passages of an index whose tokens are kept, which takes 31 kB
                each and makes a first question 20 ms quicker. None takes what the index was made
                with, and for a new one 5,000.
            only: patterns, such as "git-*.html", of the ids of documents to ask; none is all.
            encoding: that of text files that are not UTF-8 and do not tell their own; None
                detects it.
            unreadable: called for each file that cannot be read, unless none can; None raises at
                the first. What an index has of it stays there.

        Raises:
            SettingsError: `threshold` or `tentative` is not from 0 to 1, or `answerable` is not
                between them; no document matches `only`; or the encoding is unknown.
            LoadError: a document cannot be read.
            StoredIndexError: an index is missing, damaged, of another make, or not writable.
            ModelError: a model cannot be loaded (it is an `EmbeddingsError`).
        """
        loaded = None if reranker is None else load_reranker(reranker)  # before any indexing
        corpus = open_corpus(
            source,
            index=index,
            model=model,
            backend=backend,
            precision=precision,
            chunking=chunking,
            token_vectors=token_vectors,
            only=[only] if isinstance(only, str) else only,
            encoding=encoding,
            unreadable=unreadable,
        )
        try:
            corpus.index.check_chunking(chunking)
            answerer = ExtractiveAnswerer(
                corpus.encoder,
                threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
                tentative=DEFAULT_TENTATIVE if tentative is None else tentative,
                answerable=ANSWERABLE if answerable is None else answerable,
            )
            return cls(corpus.index, corpus.encoder, answerer, loaded)
        except BaseException:
            corpus.index.close()
            raise

    def retrieve(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
    ) -> list[RetrievedPassage]:
        """Find the passages nearest to a question, best first.

        Args:
            question: what to look for.
            history: the questions asked before, oldest first, for a follow-up to depend on.
            top_k: the most passages to find.
            documents: ids of the documents to look in; None is all.

        Raises:
            QuestionError: the question is empty, has no words, or is too long.
            SettingsError: `top_k` is less than 1; or `documents` names none, or one that is not
                in the index.
        """
        asked = self._standalone(question, history, documents)
        return self._retriever.retrieve(asked, top_k, documents)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Answer a question in quotes, which may be tentative, or abstain.

        A follow-up, a typing mistake or an acronym is answered as `Answer.query` reads it. A
        follow-up that may as well stand alone is answered by itself, unless its history makes the
        answer clearly better. "Tell me more" is the last question again, without the quotes that
        were shown. "What is this about?" is answered by an overview.

        Args:
            question: what to answer.
            history: the questions asked before, oldest first, for a follow-up to depend on.
            top_k: the passages to look for quotes in.
            documents: ids of the documents to look in; None is all.
            shown: the quotes that were shown, for "Tell me more" to leave out; without any, they
                are found by answering the last question again.

        Raises:
            AskOtherwise: it is small talk; or nothing answers it, and it is in a language that the
                model does not know.
            QuestionError: the question is empty, has no words, or is too long.
            SettingsError: `top_k` is less than 1; or `documents` names none, or one that is not
                in the index.
        """
        started = time.perf_counter()
        self._reader.check_asks(question, documents)
        asked = self._standalone(question, history, documents)
        rewritten = time.perf_counter()
        earlier = history[-LOOK_BACK:]
        last = next((n for n in reversed(range(len(earlier))) if not asks_for_more(earlier[n])), -1)
        if last < 0 or not asks_for_more(question):
            answer = self._answer(asked, bool(history), top_k, documents)
        else:
            answer = self._more(earlier[last:], earlier[:last], top_k, documents, shown)
        seconds = {
            "query": rewritten - started,
            **answer.seconds,
            "total": time.perf_counter() - started,
        }
        self._reader.check_language(answer)
        return replace(answer, question=question, seconds=seconds)

    def _more(
        self,
        asked: Sequence[str],
        history: Sequence[str],
        top_k: int,
        documents: Sequence[str] | None,
        shown: Sequence[Citation],
    ) -> Answer:
        """Answer a question again, without what was shown; or say more of its topic.

        Args:
            asked: the question, and every "Tell me more" that came after it.
            history: the questions before it.
            top_k: as in `ask`.
            documents: likewise.
            shown: likewise.
        """
        question, known = self._standalone(asked[0], history, documents), list(shown)
        again = partial(self._answer, question, bool(history), top_k, documents)
        for _ in asked if not shown else ():
            before = again(known)
            known += before.citations or before.near
        more = again(known)
        if more.abstained and (topic := question.topic):
            about = self._answer(Rewriting(topic, topic), False, top_k, documents, known)
            return more if about.abstained else about
        return more

    def overview(
        self, documents: Sequence[str] | None = None, *, sentences: int = DEFAULT_SENTENCES
    ) -> Answer:
        """Quote a few sentences of each document that together stand for it, in its order.

        Args:
            documents: ids of the documents; None is all. The first 20 are quoted.
            sentences: how many to quote of each, from 1 to 30; 100 quotes in all at most.

        Raises:
            SettingsError: `sentences` is not from 1 to 30; or `documents` names none, or one that
                is not in the index.
        """
        if not 1 <= sentences <= MOST_SENTENCES:
            raise SettingsError(
                f"an overview of {sentences} sentences: ask for 1 to {MOST_SENTENCES}"
            )
        ids = list(dict.fromkeys(self._retriever.checked(documents)))
        return self._overviews.answer(OVERVIEW, ids[:MOST_DOCUMENTS], sentences)

    def _answer(
        self,
        asked: Rewriting,
        follows: bool,
        top_k: int,
        documents: Sequence[str] | None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        """Answer a question as it was rewritten, without quotes that were shown."""
        request = overview_request(asked.question, follows=follows)
        if request and (ids := request.asks_for(self._retriever.checked(documents))):
            few = min(DEFAULT_SENTENCES, max(_QUOTED_IN_ALL // len(ids), 1))
            each = request.sentences or few
            return self._overviews.answer(asked.question, ids[:MOST_DOCUMENTS], each, shown)
        started = time.perf_counter()
        passages = self._retriever.retrieve(asked, top_k, documents)
        own = passages
        if asked.may_stand_alone:
            own = self._retriever.retrieve(asked.question, top_k, documents)
        retrieved = time.perf_counter()
        answer = self._best_reading(asked, passages, own, shown)
        done = time.perf_counter()
        seconds = {"retrieval": retrieved - started, "answer": done - retrieved}
        return replace(answer, seconds=seconds)

    def _best_reading(
        self,
        asked: Rewriting,
        passages: list[RetrievedPassage],
        own: list[RetrievedPassage],
        shown: Sequence[Citation],
    ) -> Answer:
        """Answer a question as it was rewritten; one that may stand alone, by itself if better.

        Words from the history match the passage that they came from, whatever is asked. So the
        answer with them must be surer, and what it quotes must also be among the best for the
        question by itself. For a standalone question something else stands out by far; for a
        dependent one nothing does. One that names another subject is answered by what speaks of
        that. What the rules are worth: docs/conversation.md.

        Args:
            asked: the question and its rewriting.
            passages: what was retrieved for the rewriting.
            own: what was retrieved for the question by itself.
            shown: quotes that are left out.
        """

        def answer(query: str, passages: list[RetrievedPassage]) -> Answer:
            return self.answerer.answer(
                asked.question, query, passages, self.index.document, self.tokens, shown
            )

        with_history = answer(asked.query, passages)
        if not asked.may_stand_alone:
            return with_history
        standalone = answer(asked.question, own)
        if asked.subject:
            return _on_subject(asked, with_history, standalone)
        if not asked.is_ambiguous and standalone.abstained:
            return with_history
        if with_history.confidence < standalone.confidence + _SURER:
            return standalone
        is_near_best = _is_near_best(with_history, answer(asked.question, passages))
        return with_history if is_near_best else standalone

    def _standalone(
        self, question: str, history: Sequence[str], documents: Sequence[str] | None
    ) -> Rewriting:
        """Check a question, correct it and make it standalone."""
        check_question(question, self.encoder)
        corrected = rewrite(self._reader.corrected(question), history)
        asked = self._reader.expanded(corrected, documents)
        if asked.query == question:
            return asked
        try:
            check_question(asked.query, self.encoder)
        except QuestionError:  # too long only with what came before it
            return Rewriting(question, question)
        return asked

    def close(self) -> None:
        """Let go of the index's files and memory."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def retrieve(
    question: str,
    source: Source | Sequence[Source] | None = None,
    *,
    top_k: int = DEFAULT_TOP_K,
    model: str | None = None,
    reranker: str | None = None,
) -> list[RetrievedPassage]:
    """Find the passages of a corpus nearest to a question, in one call.

    For several questions, open the corpus once with `QA.open`.
    """
    with QA.open(source, model=model, reranker=reranker) as qa:
        return qa.retrieve(question, top_k=top_k)


def _is_near_best(with_history: Answer, standalone: Answer) -> bool:
    """Return whether a quote is nearly the best for the question by itself, in the same passages.

    Where the answerer does not tell what it considered, it is taken to be.
    """
    if not standalone.considered or not with_history.considered:
        return True
    quoted = with_history.considered[0]
    scores = [other.score for other in standalone.considered if other.overlaps(quoted)]
    return max(scores, default=float("-inf")) >= standalone.considered[0].score - _BEHIND


def _on_subject(asked: Rewriting, with_history: Answer, standalone: Answer) -> Answer:
    """Return the answer that speaks of the subject that a follow-up names.

    What came before is read with it if the quote then speaks of it; else what is said of the
    subject as such. A quote that has no word of it is about what came before, and no answer.
    """
    if with_history.abstained:
        return with_history if standalone.abstained else standalone
    subject, best = terms(asked.subject), with_history.citations[0]
    texts = [best.quote] if asked.is_noted else [best.quote, *_around(best, with_history)]
    if any(subject <= terms(text) for text in texts):
        return with_history
    is_partly = standalone.abstained and subject & terms(best.quote)
    return with_history if is_partly else standalone


def _around(quote: Citation, answer: Answer) -> list[str]:
    """Return the passages that hold the start of a quote, in context."""
    return [
        hit.passage.text_in_context
        for hit in answer.passages
        if hit.passage.document_id == quote.document_id
        and hit.passage.start <= quote.start < hit.passage.end
    ]
