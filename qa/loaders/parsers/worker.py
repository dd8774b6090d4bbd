"""The process that `qa.loaders.parsing` runs: parses one file after the other.

A job is a line of JSON and the file's bytes; a reply is a line of JSON. If a file crashes, hangs
or takes too much memory, it affects this process only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

_WORN = 300_000_000  # bytes; a process that holds more after a file ends
_PACKAGES = {"qa": 2, "qa.loaders": 1}  # and how many folders up they are


def main() -> None:
    """Parse what comes on the input, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries may print what they like
    _stand_in_for_packages()
    while line := sys.stdin.buffer.readline():
        job = json.loads(line)
        data = sys.stdin.buffer.read(job["bytes"])
        _limit(job["seconds"], job["memory"])
        reply = json.dumps(_parsed(job, data), ensure_ascii=False, default=dict)
        replies.write(reply.encode() + b"\n")
        replies.flush()
        if _memory() > _WORN:
            break


def _stand_in_for_packages() -> None:
    """Let the parsers be imported without the rest of inquote, which would be slow."""
    for name, up in _PACKAGES.items():
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [str(Path(__file__).parents[up])]


def _parsed(job: dict[str, Any], data: bytes) -> dict[str, Any]:
    from qa.loaders.parsers import Refused

    try:
        parser = import_module(f"qa.loaders.parsers.{job['kind']}")
        read: dict[str, Any] = parser.parse(data, job["name"], **job["options"])._asdict()
        return read
    except Refused as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"failed": "memory"}
    except Exception:  # any error is the file's
        return {"failed": "parsing"}


def _limit(seconds: float, memory: int) -> None:
    """Have the system limit the process for one file, should `parsing` fail to."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    used = int(time.process_time() + seconds) + 5
    for name, most in (("RLIMIT_CPU", used), ("RLIMIT_AS", memory)):
        try:
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(
                kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
            )
        except (AttributeError, ValueError, OSError):  # macOS limits no memory
            continue


def _memory() -> int:
    """Return how many bytes the process holds; 0 if unknown, as on other systems than Linux.

    `resource` would count the memory of the parent before the start, too.
    """
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
