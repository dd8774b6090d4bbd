"""A Milvus server of its own, which tests may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from qa.errors import StoredIndexError
from qa.milvus.address import MilvusAddress
from qa.milvus.client import Connection

PATIENCE = 90.0  # seconds
_SERVE = """
import socket, sys, time
from milvus import MilvusServer

class Reused(socket.socket):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

socket.socket = Reused  # else it takes another port for a minute after it was killed
server = MilvusServer()
server.set_base_dir(sys.argv[1])
server.listen_port = int(sys.argv[2])
server.start()
time.sleep(10_000)
"""


class Server:
    """A server on loopback, over a folder that outlives it.

    Args:
        folder: its data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, name: str, kind: str = "HNSW") -> str:
        """Return the address of an index on it."""
        return f"milvus://127.0.0.1:{self.port}/{name}?index={kind}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-c", _SERVE, str(self.folder), str(self.port)]
        self._process = subprocess.Popen(command, start_new_session=True)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > until:
                self.kill()
                raise TimeoutError("the server does not answer")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            connection = Connection(MilvusAddress.parsed(self.address("none")))
            with connection.faults_named():
                connection.client.list_collections()
            connection.close()
        except StoredIndexError:
            return False
        return True

    def kill(self) -> None:
        """Kill it, as a machine that loses its power."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
