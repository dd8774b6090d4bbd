"""Encoding in several processes, each with a model of its own and its share of the cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import EmbeddingsError
from embeddings.tokens import Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Encoded = tuple[NDArray[np.float32], list[Tokens]]

_CALLERS_EACH = 2  # one whose texts are encoded, and the next
_TRIES = 3


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def in_processes(encoder: Encoder, load: dict[str, Any], count: int) -> Iterator[Encoder]:
    """Have an encoder encode passages in several processes, at most one for each core.

    On a GPU, and where there would be one process, it stays as it is.

    Args:
        encoder: what each process loads once more.
        load: what `load_encoder` is told for that, besides the model.
        count: how many processes are wanted.
    """
    count = min(count, cores())
    if count == 1 or getattr(encoder, "device", "cpu") != "cpu":
        yield encoder
        return
    pool = EncoderPool(encoder, load, count)
    try:
        yield cast("Encoder", pool)
    finally:
        pool.close()


@contextmanager
def in_threads(encoder: Encoder) -> Iterator[Executor]:
    """Make as many threads as keep an encoder busy; what stops the block ends its processes."""
    with ThreadPoolExecutor(at_once(encoder), thread_name_prefix="index") as threads:
        try:
            yield threads
        except BaseException:
            if isinstance(encoder, EncoderPool):
                encoder.kill()
            raise


def at_once(encoder: Encoder) -> int:
    """Return how many callers keep an encoder busy."""
    return getattr(encoder, "at_once", 1)


class EncoderPool:
    """An `Encoder` that encodes passages in several processes, for as many callers at once.

    The vectors are those of the encoder itself, which does all else. The processes start with the
    first passages. One that dies is replaced, and what it had to encode is encoded again.
    """

    def __init__(self, encoder: Encoder, load: dict[str, Any], count: int) -> None:
        self.at_once = count * _CALLERS_EACH
        self._encoder = encoder
        self._load = load | {"model": encoder.model, "threads": max(cores() // count, 1)}
        self._lock = Lock()
        self._running: set[_Process] = set()
        self._idle: SimpleQueue[_Process | None] = SimpleQueue()  # None is one to be started
        for _ in range(count):
            self._idle.put(None)
        self._has_encoded = self._is_closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode passages in one of the processes: (texts, dim)."""
        return self._encode(texts, with_tokens=False)[0]

    def encode_with_tokens(self, texts: Sequence[str]) -> Encoded:
        """Encode passages and their tokens in one of the processes."""
        return self._encode(texts, with_tokens=True)

    def kill(self) -> None:
        """End the processes, whatever they are at; there will be no others."""
        with self._lock:
            self._is_closed = True
            for process in self._running:
                process.kill()

    def close(self) -> None:
        """End the processes, and wait for them; none is at work any more."""
        with self._lock:
            self._is_closed = True
            for process in self._running:
                process.close()

    def _encode(self, texts: Sequence[str], *, with_tokens: bool) -> Encoded:
        for _ in range(_TRIES):
            process = self._idle.get()
            try:
                process = process or self._started()
                encoded = process.encode(list(texts), with_tokens)
                self._has_encoded = True
                return encoded
            except (EOFError, OSError) as error:
                self._has_died(process, error)
                process = None
            finally:
                self._idle.put(process)
        raise EmbeddingsError(
            "processes that encode were ended again and again, perhaps for lack of memory: take "
            "fewer workers"
        )

    def _started(self) -> _Process:
        with self._lock:
            if self._is_closed:
                raise EmbeddingsError("encoding was stopped")
            process = _Process(self._load)
            self._running.add(process)
            return process

    def _has_died(self, process: _Process | None, error: Exception) -> None:
        with self._lock:
            if process in self._running and not self._is_closed:
                self._running.discard(process)
                process.kill()
                process.close()
        if not self._has_encoded and not self._is_closed:
            raise EmbeddingsError(
                "the processes that encode could not start, perhaps for lack of memory: take "
                'fewer workers; a script needs  if __name__ == "__main__":  around its work'
            ) from error


class _Process:
    """A process that encodes, with a pipe of its own: whichever end dies, the other reads its end.

    A `ProcessPoolExecutor` waits for ever for a process that dies while it sends.
    """

    def __init__(self, load: dict[str, Any]) -> None:
        context = get_context("spawn")
        self._pipe, its_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(its_end, load), daemon=True)
        with _interrupts_blocked():
            self._process.start()
        its_end.close()

    def encode(self, texts: list[str], with_tokens: bool) -> Encoded:
        """Encode texts; an `EOFError` or an `OSError` if the process dies."""
        self._pipe.send((texts, with_tokens))
        encoded: Encoded = self._pipe.recv()
        return encoded

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Have it end, and wait for that."""
        self._pipe.close()
        self._process.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Have processes that start here ignore Ctrl-C, which is for the one that started them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, load: dict[str, Any]) -> None:
    """Encode what comes, in a process of the pool, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAYON_NUM_THREADS"] = str(load["threads"])  # of the tokenizer
    encoder = load_encoder(**load)
    with suppress(EOFError, OSError):
        while True:
            texts, with_tokens = pipe.recv()
            if with_tokens:
                pipe.send(encoder.encode_with_tokens(texts))
            else:
                pipe.send((encoder.encode_passages(texts), []))
