"""Kill a writer at a random moment: the index is the old one or the new, and goes on from there."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from qa.errors import IndexMissing, QAError
from qa.index import Index, update_index
from tests.attacks import Outcome
from tests.fakes import FakeEncoder, corpus, state_of

SMALL = 6
FULL = 500

_ROOT = Path(__file__).parents[2]
_PARTS = 30
_WRITER = """
import os, sys
from pathlib import Path
import sentencex, tqdm.auto
import embeddings.stores.segments, qa.index.inverted_index
from qa.index import writer
from qa.passages import tiktoken_encoding
from tests.fakes import FakeEncoder, corpus
from tests.attacks.kills import change

tiktoken_encoding()  # once, before the forks
writer._ENCODED_AT_ONCE = 4
for line in sys.stdin:
    if (child := os.fork()) == 0:
        change(Path(line.rstrip("\\n")))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("done", flush=True)
"""


def change(folder: Path) -> None:
    """Make the change in which a writer is killed."""
    documents = corpus("bd", edition="second", parts=_PARTS)
    update_index(folder, documents, encoder=FakeEncoder(), only_these=True)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Kill a process that changes an index, or makes one; then open it, and change it again."""
    old, new, made = (folder / name for name in ("old", "new", "made"))
    update_index(old, corpus("abc", parts=_PARTS), encoder=FakeEncoder())
    shutil.copytree(old, new)
    change(new)
    change(made)
    states: list[list[object]] = [[state_of(old), state_of(new)], [None, state_of(made)]]
    survivors: list[str] = []
    with _Writer() as writer:
        writer.takes(shutil.copytree(old, folder / "warm"))
        longest = writer.takes(shutil.copytree(old, folder / "timed"))
        for n in range(tries):
            place, after = folder / str(n), rng.uniform(0, 1.1) * longest
            fresh = n % 3 == 0
            if not fresh:
                shutil.copytree(old, place)
            writer.killed(place, after)
            try:
                survivors += _after(place, states[fresh], f"{n}, killed after {after:.4f} s")
            except QAError as error:
                survivors.append(f"{n}, killed after {after:.4f} s: {error}")
            shutil.rmtree(place, ignore_errors=True)
    return Outcome(tries, tuple(survivors))


def _after(place: Path, states: list[object], where: str) -> list[str]:
    """Return what is wrong with an index after a kill, and after the same change once more."""
    try:
        found = state_of(place)
    except IndexMissing:
        found = None
    if found not in states:
        return [f"{where}: neither the old index nor the new one"]
    if found != states[1]:
        change(place)
        if state_of(place) != states[1]:
            return [f"{where}: the change cannot be made again"]
    update_index(place, corpus("e", parts=2), encoder=FakeEncoder())
    index = Index.open(place)
    index.check_whole()
    index.close()
    left = len([*place.iterdir()])
    return [f"{where}: {left} files are left"] if left != 2 else []


class _Writer:
    """A process that changes indexes, each in a child of its own."""

    def __enter__(self) -> _Writer:
        command = [sys.executable, "-c", _WRITER]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _start(self, folder: Path) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def takes(self, folder: Path) -> float:
        """Return how long a change takes that is not killed."""
        self._start(folder)
        started = time.perf_counter()
        self._line()
        return time.perf_counter() - started

    def killed(self, folder: Path, after: float) -> None:
        """Kill a change after some seconds, if it is not done by then."""
        child = self._start(folder)
        time.sleep(after)
        with suppress(ProcessLookupError):  # it was done sooner
            os.kill(child, signal.SIGKILL)
        self._line()
