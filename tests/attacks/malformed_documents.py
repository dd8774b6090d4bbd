"""spoilt files, bombs and wrong encodings: each is a document or one sentence, in bounded time

Files of each kind are drawn from sound ones by changing, dropping, doubling and
putting in bytes; the first few tries are bombs.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from qa.errors import LoadError
from qa.loaders import LOADERS
from qa.loaders.parsing import Limits
from tests.attacks import Outcome
from tests.attacks._documents import BOMBS, sound, spoilt

SMALL, FULL = 25, 2_000
_LIMITS = Limits(seconds=10, memory=1_000_000_000)
_SECONDS_BESIDE = 5  # for reading the file, and for a process that is to be started


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Load spoilt files; survivors are other exceptions, and what takes longer than allowed."""
    survivors = []
    bombs = list(BOMBS)[: max(2, tries // 50)]
    for number in range(tries):
        if number < len(bombs):
            what = bombs[number]
            suffix, data = BOMBS[what]()
        else:
            suffix, files = rng.choice(list(sound().items()))
            what, data = f"spoilt file {number} ({suffix})", spoilt(rng.choice(files), rng)
        if fault := fault_of(suffix, data, folder):
            survivors.append(f"{what}: {fault}")
    return Outcome(tries, tuple(survivors))


def fault_of(suffix: str, data: bytes, folder: Path) -> str | None:
    """Return what is wrong with how a file is read; None if nothing is."""
    path = folder / f"file{suffix}"
    path.write_bytes(data)
    started = time.monotonic()
    try:
        document = LOADERS[suffix](path, path.name, _LIMITS)
        document.text.encode()
    except LoadError as error:
        if "\n" in str(error) or "parsing it fails" in str(error):
            return f"the error {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    if (seconds := time.monotonic() - started) > _LIMITS.seconds + _SECONDS_BESIDE:
        return f"took {seconds:.0f} seconds"
    return None
