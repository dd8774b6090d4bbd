"""Links to single answers: the server keeps an answer for some days under an unguessable token."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from qa import QA, QAError
from ui.chat.render import turn as rendered
from ui.chat.seals import Seals
from ui.chat.turns import Checked, Turn, in_corpus, parse_turn
from ui.visitors import limits
from ui.visitors.clients import share_of
from ui.visitors.errors import log_line
from ui.visitors.fair_work import Turns
from ui.visitors.messages import Data, Request, ServerFunction, errors_as_data, in_turn, parsed

_DAY = 86_400  # seconds
_TABLE = """
CREATE TABLE IF NOT EXISTS shared (
    token TEXT PRIMARY KEY, client TEXT NOT NULL, turn_id TEXT NOT NULL, made REAL NOT NULL,
    turn TEXT NOT NULL)
"""


class SharingError(QAError):
    """A link to an answer cannot be made, or leads nowhere."""


class SharedTurns:
    """Turns under tokens, in an SQLite file that only its owner can read.

    Args:
        path: the file; it need not exist yet.
        now: tells the time.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()

    def add(self, turn: Turn, client: str) -> str:
        """Keep a turn for a client; return its token, which is the same for the same turn.

        Raises:
            SharingError: the turn is too long, or there is no room for it.
        """
        data = json.dumps(turn.to_dict())
        if len(data) > limits.MAX_SHARED_CHARACTERS:
            raise SharingError("this answer is too long for a link")
        owner = hashlib.sha256(client.encode()).hexdigest()
        with self._open() as shared:
            known = shared.execute(
                "SELECT token FROM shared WHERE client = ? AND turn_id = ? AND turn = ?",
                (owner, turn.id, data),
            ).fetchone()
            if known:
                shared.execute("UPDATE shared SET made = ? WHERE token = ?", (self._now(), *known))
                return str(known[0])
            _check_room(shared, owner, share_of(client, limits.MAX_SHARED_EACH))
            token = secrets.token_urlsafe(24)
            row = (token, owner, turn.id, self._now(), data)
            shared.execute("INSERT INTO shared VALUES (?, ?, ?, ?, ?)", row)
            return token

    def find(self, token: str) -> Turn:
        """Return the turn of a token.

        Raises:
            SharingError: there is none, or it was kept for long enough.
        """
        row = None
        if self._path.exists():
            with self._open() as shared:
                query = "SELECT turn FROM shared WHERE token = ?"
                row = shared.execute(query, (token,)).fetchone()
        if row is None:
            raise SharingError(
                "this link leads to no answer: a link works for "
                f"{limits.SHARED_DAYS} days after it was last copied"
            )
        return parse_turn(json.loads(row[0]))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file, without what has expired, and commit at the end of the block."""
        try:
            with self._lock, closing(self._connect()) as shared, shared:
                oldest = self._now() - limits.SHARED_DAYS * _DAY
                shared.execute("DELETE FROM shared WHERE made < ?", (oldest,))
                yield shared
        except (sqlite3.Error, OSError) as error:
            log_line(f"links to answers cannot be kept in {self._path}: {error}")
            raise SharingError(
                "links cannot be used; the terminal that runs inquote says why"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
        self._path.touch(0o600)
        shared = sqlite3.connect(self._path, timeout=5)
        shared.execute("PRAGMA secure_delete = ON")
        shared.execute(_TABLE)
        return shared


def _check_room(shared: sqlite3.Connection, owner: str, most: int) -> None:
    (count,) = shared.execute("SELECT count(*) FROM shared WHERE client = ?", (owner,)).fetchone()
    if count >= most:
        raise SharingError(
            f"you have links to {count:,} answers, the most that are kept for one person"
        )
    (count,) = shared.execute("SELECT count(*) FROM shared").fetchone()
    if count >= limits.MAX_SHARED:
        raise SharingError("there is no room for more links here")


class _Sharing(Request):
    turn: dict[str, Any]


class _Shared(Request):
    link: Annotated[str, Field(max_length=100)]


class SharingHandlers:
    """Makes links to answers about the page's corpus, and opens them.

    Args:
        qa: the page's corpus.
        shared: keeps the answers.
        seals: tell whether what a language model wrote was written here.
    """

    def __init__(self, qa: QA, shared: SharedTurns, seals: Seals | None = None) -> None:
        self._qa = qa
        self._shared = shared
        self._seals = seals or Seals()

    def server_functions(self) -> list[ServerFunction]:
        """Return the functions that the page's scripts call by name."""
        turns = Turns()
        return [in_turn(self.share, turns, tells_client=True), in_turn(self.shared, turns)]

    @errors_as_data
    def share(self, request: object, client: str = "") -> Data:
        """Keep an answer; return the token of the link to it, and for how many days it works."""
        turn = parse_turn(parsed(_Sharing, request).turn)
        if turn.own or not self._checked(turn).verification.verified:
            raise SharingError("only an answer about this page's documents can have a link")
        if not self._seals.holds(turn.answer, turn.seal):
            raise SharingError("this answer was not written here: ask its question again")
        return {"link": self._shared.add(turn, client), "days": limits.SHARED_DAYS}

    @errors_as_data
    def shared(self, request: object) -> Data:
        """Return the answer that a link leads to, checked again."""
        turn = self._shared.find(parsed(_Shared, request).link)
        checked = self._checked(turn)
        if not checked.verification.verified:
            raise SharingError(
                "the documents have changed since this answer was given, so it is not shown: "
                "ask its question again"
            )
        return {"turn": turn.to_dict(), "html": rendered(checked, self._asked(turn))}

    def _checked(self, turn: Turn) -> Checked:
        return Checked.against(turn, in_corpus(self._qa))

    def _asked(self, turn: Turn) -> list[str]:
        """Return the ids of the documents that an abstention is about."""
        if turn.documents or not turn.answer.abstained:
            return list(turn.documents)
        return self._qa.index.document_ids()
