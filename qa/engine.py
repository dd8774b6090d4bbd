"""The one object that most people need: a corpus that answers questions."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from embeddings import Encoder, ModelNotFetched, Reranker, load_encoder, load_reranker
from embeddings.cache import cache_folder
from qa.answering import DEFAULT_THRESHOLD, Answer, Answerer, ExtractiveAnswerer
from qa.answering.late_interaction import TokensOf
from qa.answering.readings import answers_too, is_surer
from qa.bundled import essay_path
from qa.documents import Document
from qa.errors import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    IndexNotWritten,
    LoadError,
    QuestionError,
    StoredIndexError,
)
from qa.follow_ups.rewriting import Rewriting, rewrite
from qa.index import Changes, Index, update_index
from qa.index.storage import FORMAT, is_index
from qa.loaders import find_all
from qa.passages import Chunking
from qa.retrieval import RetrievedPassage, Retriever, check_question

Source = str | os.PathLike[str] | Document

DEFAULT_TOP_K = 8


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
        self.answerer = answerer or ExtractiveAnswerer(encoder)
        self.tokens: TokensOf = partial(index.passage_tokens, encoder=encoder)

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
        token_vectors: int | None = None,
    ) -> Self:
        """Open a corpus; what is not indexed yet is indexed first, and kept for the next time.

        Args:
            source: a file, a folder, a `Document`, or several of these; or the folder of an
                index. None is the essay that comes with the installation, if `index` is None.
            index: the folder of an index. With a `source`, its documents are added there;
                without, the index is opened as it is. None keeps the index of the source in the
                user's cache folder (or the one that INQUOTE_CACHE names).
            model: a sentence-transformers model, by folder or Hub name. None takes the one that
                made the index, if it is the bundled one or was fetched before, and for a new
                index the bundled all-MiniLM-L6-v2.
            backend: what the model runs on: "openvino", "torch", or "auto", which takes torch
                where there is a GPU and else OpenVINO where it knows the model. They give the
                same vectors to the fifth digit, and read each other's indexes.
            precision: what the vectors of passages are summed in: "float32", or "bfloat16",
                which takes a third of the time on a processor with AMX and gives vectors that
                are near (docs/performance.md). Those whose tokens are kept are of float32 in any
                case, and what is indexed already stays as it is.
            reranker: a sentence-transformers cross-encoder, by folder or Hub name, that puts the
                passages found in order. None, the default, uses none.
            chunking: how documents are cut; None takes what the index was made with, and for a
                new one the default.
            threshold: the confidence below which an answer is an abstention, from 0 to 1; None
                takes the default, 0.65.
            token_vectors: passages whose tokens are kept when they are indexed, as long as the
                index has no more: 31 kB a passage, for which a first question is 20 ms quicker.
                None takes what the index was made with, and for a new one 5,000.

        Raises:
            SettingsError: the threshold is not from 0 to 1.
            LoadError: a document cannot be read.
            StoredIndexError: an index is missing, damaged, of another make, or not writable.
            ModelError: a model cannot be loaded (it is an `EmbeddingsError`).
        """
        loaded = None if reranker is None else load_reranker(reranker)  # before any indexing
        load = partial(load_encoder, backend=backend, precision=precision)
        update = partial(update_index, token_vectors=token_vectors)
        opened, encoder, _ = _opened(source, index, model, load, update, chunking)
        try:
            opened.check_chunking(chunking)
            least = DEFAULT_THRESHOLD if threshold is None else threshold
            return cls(opened, encoder, ExtractiveAnswerer(encoder, threshold=least), loaded)
        except BaseException:
            opened.close()
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
        return self._retriever.retrieve(self._standalone(question, history), top_k, documents)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        top_k: int = DEFAULT_TOP_K,
        documents: Sequence[str] | None = None,
    ) -> Answer:
        """Answer a question in quotes, or abstain.

        A follow-up is answered as `Answer.query` reads it; a `Conversation` keeps the history.
        One that may as well stand alone is answered both ways, and by itself unless the answer with
        its history is clearly better.

        Args:
            question: what to answer.
            history: the questions asked before, oldest first, for a follow-up to depend on.
            top_k: the passages to look for quotes in.
            documents: ids of the documents to look in; None is all.

        Raises:
            QuestionError: the question is empty, has no words, or is too long.
            SettingsError: `top_k` is less than 1; or `documents` names none, or one that is not
                in the index.
        """
        started = time.perf_counter()
        query = self._standalone(question, history)
        asked = time.perf_counter()
        passages = self._retriever.retrieve(query, top_k, documents)
        own = (
            self._retriever.retrieve(question, top_k, documents) if query.is_ambiguous else passages
        )
        retrieved = time.perf_counter()
        answer = self._answer(query, passages, own)
        done = time.perf_counter()
        seconds = {
            "query": asked - started,
            "retrieval": retrieved - asked,
            "answer": done - retrieved,
            "total": done - started,
        }
        return replace(answer, seconds=seconds)

    def _answer(
        self, asked: Rewriting, passages: list[RetrievedPassage], own: list[RetrievedPassage]
    ) -> Answer:
        """Answer a question as it is read; an ambiguous one by itself, unless its history helps.

        `own` are the passages of the question by itself.
        """

        def answer(query: str, found: list[RetrievedPassage]) -> Answer:
            return self.answerer.answer(
                asked.question, query, found, self.index.document, self.tokens
            )

        with_history = answer(asked.query, passages)
        if not asked.is_ambiguous:
            return with_history
        standalone = answer(asked.question, own)
        if is_surer(with_history, standalone) and answers_too(
            with_history, answer(asked.question, passages)
        ):
            return with_history
        return standalone

    def _standalone(self, question: str, history: Sequence[str]) -> Rewriting:
        """Check a question and make it standalone."""
        check_question(question, self.encoder)
        asked = rewrite(question, history)
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

    For several questions, open the corpus once with `QA.open`, which takes the same `source`,
    `model` and `reranker`.
    """
    with QA.open(source, model=model, reranker=reranker) as qa:
        return qa.retrieve(question, top_k=top_k)


def prepare(
    source: Source | Sequence[Source] | None = None,
    *,
    index: str | os.PathLike[str] | None = None,
    model: str | None = None,
    backend: str = "auto",
    precision: str = "float32",
    chunking: Chunking | None = None,
    remove: Sequence[str] = (),
    token_vectors: int | None = None,
) -> tuple[Path, Encoder, Changes]:
    """Bring an index up to date: give its folder, its encoder, and what changed.

    Arguments and errors are those of `QA.open`; `remove` are ids of documents to take out.
    """
    load = partial(load_encoder, backend=backend, precision=precision)
    update = partial(update_index, token_vectors=token_vectors)
    opened, encoder, changes = _opened(source, index, model, load, update, chunking, remove)
    opened.close()
    return opened.folder, encoder, changes


_Load = Callable[..., Encoder]
_Update = Callable[..., Changes]
_Opened = tuple[Index, Encoder, Changes]


def _opened(
    source: Source | Sequence[Source] | None,
    index: str | os.PathLike[str] | None,
    model: str | None,
    load: _Load,
    update: _Update,
    chunking: Chunking | None,
    remove: Sequence[str] = (),
) -> _Opened:
    """Bring an index up to date, and open it."""
    if index is None and isinstance(source, str | os.PathLike) and is_index(Path(source)):
        source, index = None, source
    if index is None:
        sources = _several(essay_path() if source is None else source)
        return _open_cached(sources, load, update, model, chunking or Chunking())
    folder = Path(index).expanduser()
    documents = find_all(_several(source)) if source is not None else []
    if not documents and not remove:
        return _open_as_it_is(folder, load, model)
    encoder = _made_with(folder, load, model)
    changes = update(folder, documents, encoder=encoder, chunking=chunking, remove=remove)
    return Index.open(folder), encoder, changes


def _several(source: Source | Sequence[Source]) -> list[Source]:
    return [source] if isinstance(source, str | os.PathLike | Document) else list(source)


def _open_as_it_is(folder: Path, load: _Load, model: str | None) -> _Opened:
    index = Index.open(folder)
    try:
        encoder = load(model) if model else _named_by(index, load)
        return index, encoder, Changes()
    except BaseException:
        index.close()
        raise


def _made_with(folder: Path, load: _Load, model: str | None) -> Encoder:
    """Load the model that is named, or the one that an index was made with, if there is one."""
    if model or not is_index(folder):
        return load(model)
    try:
        index = Index.open(folder)
    except IndexMissing:  # one that was stopped before it was finished, or an empty database
        return load(None)
    with closing(index):
        return _named_by(index, load)


def _named_by(index: Index, load: _Load) -> Encoder:
    """Load the model that an index names.

    An index may come from anyone, so no folder is opened for it, and nothing is fetched.
    """
    model = index.manifest.model
    try:
        return load(model, only_fetched=True)
    except ModelNotFetched as error:
        raise IndexMismatch(
            f"the index in {index.folder} was made with model {model!r}, which neither comes with "
            "inquote nor was fetched here before: name it with --model, if you trust it",
            folder=index.folder,
        ) from error


def _open_cached(
    sources: list[Source], load: _Load, update: _Update, model: str | None, chunking: Chunking
) -> _Opened:
    """Open the cached index of these sources, up to date; a damaged one is made anew."""
    documents = find_all(sources)
    if not documents:
        raise LoadError("no document is named: name a file or a folder", source="")
    encoder = load(model)
    folder = _cached(sources, encoder, chunking)

    def updated() -> tuple[Index, Changes]:
        try:
            changes = update(folder, documents, encoder=encoder, chunking=chunking, only_these=True)
        except IndexNotWritten as error:
            told = str(error).replace(f"in {folder}", f"in the cache folder {cache_folder()}")
            raise IndexNotWritten(
                f"{told}; INQUOTE_CACHE can name another", folder=folder
            ) from error
        return Index.open(folder), changes

    try:
        index, changes = updated()
    except (IndexDamaged, IndexMissing):
        _remove_damaged(folder)
        index, changes = updated()
    return index, encoder, changes


def _remove_damaged(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        reason = "it is a link" if folder.is_symlink() else error.strerror
        raise StoredIndexError(
            f"the damaged index in {folder} cannot be removed ({reason}): remove it, or name "
            "another cache folder in INQUOTE_CACHE",
            folder=folder,
        ) from error


def _cached(sources: list[Source], encoder: Encoder, chunking: Chunking) -> Path:
    """Return the folder in the cache for the index of these sources."""
    names = sorted(s.id if isinstance(s, Document) else str(_absolute(s)) for s in sources)
    identity = json.dumps([names, encoder.digest, chunking.to_dict(), FORMAT])
    return cache_folder() / "indexes" / hashlib.sha256(identity.encode()).hexdigest()[:24]


def _absolute(path: str | os.PathLike[str]) -> Path:
    return Path(path).expanduser().resolve()
