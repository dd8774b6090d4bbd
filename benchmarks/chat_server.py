"""Runs `inquote chat` in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def chat_command(port: int) -> list[str]:
    """Return the command that runs `inquote chat` at a port, and prints JSON once it serves."""
    command = [sys.executable, "-m", "qa", "chat", "--no-open", "--json"]
    return [*command, "--port", str(port)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def chat_server(*options: str) -> Iterator[tuple[str, int]]:
    """Run `inquote chat`, by default on the essay; yield its address and the id of its process."""
    command = [*chat_command(free_port()), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        printed = ""
        while not printed.rstrip().endswith("}"):
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the server did not start: run  inquote chat  to see why")
            printed += line
        try:
            yield json.loads(printed)["url"], process.pid
        finally:
            process.terminate()


def resident_megabytes(pid: int) -> float:
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    return int(subprocess.check_output(command, text=True)) / 1024


def processor_seconds(pid: int) -> float:
    """Return the processor time of a running process so far; 0 without Linux's /proc."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = line.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
