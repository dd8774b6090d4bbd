"""Indexes on Milvus Lite, the engine in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.milvus.address import MilvusAddress
from qa.milvus.client import Connection


class _Hasty:
    """The time, but waiting is short: the client looks every half second whether it is done."""

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.01))


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client wait for less long at a time."""
    monkeypatch.setattr("pymilvus.client.grpc_handler.time", _Hasty())


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Name an index that is not there yet."""
    from milvus_lite.server_manager import server_manager_instance

    file = tmp_path / "notes.db"
    yield f"milvus:{file}"
    server_manager_instance.release_server(str(file))


@pytest.fixture
def connection(address: str) -> Iterator[Connection]:
    """Connect to the engine, past the index."""
    connection = Connection(MilvusAddress.parsed(address))
    yield connection
    connection.close()
