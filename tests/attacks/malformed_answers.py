"""Hand over saved answers and turns that are none, or name planted files: each is refused."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from qa import Answer, Citation, Document, verify
from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.errors import QAError
from qa.index import update_index
from qa.loaders import load
from qa.text.sentences import split_sentences
from qa.verification.answer_files import parse_answer
from tests.attacks import Outcome
from tests.attacks._odd_data import malformed
from tests.fakes import FakeEncoder
from ui.chat.render import turn as rendered
from ui.chat.turns import Checked, Turn, parse_turn

SMALL, FULL = 150, 20_000

_TEXT = "The museum opens at nine. Cats are not let in. A ticket costs five euros."
_SECONDS = 5.0  # for one; a busy machine takes a while


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Check malformed answers by the command and by the page, and ones that name planted files."""
    folder = folder.resolve()
    source = folder / "rules.txt"
    source.write_text(_TEXT)
    (document,) = load(source)
    update_index(folder / "cache" / "indexes" / "rules", [document], encoder=FakeEncoder())
    answer = _answer(document)
    turn = Turn.of(answer, "one", 0.65).to_dict()
    saved = answer.to_dict()
    talk = {"format": "inquote-conversation/1", "title": "Cats", "answers": [saved, saved]}
    survivors = []
    for number in range(tries):
        began = time.monotonic()
        if number % 10 == 0:
            written, found = _planted(rng, folder)
        else:
            kept = copy.deepcopy(rng.choice((saved, talk, turn)))
            written = malformed(kept, rng)
            found = _by_page(written, document) if "found" in kept else _by_command(written, folder)
        if found is None and time.monotonic() - began > _SECONDS:
            found = f"took {time.monotonic() - began:.0f} s"
        if found is not None:
            survivors.append(f"{number}: {found}: {written[:500]!r}")
    return Outcome(tries, tuple(survivors))


def _answer(document: Document) -> Answer:
    quotes = [Citation(n, document, s) for n, s in enumerate(split_sentences(document.text), 1)]
    return Answer("Cats?", "Cats?", 0.9, tuple(quotes))


def _planted(rng: random.Random, folder: Path) -> tuple[bytes, str | None]:
    """Plant a file that says else, under an id that is near a known one, and an answer from it."""
    name = rng.choice(("rules.txt", "rules.txt", "essay.txt", "seeds/essay.txt"))
    for near in rng.sample(_NEAR, rng.randint(0, 2)):
        name = near(name, rng)
    path = folder / "planted" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEXT.replace("not ", ""))
    source = rng.choice(("", "/proc/self/root")) + str(path)
    answer = _answer(Document(name, path.read_text(), source=source))
    written = json.dumps(answer.to_dict()).encode()
    result = _verify(written, folder)
    return written, None if result.exit_code == NOT_VERIFIED else f"exit code {result.exit_code}"


def _put_in(name: str, rng: random.Random) -> str:
    place = rng.randrange(len(name) - len(".txt"))
    return name[:place] + rng.choice(_UNSEEN) + name[place:]


_UNSEEN = "\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}\N{WORD JOINER}\N{RIGHT-TO-LEFT MARK}"
_NEAR: tuple[Callable[[str, random.Random], str], ...] = (
    _put_in,
    lambda name, _: name.swapcase(),
    lambda name, _: name.title(),
    lambda name, _: name.replace("e", "\N{CYRILLIC SMALL LETTER IE}"),
    lambda name, _: f"docs/{name}",
    lambda name, _: name.rpartition("/")[2],
)
"""How another name is made that looks like one."""


def _verify(written: bytes, folder: Path) -> Result:
    path = folder / "answer.json"
    path.write_bytes(written)
    env = {"INQUOTE_CACHE": str(folder / "cache")}
    return CliRunner().invoke(main, ["verify", str(path)], env=env)


def _by_command(written: bytes, folder: Path) -> str | None:
    """Verify a file; say what is wrong with what came of it."""
    result = _verify(written, folder)
    if result.exception and not isinstance(result.exception, SystemExit):
        return f"{type(result.exception).__name__}: {str(result.exception)[:200]}"
    if result.exit_code not in (0, 1, NOT_VERIFIED):
        return f"exit code {result.exit_code}"
    return _unclear(result.stderr) if result.exit_code == 1 else None


def _by_page(written: bytes, document: Document) -> str | None:
    """Restore a turn, as the page does with what a browser kept."""
    try:
        data: Any = json.loads(written)
    except (ValueError, RecursionError):  # which the server refuses before us
        return None
    try:
        turn = parse_turn(data)
        rendered(Checked.against(turn, lambda id_: document if id_ == document.id else None))
        verify(parse_answer(data["answer"]), [document])
    except QAError as error:
        return _unclear(str(error))
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def _unclear(message: str) -> str | None:
    """Return what is wrong with a message: it is one line, and not a page."""
    if message.count("\n") > 1 or len(message) > 1_000 or "Traceback" in message:
        return f"unclear message: {message[:200]}"
    return None
