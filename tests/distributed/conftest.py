"""Servers for the tests."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distributed.server import NotStarted, Server


def started(folder: Path, **settings: object) -> Iterator[Server]:
    """Start a server, and kill it at the end; skip the test where none can run."""
    pytest.importorskip(
        "milvus", reason="the Milvus server is not installed: make test-distributed"
    )
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the Milvus server runs on Linux, x86-64, alone")
    server = Server(folder, **settings)
    try:
        server.start()
    except NotStarted as error:
        pytest.skip(f"the Milvus server does not start here: {error}")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server."""
    yield from started(tmp_path_factory.mktemp("milvus"))
