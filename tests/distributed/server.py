"""A Milvus server of its own, which tests may kill."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from pymilvus import MilvusClient, MilvusException

from tests.ui.serving import free_port

PATIENCE = 300.0  # seconds, as a killed server may take minutes to come back
_TRIES = 5
_SETTINGS = {"common.session.ttl": 5}  # seconds that a killed server is still taken to be there
ROOT = "root:Milvus"
_SERVE = """
import json, socket, sys, time
from milvus import MilvusServer

class Reused(socket.socket):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

server = MilvusServer(wait_for_started=False)
server.set_base_dir(sys.argv[1])
for name, value in json.loads(sys.argv[3]).items():
    server.config.set(name, value)
names = [name for name in server.config_keys if name.endswith("_port")]
unused = [socket.create_server(("127.0.0.1", 0)) for _ in [*names, "metrics"]]
ports = [each.getsockname()[1] for each in unused]
for each in unused:
    each.close()
server.webservice_port = ports.pop()
server.config.update(**dict(zip(names, ports)) | {"proxy_port": int(sys.argv[2])})
socket.socket = Reused  # else its own port is taken for a minute after it was killed
server.start()
sys.exit(server.server_proc.wait())
"""
_ETCD = """
listen-client-urls: http://127.0.0.1:0
listen-peer-urls: http://127.0.0.1:0
advertise-client-urls: http://127.0.0.1:2379
"""  # it is asked in its own process; else no second server could run, or one beside another etcd


class NotStarted(Exception):
    """The server does not start on this machine."""


class Server:
    """A server on loopback, over a folder that outlives it.

    Args:
        folder: its data.
        settings: of the server, by the names of its package, or of its configuration.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings = _SETTINGS | settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, name: str, kind: str = "HNSW") -> str:
        """Return the address of an index on it."""
        scheme = "milvus+https" if self.settings.get("tls_mode") else "milvus"
        return f"{scheme}://localhost:{self.port}/{name}?index={kind}"

    def start(self) -> None:
        """Start it, and wait until it answers; another program may take a port before it does.

        Raises:
            NotStarted: it ends, several times.
            TimeoutError: it does not answer.
        """
        for _ in range(_TRIES - 1):
            with suppress(NotStarted):
                self._start()
                return
            time.sleep(1)
        self._start()

    def _start(self) -> None:
        etcd = self.folder / "etcd.yaml"
        etcd.write_text(_ETCD)
        given = [str(self.folder), str(self.port), json.dumps(self.settings)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, *given],
            start_new_session=True,
            env=os.environ | {"ETCD_CONFIG_PATH": str(etcd)},
        )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None:
                raise NotStarted(self._last_words())
            if time.monotonic() > until:
                self.kill()
                raise TimeoutError(f"the server does not answer: {self._last_words()}")
            time.sleep(0.2)

    def client(self) -> MilvusClient:
        """Connect to it as the one who may do everything."""
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it tells of each try
        secure = {"server_pem_path": self.settings.get("server_pem_path", "")}
        return MilvusClient(self._uri(), token=ROOT, timeout=10, **secure)

    def kill(self) -> None:
        """Kill it, as a machine that loses its power."""
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _uri(self) -> str:
        scheme = "https" if self.settings.get("tls_mode") else "http"
        return f"{scheme}://localhost:{self.port}"

    def _answers(self) -> bool:
        try:
            client = self.client()
            client.list_collections(timeout=10)
            client.close()
        except MilvusException:
            return False
        return True

    def _last_words(self) -> str:
        files = sorted((self.folder / "logs").glob("milvus-std*.log"))
        lines = [line for file in files for line in file.read_text(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line.strip()), "it says nothing")[:300]
