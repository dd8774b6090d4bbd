"""Seals on written answers: that a language model of this server wrote them.

Quotes are checked against their documents again wherever they are shown. Nothing proves
statements, so a browser could make its own, and a link to them would show them to others.
"""

from __future__ import annotations

import hmac
import json
import os
from pathlib import Path

from ui.chat.turns import KeptAnswer
from ui.visitors.errors import log_line

_BYTES = 32


class Seals:
    """Makes and checks seals, with a key in a file that only its owner can read.

    Args:
        path: the file; it need not exist yet. None is a key that lasts as long as the process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._key = os.urandom(_BYTES) if path is None else _key(path)

    def of(self, answer: KeptAnswer) -> str:
        """Return the seal of an answer; empty where nothing was written."""
        if answer.written is None:
            return ""
        quotes = [(one.sha256, one.start, one.end) for one in answer.citations]
        sealed = [answer.question, answer.status, quotes, answer.written.model_dump()]
        data = json.dumps(sealed, sort_keys=True).encode()
        return hmac.digest(self._key, data, "sha256").hex()

    def holds(self, answer: KeptAnswer, seal: str) -> bool:
        """Return whether a seal is that of an answer."""
        return hmac.compare_digest(self.of(answer).encode(), seal.encode())


def _key(path: Path) -> bytes:
    """Return the key in a file, which is made where there is none.

    Where it cannot be kept, seals hold as long as the process.
    """
    key = os.urandom(_BYTES)
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(key)
    except FileExistsError:
        kept = path.read_bytes()
        return kept if len(kept) == _BYTES else key
    except OSError as error:
        log_line(f"the key of written answers cannot be kept in {path}: {error}")
    return key
