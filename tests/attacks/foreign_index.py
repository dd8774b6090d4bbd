"""Open an index made up by somebody, its checksums right: no other file, network, or crash."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from embeddings import EmbeddingsError
from embeddings.stores import ivf_store, segments
from qa import QA
from qa.errors import QAError
from qa.index import Index, update_index
from qa.index.rows import checksum, checksum_of
from qa.index.storage import DATABASE
from tests.attacks import Outcome
from tests.fakes import FakeEncoder, corpus
from tests.network import ASKED

SMALL = 25
FULL = 2_000

_NUMBERS = (-1, 0, 1, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63))
_ODD: tuple[Any, ...] = (
    None, True, -1, 2**70, 0.5, "", "a\0b", "../secret", "/etc/passwd", "x" * 10_000, [], {},
    [[]], "evil/x", "vectors-1-0123456789abcdef", "file:///etc/passwd", "\ud800", "~root", "NaN",
)  # fmt: skip
_MOST_MEMORY = 512 * 2**10  # KiB more than before

_OPENED: list[str] = []
_WATCHED: list[str] = []


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Change an index with all checksums made right again, and use it as anyone would."""
    secret, index = folder / "secret", folder / "index"
    secret.mkdir()
    (secret / "vectors-1-0123456789abcdef").write_bytes(b"secret")
    (folder / "model").mkdir()
    with patch.object(segments, "FLAT_MOST", 4), patch.object(ivf_store, "_LEAST_IN_A_LIST", 5):
        update_index(index, corpus("ab", parts=12), encoder=FakeEncoder())
        update_index(index, corpus("c", parts=2), encoder=FakeEncoder())
    sys.addaudithook(_watch)
    _WATCHED[:] = [str(secret), str(folder / "model"), "/etc/passwd"]
    before, asked = _memory(), len(ASKED)
    survivors: list[str] = []
    for n in range(tries):
        copy = shutil.copytree(index, folder / str(n))
        told = rng.choice(_CHANGES)(copy, rng)
        survivors += [f"{n}, {told}: {wrong}" for wrong in _used(copy, folder)]
        shutil.rmtree(copy)
    if (memory := _memory() - before) > _MOST_MEMORY:
        survivors.append(f"it took {memory:,} KiB of memory")
    survivors += ASKED[asked:]
    _WATCHED.clear()
    return Outcome(tries, tuple(survivors))


def _used(index: Path, folder: Path) -> list[str]:
    """Open, ask, check and change an index; return what went wrong beyond a sentence."""
    wrong: list[str] = []

    def by_its_own_model() -> None:
        with QA.open(index=index):
            pass

    def asked() -> None:
        with QA(Index.open(index), FakeEncoder()) as qa:
            qa.ask("What is part 7 of b about?", top_k=3)
            qa.index.check_whole()

    def changed() -> None:
        update_index(index, corpus("bd", parts=3), encoder=FakeEncoder())

    for use in (by_its_own_model, asked, changed):
        try:
            use()
        except (QAError, EmbeddingsError):
            pass
        except BaseException as error:
            wrong.append(f"{use.__name__}: {error!r}")
    wrong += [f"{path} was opened" for path in _OPENED]
    if (folder / "secret" / "vectors-1-0123456789abcdef").read_bytes() != b"secret":
        wrong.append("a file of somebody else changed")
    _OPENED.clear()
    return wrong


def _manifest(index: Path, rng: random.Random) -> str:
    """Change a field of the manifest."""
    connection = sqlite3.connect(index / DATABASE)
    (stored,) = connection.execute("SELECT json FROM manifest").fetchone()
    manifest = json.loads(stored)
    owner = rng.choice([manifest, manifest, manifest["chunking"], *manifest["segments"]])
    field = rng.choice(sorted(owner))
    odd = rng.choice([*_ODD, *_NUMBERS, str(index.parent / "model"), [rng.choice(_ODD)]])
    owner[field] = odd
    _store(connection, manifest)
    return f"{field} = {str(odd)[:60]!r}"


def _rows(index: Path, rng: random.Random) -> str:
    """Change a row of documents or passages."""
    table, columns = rng.choice(
        [
            ("documents", ("passages", "id", "title", "source", "sha256", "stamp", "pages")),
            ("passages", ("sentences", "context")),
        ]
    )
    odd = rng.choice(
        [
            "[]",
            "[[0, 9]]",
            "[[9, 0]]",
            "[[-5, 4]]",
            "[[0, 1e400]]",
            "[" * 50_000,
            "a" * 10,
            10**9,
            -3,
            0,
            b"\xff",
            "[0]",
            "[0, 99999999]",
            "\x1b[2J",
        ]
    )
    column = rng.choice(columns)
    connection = sqlite3.connect(index / DATABASE)
    connection.execute(
        f"UPDATE {table} SET {column} = ? WHERE number = (SELECT min(number) FROM {table})", (odd,)
    )
    for row in connection.execute(f"SELECT * FROM {table}").fetchall():
        connection.execute(
            f"UPDATE {table} SET checksum = ? WHERE number = ?", (checksum(*row[:-1]), row[0])
        )
    _store(connection, None)
    return f"{table}.{column} = {str(odd)[:40]!r}"


def _words(index: Path, rng: random.Random) -> str:
    """Change what is stored of words."""
    connection = sqlite3.connect(index / DATABASE)
    rows = connection.execute("SELECT segment, first, until, terms FROM postings").fetchall()
    segment, first, until, terms = rng.choice(rows)
    broken = bytearray(terms)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(max(len(broken) - 4, 1))
        broken[at : at + 4] = rng.choice([b"\xff" * 4, bytes(4), rng.randbytes(4)])
    (seal,) = connection.execute(
        "SELECT checksum FROM word_segments WHERE number = ?", (segment,)
    ).fetchone()
    connection.execute(
        "UPDATE postings SET terms = ?, checksum = ? WHERE segment = ? AND first = ?",
        (bytes(broken), checksum(seal, first, until, checksum_of(bytes(broken))), segment, first),
    )
    _store(connection, None)
    return f"words from {first!r} on"


def _vectors(index: Path, rng: random.Random) -> str:
    """Change numbers in the header, or bytes elsewhere, of a file of vectors."""
    path = rng.choice(sorted(index.glob("vectors-*")))
    broken = bytearray(path.read_bytes())
    field = rng.randrange(3)
    number = rng.choice([*_NUMBERS, rng.randrange(100)])
    if rng.random() < 0.5:
        struct.pack_into("<q", broken, 8 + 8 * field, number)
    else:
        at = rng.randrange(40, len(broken) - 8)
        broken[at : at + 8] = rng.choice([b"\xff" * 8, struct.pack("<q", number)])
    if rng.random() < 0.5:
        broken += bytes(rng.randrange(10_000))
    _made_right(broken)
    path.write_bytes(broken)
    connection = sqlite3.connect(index / DATABASE)
    manifest = json.loads(connection.execute("SELECT json FROM manifest").fetchone()[0])
    for segment in manifest["segments"]:
        if segment["name"] == path.name:
            segment |= {"bytes": len(broken), "sha256": _sha256(broken)}
            segment["kind"] = rng.choice(["faiss", "ivf"])
    _store(connection, manifest)
    return f"vectors: field {field}, {number}"


def _hollow(index: Path, rng: random.Random) -> str:
    """Put in the place of a file of vectors one that claims many, and has them nowhere."""
    path = rng.choice(sorted(index.glob("vectors-*")))
    connection = sqlite3.connect(index / DATABASE)
    manifest = json.loads(connection.execute("SELECT json FROM manifest").fetchone()[0])
    count = rng.choice([10**3, 10**6, 6 * 10**8])
    size = 36 + count * (12 + 4 * manifest["dim"])
    with path.open("wb") as file:
        file.write(struct.pack("<8sqqqI", b"INQTVEC1", manifest["dim"], count, 0, 0))
        file.truncate(size)
    for segment in manifest["segments"]:
        if segment["name"] == path.name:
            segment |= {"bytes": size, "kind": "ivf"}
    _store(connection, manifest)
    return f"{count:,} vectors in a file without content"


def _made_right(broken: bytearray) -> None:
    """Make the checks of a file of vectors right again, as far as it has them."""
    dim, count, lists = struct.unpack_from("<qqq", broken, 8)
    if not (0 <= count < 10_000 and 0 < dim < 10_000) or len(broken) < 36 + count * (12 + 4 * dim):
        return
    ids = struct.unpack_from(f"<{count}q", broken, 36)
    for n, id_ in enumerate(ids):
        at = 36 + 12 * count + 4 * dim * n
        crc = zlib.crc32(broken[at : at + 4 * dim], id_ & 0xFFFFFFFF)
        struct.pack_into("<I", broken, 36 + 8 * count + 4 * n, crc)
    table = zlib.crc32(broken[36 : 36 + 12 * count], zlib.crc32(broken[:32]))
    struct.pack_into("<I", broken, 32, table)
    if lists:
        start = 36 + count * (12 + 4 * dim)
        struct.pack_into("<I", broken, len(broken) - 4, zlib.crc32(broken[start:-4]))


def _schema(index: Path, rng: random.Random) -> str:
    """Put a view, a trigger or a table of one's own into the database."""
    statement = rng.choice(
        [
            "DROP TABLE texts; CREATE VIEW texts AS WITH RECURSIVE n(document, text) AS "
            "(SELECT 1, 'a' UNION ALL SELECT document + 1, text FROM n) SELECT * FROM n",
            "CREATE TRIGGER t AFTER INSERT ON passages BEGIN DELETE FROM documents; END",
            "CREATE TABLE theirs (x)",
            "DROP INDEX tokens_by_text",
            "ALTER TABLE tokens ADD COLUMN theirs",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA user_version = 99",
        ]
    )
    connection = sqlite3.connect(index / DATABASE)
    connection.executescript(statement)
    connection.close()
    return statement[:50]


def _link(index: Path, rng: random.Random) -> str:
    """Put a link, a pipe or a folder in the place of a file."""
    path = rng.choice([*sorted(index.iterdir()), index / f"{DATABASE}-wal"])
    path.unlink(missing_ok=True)
    kind = rng.choice(["link", "pipe", "folder"])
    if kind == "link":
        path.symlink_to(index.parent / "secret" / "vectors-1-0123456789abcdef")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    return f"a {kind} called {path.name}"


_CHANGES: list[Callable[[Path, random.Random], str]] = [
    _manifest, _manifest, _manifest, _rows, _words, _vectors, _vectors, _hollow, _schema, _link,
]  # fmt: skip


def _store(connection: sqlite3.Connection, manifest: dict[str, Any] | None) -> None:
    """Write the manifest with all its checks made right, and close the database."""
    from qa.index.rows import together

    rows = connection.execute("SELECT checksum FROM documents ORDER BY number")
    documents = together(found for (found,) in rows)
    if manifest is None:
        manifest = json.loads(connection.execute("SELECT json FROM manifest").fetchone()[0])
        manifest["documents_check"] = documents
    stored = json.dumps(manifest)
    connection.execute("UPDATE manifest SET json = ?, checksum = ?", (stored, checksum(stored)))
    connection.commit()
    connection.close()


def _sha256(data: bytes | bytearray) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _watch(event: str, args: tuple[object, ...]) -> None:
    """List what is opened of what an index has no business with."""
    if event == "open" and _WATCHED and isinstance(args[0], str):
        path = os.path.realpath(args[0])
        if any(path.startswith(watched) for watched in _WATCHED):
            _OPENED.append(path)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
