"""A connection to Milvus, whose errors are sentences."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa.errors import IndexUnreachable, SettingsError
from qa.index.faults import damaged
from qa.index.rows import NotWhole
from qa.milvus.address import MilvusAddress
from qa.milvus.faults import is_not_allowed, why

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
_NO_INDEX = 700  # the code of its error

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
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise SettingsError(
                "an index on Milvus needs pymilvus: run  pip install 'inquote[milvus]'"
            ) from error
        # They print the traces of errors, which are told in sentences here.
        for name in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        with self.faults_named():
            self.client: MilvusClient = MilvusClient(
                address.uri, token=address.token, timeout=SECONDS, grpc_options=_CHANNEL
            )

    def load(self) -> bool:
        """Have the engine load the collections, if it has not; return False if one is half made.

        A reader's token may neither ask nor load: what is read next tells whether they are.
        """
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            for name in self.collections:
                state = self.client.get_load_state(name, timeout=SECONDS)["state"]
                if str(state) != "Loaded":
                    self.client.load_collection(name, timeout=SECONDS)
        except (MilvusException, RpcError) as error:
            if getattr(error, "code", None) == _NO_INDEX:
                return False
            if not is_not_allowed(error):
                raise
        return True

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
            where = str(self.address)
            raise IndexUnreachable(
                f"the index on {where} cannot be used: {why(error, self.address)}", folder=where
            ) from error

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
