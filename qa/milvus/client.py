"""A connection to Milvus, whose errors are sentences."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa.errors import IndexUnreachable, SettingsError, StoredIndexError
from qa.index.faults import damaged
from qa.index.rows import NotWhole
from qa.milvus.address import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

SECONDS = 10.0
"""How long a server may take for one call."""

AT_ONCE = 500
"""Rows of up to 64 kB that are asked for at once; a server sends 64 MB at most."""

STRONG, BOUNDED = "Strong", "Bounded"
"""Reads see all that was written before; or, much sooner, all but the last seconds."""

_CHANNEL = {
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.keepalive_permit_without_calls": 0,  # servers close what pings without asking
}
_REFUSED = ("auth check failure", "unauthenticated", "code=1800", "api key")
_NOT_ALLOWED = ("permission deny", "permission_denied", "privilege", "code=1801")
_FULL = ("quota", "force deny", "memory limit", "disk full", "no space left")
_GONE = (
    "unavailable",
    "fail connecting",
    "timeout",
    "timed out",
    "deadline",
    "channel",
    "not ready",
)

Row = dict[str, Any]


class Connection:
    """A client of a server, or of Milvus Lite; it may be used from several threads.

    Raises:
        SettingsError: pymilvus is not installed.
        IndexUnreachable: the server cannot be reached, or refuses the token.
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        self.documents, self.passages = f"{address.name}_documents", f"{address.name}_passages"
        self.collections = self.documents, self.passages
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise SettingsError(
                "an index on Milvus needs pymilvus: run  pip install 'inquote[milvus]'"
            ) from error
        # It prints the traces of errors, which are told in sentences here.
        for name in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with self.faults_named():
            self.client: MilvusClient = MilvusClient(
                address.uri, token=address.token, timeout=SECONDS, grpc_options=_CHANNEL
            )

    def load(self) -> None:
        """Have the engine load the collections, if it has not: a reader's token may not."""
        for name in self.collections:
            state = self.client.get_load_state(name, timeout=SECONDS)["state"]
            if str(state) != "Loaded":
                self.client.load_collection(name, timeout=SECONDS)

    @contextmanager
    def faults_named(self) -> Iterator[None]:
        """Turn what the client raises into a sentence."""
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            yield
        except NotWhole as error:
            raise damaged(str(self.address), error) from error
        except (MilvusException, RpcError, OSError) as error:
            raise self._named(error) from error

    def _named(self, error: Exception) -> StoredIndexError:
        text, where = str(error).lower(), str(self.address)
        if any(sign in text for sign in _REFUSED):
            why = "it refuses the token; set the right one in INQUOTE_MILVUS_TOKEN"
        elif any(sign in text for sign in _NOT_ALLOWED):
            why = "the token may not do this; set one that may in INQUOTE_MILVUS_TOKEN"
        elif "open local milvus failed" in text:
            why = (
                "another process has its file open, or it is no file of Milvus Lite; wait for that "
                "process, name another file, or run a server"
            )
        elif any(sign in text for sign in _FULL):
            why = "it takes no more data, as its memory or disk is full; make room, and try again"
        elif isinstance(error, OSError) or any(sign in text for sign in _GONE):
            why = "it does not answer; look whether it runs and is reachable, and try again"
        else:
            why = f"it answers with an error ({str(getattr(error, 'message', error))[:200]})"
        return IndexUnreachable(f"the index on {where} cannot be used: {why}", folder=where)

    def query(
        self, collection: str, chosen: str, fields: Sequence[str], consistency: str = BOUNDED
    ) -> list[Row]:
        """Return the rows that an expression chooses; 16,384 at most."""
        found = self.client.query(
            collection,
            filter=chosen,
            output_fields=list(fields),
            consistency_level=consistency,
            timeout=SECONDS,
        )
        return [dict(row) for row in found]

    def every(self, collection: str, chosen: str, fields: Sequence[str]) -> Iterator[Row]:
        """Yield all rows that an expression chooses, as they are now."""
        rows = self.client.query_iterator(
            collection,
            batch_size=AT_ONCE,
            filter=chosen,
            output_fields=list(fields),
            consistency_level=STRONG,
            timeout=SECONDS,
        )
        try:
            while some := rows.next():
                yield from map(dict, some)
        finally:
            rows.close()

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows, in place of those with their keys."""
        for start in range(0, len(rows), AT_ONCE):
            some = list(rows[start : start + AT_ONCE])
            self.client.upsert(collection, some, timeout=SECONDS)

    def delete(self, collection: str, chosen: str) -> None:
        """Delete the rows that an expression chooses."""
        self.client.delete(collection, filter=chosen, timeout=SECONDS)

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()
