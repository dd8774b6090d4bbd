"""An encoder on the OpenVINO runtime: quick to load, and fast on an ordinary CPU."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Encoding, Tokenizer

from embeddings.model_config import UnsupportedModel, read_config
from embeddings.models import DEFAULT_MODEL, ModelFiles
from embeddings.openvino_runtime import (
    LATENCY,
    THROUGHPUT,
    Model,
    Network,
    has_bfloat16,
    has_int8,
    padded,
)
from embeddings.tokens import Tokens, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUERIES_CACHED = 256
_TOKENISED_CACHED = 16
_TOKENS_AT_ONCE = 1_024  # more is no faster, and others would wait longer for their turn
_TEXTS_AT_ONCE = 1_024  # tokenised and sorted
_FEW = 16  # texts; compiling for throughput takes longer than encoding these

Arrays = tuple["NDArray[np.float32]", "NDArray[np.float32]"]


class OpenVINOEncoder:
    """An `Encoder` on OpenVINO; the vector of a text does not depend on the rest of its batch.

    Args:
        files: the model's.
        precision: of all vectors, "float32", "bfloat16", "int8" or "auto", which is int8 for the
            bundled model where the processor has it, and else float32. int8 is of the products of
            matrices; the rest is then in bfloat16 where the processor has that.
        threads: how many it takes; None takes one for each core.

    Raises:
        UnsupportedModel: the model needs something that is not supported here.
        ModelError: its files cannot be read.
    """

    backend = "openvino"
    device = "cpu"

    def __init__(
        self, files: ModelFiles, *, precision: str = "float32", threads: int | None = None
    ) -> None:
        self._config = read_config(files.folder)
        self.model = files.name
        self.digest = files.digest
        if precision == "auto":
            is_quick = files.name == DEFAULT_MODEL and has_int8()
            precision = "int8" if is_quick else "float32"
        self.precision = precision
        self._threads = threads
        self.max_tokens = self._config.max_tokens
        self._tokenizer_file = files.folder / "tokenizer.json"
        try:
            self._tokenizer = _tokenizer(self._tokenizer_file)
            self._graph = self._built(files.folder)
            self._one_by_one = self._compiled(LATENCY)
        except UnsupportedModel:
            raise
        except Exception as error:  # tokenizers, safetensors and OpenVINO share no base class
            raise files.unloadable(error) from error
        self.dim: int = self._config.config["hidden_size"]
        self._query = lru_cache(_QUERIES_CACHED)(self._encode_query)
        self._prepared: dict[str, tuple[NDArray[np.float32], Tokens]] = {}
        self._tokenised = lru_cache(_TOKENISED_CACHED)(self._tokenizer.encode)

    def _built(self, folder: Path) -> Model:
        """Build the network of the model's files."""
        from safetensors.numpy import load_file

        from embeddings.bert import build

        file = folder / "model.safetensors"
        if not file.is_file():
            raise UnsupportedModel("its weights are in no model.safetensors")
        config, pooling = self._config.config, self._config.pooling
        return build(load_file(file), config, pooling, int8=self.precision == "int8")

    def _compiled(self, use: str) -> _Compiled:
        is_exact = self.precision == "float32" or not has_bfloat16()
        precision = "float32" if is_exact else "bfloat16"
        return _Compiled(self._graph, use, precision, self._threads)

    @cached_property
    def _many_at_once(self) -> _Compiled:
        return self._compiled(THROUGHPUT)

    def _network(self, texts: int) -> _Compiled:
        """Return the network for a number of texts; they get the same digits from either."""
        return self._one_by_one if texts <= _FEW else self._many_at_once

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count with the model's own tokenizer, without truncation."""
        prompt = self._config.passage_prompt
        prompted = [prompt + text for text in texts]
        return [len(each.ids) for each in self._tokenise(prompted, places=False)]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's query prompt, if it has one: (texts, dim).

        A single query is cached, as retrieval and quoting both need it.
        """
        if len(texts) == 1:
            return self._query(texts[0])[0].copy()
        return self._vectors(texts, self._config.query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode with the model's passage prompt, if it has one: (texts, dim).

        Other callers have their turn between two batches.
        """
        return self._vectors(texts, self._config.passage_prompt)

    def query_tokens(self, text: str) -> Tokens:
        """Encode a query's tokens, and cache them; tokens of the prompt are left out."""
        return self._query(text)[1]

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Encode the tokens of passages, without those of the prompt."""
        return self.encode_with_tokens(texts)[1]

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """Encode passages and their tokens at once."""
        prompt = self._config.passage_prompt
        vectors = np.empty((len(texts), self.dim), np.float32)
        by_number: dict[int, Tokens] = {}
        read = self._read(prompt, texts)
        for batch, (tokens, text_vectors) in self._encoded(read):
            vectors[batch] = text_vectors
            for row, n in enumerate(batch):
                by_number[n] = _outside(prompt, read[n], tokens[row])
        return unit(vectors), [by_number[n] for n in range(len(texts))]

    def _vectors(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dim), np.float32)
        by_length = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = by_length[start : start + _TEXTS_AT_ONCE]
            read = self._read(prompt, [texts[n] for n in some])
            for batch, (_, text_vectors) in self._encoded(read):
                vectors[[some[n] for n in batch]] = text_vectors
        return unit(vectors)

    def prepare_queries(self, texts: Sequence[str]) -> None:
        """Encode queries with their tokens, and keep them until the next are prepared."""
        prompt = self._config.query_prompt
        read = self._read(prompt, texts)
        self._prepared = {
            texts[n]: (unit(vectors[[row]]), _outside(prompt, read[n], tokens[row]))
            for batch, (tokens, vectors) in self._encoded(read)
            for row, n in enumerate(batch)
        }

    def _encode_query(self, text: str) -> tuple[NDArray[np.float32], Tokens]:
        """Encode a query and its tokens at once, which takes no longer than either."""
        if prepared := self._prepared.get(text):
            return prepared
        prompt = self._config.query_prompt
        read = self._read(prompt, [text])
        tokens, vectors = self._infer(read, self._one_by_one)
        return unit(vectors), _outside(prompt, read[0], tokens[0])

    def _read(self, prompt: str, texts: Sequence[str]) -> list[Encoding]:
        """Tokenise texts, and truncate them to what the model reads."""
        prompted = [prompt + text for text in texts]
        return [
            each if len(each.ids) <= self.max_tokens else self._cutting.encode(text)
            for each, text in zip(self._tokenise(prompted), prompted, strict=True)
        ]

    def _tokenise(self, texts: list[str], *, places: bool = True) -> list[Encoding]:
        """Tokenise texts; faster without the tokens' places.

        A single text is cached, as a query is counted, and then encoded.
        """
        if len(texts) == 1:
            return [self._tokenised(texts[0])]
        tokenise = self._tokenizer.encode_batch if places else self._tokenizer.encode_batch_fast
        read: list[Encoding] = tokenise(texts)
        return read

    @cached_property
    def _cutting(self) -> Tokenizer:
        """A second tokenizer, which truncates; passages are made to fit, and do not need it."""
        cutting = _tokenizer(self._tokenizer_file)
        cutting.enable_truncation(self.max_tokens)
        return cutting

    def _encoded(self, read: Sequence[Encoding]) -> Iterator[tuple[list[int], Arrays]]:
        """Encode batches of texts of similar length, and yield the numbers of the texts with each.

        Only as many batches are queued as run at once, so that others have their turn in between.
        """
        network = self._network(len(read))
        running: deque[tuple[list[int], Future[Arrays]]] = deque()
        for batch in _batches(read, network.at_once):
            if len(running) == network.at_once:
                numbers, future = running.popleft()
                yield numbers, future.result()
            texts = [read[n] for n in batch]
            running.append((batch, network.workers.submit(self._infer, texts, network)))
        yield from ((numbers, future.result()) for numbers, future in running)

    def _infer(self, read: Sequence[Encoding], network: _Compiled) -> Arrays:
        """Run the network: vectors of tokens, (texts, tokens, dim), and of texts, (texts, dim)."""
        longest = max(len(each.ids) for each in read)
        shape = len(read), min(padded(longest), self.max_tokens)
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, each in enumerate(read):
            ids[row, : len(each.ids)] = each.ids
            mask[row, : len(each.ids)] = 1
        tokens, vectors = network.run(ids, mask)
        return tokens, vectors


class _Compiled(Network):
    """A network with a thread for each batch that it runs at once."""

    def __init__(self, graph: Model, use: str, precision: str, threads: int | None) -> None:
        super().__init__(graph, use, precision, threads)
        self.workers = ThreadPoolExecutor(self.at_once, thread_name_prefix="encoder")


def _tokenizer(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _batches(read: Sequence[Encoding], at_once: int) -> Iterator[list[int]]:
    """Yield numbers of texts of similar length, in batches that keep all requests busy."""
    share = sum(padded(len(each.ids)) for each in read) // at_once
    most = min(share, _TOKENS_AT_ONCE)
    batch: list[int] = []
    for n in sorted(range(len(read)), key=lambda n: len(read[n].ids)):
        if batch and (len(batch) + 1) * padded(len(read[n].ids)) > most:
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _outside(prompt: str, read: Encoding, vectors: NDArray[np.float32]) -> Tokens:
    """Return the vectors and places of the tokens, without prompt and special tokens."""
    spans = np.array(read.offsets, np.int64).reshape(-1, 2) - len(prompt)
    outside = (spans[:, 0] >= 0) & (spans[:, 0] < spans[:, 1])
    return Tokens(unit(vectors[: len(spans)][outside]), spans[outside])
