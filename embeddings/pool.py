"""Encoding in several processes, each with a model of its own and its share of the cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, cast

from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import EmbeddingsError
from embeddings.tokens import Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCHES_EACH = 2  # one that is encoded, and the next
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
        self.at_once = count * _BATCHES_EACH
        self._encoder = encoder
        self._count = count
        self._load = load | {"model": encoder.model, "threads": max(cores() // count, 1)}
        self._lock = Lock()
        self._executor: ProcessPoolExecutor | None = None
        self._has_encoded = self._is_closed = False
        # Its end for writing is in this process alone: the others end when it is closed.
        self._for_them, self._open_end = get_context("spawn").Pipe(duplex=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode passages in one of the processes: (texts, dim)."""
        return self._encode(texts, with_tokens=False)[0]

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """Encode passages and their tokens in one of the processes."""
        return self._encode(texts, with_tokens=True)

    def kill(self) -> None:
        """End the processes, whatever they are at; there will be no others."""
        with self._lock:
            self._is_closed = True
            self._open_end.close()

    def close(self) -> None:
        """Wait for the processes to end."""
        with self._lock:
            self._is_closed = True
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        self._open_end.close()
        self._for_them.close()

    def _encode(
        self, texts: Sequence[str], *, with_tokens: bool
    ) -> tuple[NDArray[np.float32], list[Tokens]]:
        for _ in range(_TRIES):
            executor = self._started()
            try:
                with _interrupts_blocked():
                    future = executor.submit(_encode, list(texts), with_tokens)
                encoded = future.result()
            except BrokenProcessPool as error:
                self._is_broken(executor, error)
            else:
                self._has_encoded = True
                return encoded
        raise EmbeddingsError(
            "processes that encode were ended again and again, perhaps for lack of memory: take "
            "fewer workers"
        )

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._is_closed:
                raise EmbeddingsError("encoding was stopped")
            if self._executor is None:
                self._executor = ProcessPoolExecutor(
                    self._count, get_context("spawn"), _start, (self._load, self._for_them)
                )
            return self._executor

    def _is_broken(self, executor: ProcessPoolExecutor, error: BrokenProcessPool) -> None:
        """Have others started in place of processes of which one has died."""
        with self._lock:
            if self._executor is executor:
                self._executor = None
        if not self._has_encoded and not self._is_closed:
            raise EmbeddingsError(
                "the processes that encode could not start, perhaps for lack of memory: take "
                'fewer workers; a script needs  if __name__ == "__main__":  around its work'
            ) from error


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


_encoder: Encoder  # of a process of the pool


def _start(load: dict[str, Any], open_end: Connection) -> None:
    """Load the model in a process of the pool."""
    global _encoder
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAYON_NUM_THREADS"] = str(load["threads"])  # of the tokenizer
    Thread(target=_end_with, args=[open_end], daemon=True).start()
    _encoder = load_encoder(**load)


def _end_with(open_end: Connection) -> None:
    """End this process once the pool is closed, or the process of the pool has died."""
    with suppress(EOFError, OSError):
        open_end.recv_bytes()
    os._exit(1)


def _encode(texts: list[str], with_tokens: bool) -> tuple[NDArray[np.float32], list[Tokens]]:
    if with_tokens:
        return _encoder.encode_with_tokens(texts)
    return _encoder.encode_passages(texts), []
