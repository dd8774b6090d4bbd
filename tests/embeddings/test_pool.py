"""Encoding in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from embeddings import EmbeddingsError, Encoder, pool
from embeddings.pool import EncoderPool, at_once, in_processes
from qa.cli.index import STOPPED
from qa.opening import open_corpus
from qa.passages import Chunking
from tests.fakes import FakeEncoder, resume_file_of

NOTES = 12
SHORT = Chunking(max_tokens=16, overlap=0)  # passages that are encoded quickly
ROOT = Path(__file__).parents[2]
TEXTS = [
    f"The harvest of {1900 + n} was good" + ", and so was the wine" * (n % 7) for n in range(99)
]


class TestHowManyProcessesThereAre:
    def made(self, encoder: Encoder, count: int) -> int:
        """Return how many there would be, of which each takes two batches at once."""
        with in_processes(encoder, {}, count) as many:
            return at_once(many) // 2 or 1

    def test_they_are_as_many_as_wanted_and_at_most_the_cores(
        self, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "cores", lambda: 8)
        assert [self.made(fake_encoder, count) for count in (1, 2, 8, 99)] == [1, 2, 8, 8]

    def test_there_are_none_for_a_gpu(
        self, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "cores", lambda: 8)
        monkeypatch.setattr(fake_encoder, "device", "cuda:0", raising=False)
        with in_processes(fake_encoder, {}, 8) as same:
            assert same is fake_encoder


def test_what_is_no_passage_is_encoded_by_the_encoder_itself(fake_encoder: FakeEncoder) -> None:
    many = EncoderPool(fake_encoder, {}, 2)
    assert (many.digest, many.dim) == (fake_encoder.digest, fake_encoder.dim)
    assert many.count_tokens(["two words"]) == fake_encoder.count_tokens(["two words"])
    many.close()


@pytest.fixture(scope="module")
def many(real_encoder: Encoder) -> Iterator[EncoderPool]:
    """Start two processes for all tests that use them, and see that they end."""
    many = EncoderPool(real_encoder, {}, 2)
    yield many
    many.close()
    assert not multiprocessing.active_children()


@pytest.mark.process
@pytest.mark.model
class TestProcesses:
    def test_vectors_and_tokens_are_those_of_one_process_digit_for_digit(
        self, many: EncoderPool, real_encoder: Encoder
    ) -> None:
        vectors, tokens = many.encode_with_tokens(TEXTS)
        same_vectors, same_tokens = real_encoder.encode_with_tokens(TEXTS)

        np.testing.assert_array_equal(vectors, same_vectors)
        np.testing.assert_array_equal(many.encode_passages(TEXTS), same_vectors)
        for one, same in zip(tokens, same_tokens, strict=True):
            np.testing.assert_array_equal(one.vectors, same.vectors)
            np.testing.assert_array_equal(one.spans, same.spans)

    def test_what_one_that_dies_had_to_encode_is_encoded_again(
        self, many: EncoderPool, real_encoder: Encoder
    ) -> None:
        many.encode_passages(TEXTS[:1])
        first, *others = multiprocessing.active_children()
        with ThreadPoolExecutor(many.at_once) as threads:
            batches = [
                threads.submit(many.encode_passages, TEXTS[:50]) for _ in range(many.at_once)
            ]
            first.kill()

        same = real_encoder.encode_passages(TEXTS[:50])
        for batch in batches:
            np.testing.assert_array_equal(batch.result(), same)
        now = multiprocessing.active_children()
        assert first not in now
        assert {*others} < {*now}


@pytest.mark.process
def test_processes_that_cannot_start_are_told_of(fake_encoder: FakeEncoder) -> None:
    fake_encoder.model = "/there/is/no/such/model"
    many = EncoderPool(fake_encoder, {}, 2)
    with closing(many), pytest.raises(EmbeddingsError, match="could not start"):
        many.encode_passages(["a text"])


@pytest.mark.process
@pytest.mark.model
def test_a_command_that_is_stopped_leaves_no_process_and_goes_on_later(tmp_path: Path) -> None:
    notes, folder = tmp_path / "notes", tmp_path / "index"
    notes.mkdir()
    for n in range(NOTES):
        text = " ".join(f"Sentence {s} is in note {n}." for s in range(99))
        (notes / f"note-{n}.txt").write_text(text)

    stopped(notes, folder, lambda command: os.kill(command, signal.SIGKILL))
    told = stopped(notes, folder, lambda command: os.killpg(command, signal.SIGINT))  # as Ctrl-C

    assert told == (STOPPED, "Stopped. The same command continues from here.")
    corpus = open_corpus(notes, index=folder, chunking=SHORT)
    corpus.index.check_whole()
    corpus.index.close()
    assert corpus.changes.encoded < corpus.changes.passages - 100


def stopped(notes: Path, folder: Path, stop: Callable[[int], None]) -> tuple[int, str]:
    """Stop the command once it has encoded some more; return its exit code and last words."""
    before = encoded(folder)
    command = start(
        "index", notes, "--index", folder, "--workers", 2, "--max-tokens", 16, "--overlap", 0
    )
    until(lambda: encoded(folder) > before + 50_000)
    stop(command.pid)
    _, errors = command.communicate(timeout=60)
    until(lambda: not is_running(command.pid))
    return command.returncode, errors.splitlines()[-1] if errors else ""


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start the command in a group of processes of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "qa", *map(str, arguments)],
        cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def encoded(folder: Path) -> int:
    """Return the size of what is encoded so far."""
    return resume_file_of(folder).stat().st_size if [*folder.glob("encoded-*")] else 0


def is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until(is_so: Callable[[], bool], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
