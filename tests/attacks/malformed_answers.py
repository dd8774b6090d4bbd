"""Hand over saved answers, conversations and kept turns that are none: each is refused in words."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from qa import Answer, Citation, Document, verify
from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.documents import Span
from qa.errors import QAError
from qa.loaders import load
from qa.verification.answer_files import parse_answer
from tests.attacks import Outcome
from tests.attacks._odd_data import malformed
from ui.chat.render import turn as rendered
from ui.chat.turns import Checked, Turn, parse_turn

SMALL, FULL = 150, 20_000

_TEXT = "The museum opens at nine. Cats are not let in. A ticket costs five euros."
_SECONDS = 5.0  # for one; a busy machine takes a while


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Check malformed answers by the command and by the page."""
    source = folder / "rules.txt"
    source.write_text(_TEXT)
    (document,) = load(source)
    answer = _answer(document)
    turn = Turn.of(answer, "one", 0.65).to_dict()
    saved = answer.to_dict()
    talk = {"format": "inquote-conversation/1", "title": "Cats", "answers": [saved, saved]}
    survivors = []
    for number in range(tries):
        began = time.monotonic()
        kept = copy.deepcopy(rng.choice((saved, talk, turn)))
        written = malformed(kept, rng)
        found = (
            _by_page(written, document) if "found" in kept else _by_command(written, folder, rng)
        )
        if found is None and time.monotonic() - began > _SECONDS:
            found = f"took {time.monotonic() - began:.0f} s"
        if found is not None:
            survivors.append(f"{number}: {found}: {written[:500]!r}")
    return Outcome(tries, tuple(survivors))


def _answer(document: Document) -> Answer:
    spans = Span(0, 25), Span(26, 46), Span(26, len(document.text))
    quotes = [Citation(n, document, span) for n, span in enumerate(spans, 1)]
    return Answer("Cats?", "Cats?", 0.9, tuple(quotes))


def _by_command(written: bytes, folder: Path, rng: random.Random) -> str | None:
    """Verify a file; say what is wrong with what came of it."""
    path = folder / "answer.json"
    path.write_bytes(written)
    result = CliRunner().invoke(
        main, ["verify", str(path), *rng.choice(([], ["--document", str(folder)]))]
    )
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
