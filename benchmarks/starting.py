"""How soon a new process answers, and the page is served, on the essay already indexed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPException

from benchmarks.chat_server import chat_command, free_port, processor_seconds
from benchmarks.machine import Rates
from benchmarks.results import Line, Measured, shown, table
from benchmarks.timing import Sample, in_turns
from qa import QA

RUNS = 5
ASK = ("-m", "qa", "ask", "When was the Belt and Road Initiative proposed?")
ANSWER, PAGE = "`inquote ask`, start to answer", "`inquote chat`, start to `/` served"
TARGETS = {ANSWER: 1.0, PAGE: 3.0}  # seconds, at most

_LIBRARIES = "import click, faiss, numpy, safetensors, tokenizers, embeddings.openvino_runtime"
_PAGE_LIBRARIES = (
    f"import os; os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'; {_LIBRARIES}, gradio"
)
_PATIENCE_SECONDS = 120.0


def process(*arguments: str) -> Sample:
    """Run a new Python to its end; return seconds on the clock, and of the processor."""
    before, started = _processor_seconds_of_children(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started, _processor_seconds_of_children() - before


def page() -> Sample:
    """Start `inquote chat`, and wait until it serves its page."""
    port = free_port()
    started = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(chat_command(port), stdout=quiet, stderr=quiet) as server:
        try:
            while not _serves(port):
                if server.poll() is not None or time.perf_counter() - started > _PATIENCE_SECONDS:
                    raise SystemExit("the page did not start: run  inquote chat  to see why")
                time.sleep(0.005)
            return time.perf_counter() - started, processor_seconds(server.pid)
        finally:
            server.terminate()


STARTS: dict[str, Callable[[], Sample]] = {
    "Python, importing nothing": partial(process, "-c", "pass"),
    "Python, importing the libraries of `ask`": partial(process, "-c", _LIBRARIES),
    "Python, importing those and Gradio": partial(process, "-c", _PAGE_LIBRARIES),
    "`import qa`": partial(process, "-c", "import qa"),
    "`inquote --help`": partial(process, "-m", "qa", "--help"),
    ANSWER: partial(process, *ASK),
    f"{ANSWER}, `--backend torch`": partial(process, *ASK, "--backend", "torch"),
    PAGE: page,
}


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    QA.open().close()  # makes the index
    times = in_turns(STARTS, RUNS)
    rows = [
        (name, *map(shown, (each.median, each.best, each.processor)))
        for name, each in times.items()
    ]
    names = (f"a new process, {RUNS} times, s", "median", "best", "processor")
    lines = [Line(name, times[name].median, "s", most) for name, most in TARGETS.items()]
    return Measured(table(names, rows), lines)


def _serves(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _processor_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
