"""The one object that most people need: a corpus that answers questions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from embeddings import Encoder, Reranker, SearchStore, load_reranker
from qa.answering import Answer, Answerer, ExtractiveAnswerer
from qa.arguments import check_asked, check_kind, check_parts, check_texts, check_thresholds
from qa.asking.pipeline import DEFAULT_SENTENCES, Pipeline
from qa.citations import Citation
from qa.current import Current
from qa.errors import SettingsError
from qa.filters import Filter, Where
from qa.index.custom_store import CustomStore
from qa.index.protocol import AnyIndex
from qa.loaders import Unreadable
from qa.opening import Source, open_corpus
from qa.passages import Chunking
from qa.progress import Progress
from qa.retrieval import RetrievedPassages
from qa.twins import in_thread
from qa.writing.llm import LLM
from qa.writing.writer import Told, Writer

DEFAULT_TOP_K = 8


class QA:
    """Answers questions about a corpus from an index, in the corpus's own words.

    It may be used from several threads. Use it in a `with` block, or call `close`.

    Args:
        index: the index that is asked. It is closed with the `QA`.
        encoder: the one that made the index.
        answerer: makes answers of passages; None quotes with an `ExtractiveAnswerer`.
        reranker: puts the passages found in order; None leaves them as they are.
        store: searches the index's vectors, in place of the index; see `QA.open`.
        llm: writes answers where that is asked for; see `QA.open`.
        follow: whether to see changes of the index; see `QA.open`.
    """

    def __init__(
        self,
        index: AnyIndex,
        encoder: Encoder,
        answerer: Answerer | None = None,
        reranker: Reranker | None = None,
        *,
        store: SearchStore | None = None,
        llm: LLM | None = None,
        follow: bool = False,
    ) -> None:
        check_parts(encoder=encoder, answerer=answerer, reranker=reranker, store=store)
        self.encoder = encoder
        self.reranker = reranker
        self.store = store
        self.answerer = answerer or ExtractiveAnswerer(encoder)
        self.llm = llm
        self._writer = None if llm is None else Writer(llm)
        self._custom = None if store is None else CustomStore(store)
        self._current = Current(index, self._pipeline, follows=follow or index.is_shared)

    @property
    def index(self) -> AnyIndex:
        """The index that is asked; another one after a `refresh` that found changes."""
        return self._current.pipeline.index

    @classmethod
    def open(
        cls,
        source: Source | Sequence[Source] | None = None,
        *,
        index: str | os.PathLike[str] | None = None,
        model: str | None = None,
        backend: str = "auto",
        precision: str = "auto",
        reranker: str | None = None,
        chunking: Chunking | None = None,
        threshold: float | None = None,
        tentative: float | None = None,
        answerable: float | None = None,
        token_vectors: int | None = None,
        answerer: Answerer | None = None,
        store: SearchStore | None = None,
        llm: LLM | str | None = None,
        only: str | Sequence[str] = (),
        where: Where = (),
        encoding: str | None = None,
        follow: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        unreadable: Unreadable | None = None,
    ) -> Self:
        """Open a corpus; what is not indexed yet is indexed first, and kept for the next time.

        Args:
            source: a file, a folder, an address such as `s3://bucket/notes` (docs/documents.md),
                a `Document`, or several of these; or the folder of an index. None is the essay
                that comes with inquote, if `index` is None.
            index: the folder of an index, or its address on Milvus (docs/scale.md). With a
                `source`, its documents are added there; without, the index is opened as it is.
                None keeps the index of the source in the user's cache folder (or the one that
                INQUOTE_CACHE names).
            model: a sentence-transformers model, by folder or Hub name. None takes the one that
                made the index, if it is the bundled one or was fetched before, and for a new
                index the bundled all-MiniLM-L6-v2.
            backend: what the model runs on: "openvino", "torch", or "auto", which is torch on a
                GPU, else OpenVINO if it knows the model. They read each other's indexes.
            precision: what questions and new passages are encoded in: "float32", "bfloat16",
                "int8", or "auto", the quickest that costs no quality on this processor
                (docs/performance.md).
            reranker: a sentence-transformers cross-encoder, by folder or Hub name, that puts the
                passages found in order. None, the default, uses none.
            chunking: how documents are cut; None takes what the index was made with, and for a
                new one the default.
            threshold: the confidence, from 0 to 1, below which an answer is tentative; None takes
                the default, 0.8.
            tentative: the confidence below which it is an abstention; None takes the default,
                0.5. Where it is not below the threshold, no answer is tentative.
            answerable: the share of your questions that the documents answer, between 0 and 1,
                which the confidence is calibrated for; None takes the default, 0.7.
            token_vectors: the most passages of an index whose tokens are kept, which takes 31 kB
                each and makes a first question 60 ms quicker. None takes what the index was made
                with, and for a new one 5,000.
            answerer: makes answers of the passages found, with thresholds of its own; None quotes
                with an `ExtractiveAnswerer`.
            store: searches the vectors in place of the index, and is given what the index has,
                and nothing else, now and with each `refresh`. It belongs to this `QA` alone, is
                used by one thread at a time, and is not closed.
            llm: a language model that may write answers, or its name at the endpoint that
                INQUOTE_LLM_URL names, which is sent sentences of the documents (docs/written.md).
            only: patterns, such as "git-*.html", of the ids of documents to ask; none is all.
            where: what must be in the metadata of documents to ask: values by name, as in
                {"year": 2024, "author": ["Smith", "Jones"]}, of which one must be there, or
                conditions such as "year>=2020" (docs/documents.md).
            encoding: that of text files that are not UTF-8 and do not tell their own; None
                detects it.
            follow: whether each question sees what other processes changed in the index; what
                cannot be opened is told in the log. One on Milvus is always followed.
            workers: how many processes encode (docs/scale.md#several-workers).
            progress: called with how many passages are encoded, of all, in place of a bar.
            unreadable: called with a `LoadError` for each file that cannot be read, unless none
                can; None raises at the first. What an index has of it stays there.

        Raises:
            SettingsError: an argument is of a wrong type; `threshold` or `tentative` is not from 0
                to 1, or `answerable` is not between them, or they are given with an `answerer`;
                `store` has other vectors; no document matches `only` and `where`; or the encoding
                is unknown.
            LoadError: a document cannot be read.
            StoredIndexError: an index is missing, damaged, of another make, or not writable.
            ModelError: a model cannot be loaded (it is an `EmbeddingsError`).
        """
        check_kind("llm", llm, LLM | str | None, "an LLM, or a model's name")
        llm = LLM.of(llm) if isinstance(llm, str) else llm  # before any indexing
        named = {"threshold": threshold, "tentative": tentative, "answerable": answerable}
        check_thresholds(answerer, **named)
        limits: dict[str, Any] = {name: one for name, one in named.items() if one is not None}
        asked = Filter.of(only, where)
        check_parts(answerer=answerer, store=store)
        check_kind("reranker", reranker, str | os.PathLike | None, "a folder, or a name on the Hub")
        loaded = None if reranker is None else load_reranker(reranker)  # before any indexing
        corpus = open_corpus(
            source,
            index=index,
            model=model,
            backend=backend,
            precision=precision,
            chunking=chunking,
            token_vectors=token_vectors,
            chosen=asked,
            encoding=encoding,
            workers=workers,
            progress=progress,
            unreadable=unreadable,
        )
        try:
            corpus.index.check_chunking(chunking)
            answerer = answerer or ExtractiveAnswerer(corpus.encoder, **limits)
            settings: dict[str, Any] = {"store": store, "llm": llm, "follow": follow}
            return cls(corpus.index, corpus.encoder, answerer, loaded, **settings)
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
        only: str | Sequence[str] = (),
        where: Where = (),
    ) -> RetrievedPassages:
        """Find the passages nearest to a question, best first.

        Args:
            question: what to look for.
            history: the questions asked before, oldest first, for a follow-up to depend on.
            top_k: the most passages to find.
            documents: ids of the documents to look in; None is all.
            only: patterns of their ids, as in `open`.
            where: what must be in their metadata, likewise.

        Raises:
            QuestionError: the question is empty, has no words, or is too long.
            SettingsError: `top_k` is less than 1; `documents` names none, or one that is not in
                the index; or no document matches `only` and `where`.
        """
        check_asked(question, history, top_k, documents)
        with self._asked_of(documents, only, where) as (pipeline, ids):
            asked = pipeline.standalone(question, history, ids)
            return pipeline.retrieve(asked, top_k, ids)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
        where: Where = (),
        shown: Sequence[Citation] = (),
        answerer: Answerer | None = None,
        write: bool = False,
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
            only: patterns of their ids, as in `open`.
            where: what must be in their metadata, likewise.
            shown: the quotes that were shown, for "Tell me more" to leave out; without any, they
                are found by answering the last question again.
            answerer: answers this question, in place of the `QA`'s own.
            write: whether the language model writes the answer, as `write` does.

        Raises:
            AskOtherwise: it is small talk; or nothing answers it, and it is in a language that the
                model does not know.
            QuestionError, SettingsError: as in `retrieve`.
        """
        check_asked(question, history, top_k, documents)
        check_parts(answerer=answerer)
        with self._asked_of(documents, only, where) as (pipeline, ids):
            asked = pipeline.with_answerer(answerer)
            answer = asked.ask(question, history, top_k, ids, shown)
            return self.write(answer, history=history) if write else answer

    def write(
        self,
        answer: Answer,
        *,
        history: Sequence[str] = (),
        told: Told | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> Answer:
        """Let the language model write an answer between the quotes, and check each sentence.

        An abstention stays one. Where no statement holds, or the model cannot be asked, the quotes
        stay as they are; `Answer.written` says what was left out, and what went wrong.

        Args:
            answer: what `ask` returned, with its passages.
            history: the questions asked before it, oldest first.
            told: is given the answer with each statement more.
            stopped: says whether to stop where it is.

        Raises:
            SettingsError: no language model was named, or the extra `llm` is not installed.
        """
        if self._writer is None:
            raise SettingsError("no language model is named to write: open with llm=…, or --llm")
        with self._current.in_use() as pipeline:
            return self._writer.write(answer, history, pipeline.index.document, told, stopped)

    def retrieve_many(
        self,
        questions: Sequence[str],
        *,
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
        where: Where = (),
    ) -> list[RetrievedPassages]:
        """Find the passages for each of several questions, in their order.

        It finds what `retrieve` finds, and is quicker than asking one by one.

        Raises:
            QuestionError: one of the questions cannot be asked; the message says which.
            SettingsError: as in `retrieve`.
        """
        check_texts("questions", questions)
        check_asked("", (), top_k, documents)
        with self._asked_of(documents, only, where) as (pipeline, ids):
            return pipeline.retrieve_many(questions, top_k, ids)

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
        where: Where = (),
    ) -> list[Answer]:
        """Answer several questions, each by itself, in their order.

        It answers as `ask` does, and is quicker than asking one by one. What `ask` raises
        `AskOtherwise` for, such as small talk, gets an abstention.

        Raises:
            QuestionError: one of the questions cannot be asked, and none is; the message says
                which.
            SettingsError: as in `ask`.
        """
        check_texts("questions", questions)
        check_asked("", (), top_k, documents)
        with self._asked_of(documents, only, where) as (pipeline, ids):
            return pipeline.ask_many(questions, top_k, ids)

    def overview(
        self,
        documents: Sequence[str] | None = None,
        *,
        sentences: int = DEFAULT_SENTENCES,
        only: str | Sequence[str] = (),
        where: Where = (),
    ) -> Answer:
        """Quote a few sentences of each document that together stand for it, in its order.

        Args:
            documents: ids of the documents; None is all. The first 20 are quoted.
            sentences: how many to quote of each, from 1 to 30; 100 quotes in all at most.
            only: patterns of their ids, as in `open`.
            where: what must be in their metadata, likewise.

        Raises:
            SettingsError: `sentences` is not from 1 to 30; or as in `retrieve`.
        """
        with self._asked_of(documents, only, where) as (pipeline, ids):
            return pipeline.overview(ids, sentences)

    aask = in_thread(ask)
    aretrieve = in_thread(retrieve)
    aask_many = in_thread(ask_many)
    aretrieve_many = in_thread(retrieve_many)

    def refresh(self) -> bool:
        """Open the index anew if it was changed since, and return whether it was.

        Questions that are being answered go on with the index as it was.

        Raises:
            StoredIndexError: the index cannot be opened any more, or is of another make; the one
                that is open stays in use. Or this `QA` is closed.
            SettingsError: no document matches `only` and `where` any more; likewise.
        """
        return self._current.refresh()

    def _pipeline(self, index: AnyIndex) -> Pipeline:
        pipeline = Pipeline(index, self.encoder, self.answerer, self.reranker)
        if self._custom is not None:
            index.search_in(self._custom)
        return pipeline

    @contextmanager
    def _asked_of(
        self, documents: Sequence[str] | None, only: str | Sequence[str], where: Where
    ) -> Iterator[tuple[Pipeline, Sequence[str] | None]]:
        """Keep what answers open for a question, and yield it with the ids of the documents."""
        chosen = Filter.of(only, where)
        with self._current.in_use() as pipeline:
            yield pipeline, pipeline.retriever.chosen(documents, chosen)

    def close(self) -> None:
        """Let go of the index's files and memory, after the questions that are being answered."""
        self._current.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
