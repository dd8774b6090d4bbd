"""How soon a new process answers, and how soon the page is served, on the essay already indexed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException

from benchmarks.floor import Rates
from benchmarks.load import chat_command, free_port
from benchmarks.summary import Line, Measured, Options, table
from benchmarks.timing import Sample, in_turns, processor_seconds, shown
from qa import QA

RUNS = 5
QUESTION = "When was the Belt and Road Initiative proposed?"
ASK = ("-m", "qa", "ask", QUESTION)
ASK_IN, PAGE_IN = 1.0, 3.0  # seconds, wanted

_LIBRARIES = "import click, faiss, numpy, safetensors, tokenizers, embeddings.openvino_runtime"
_PAGE_LIBRARIES = (
    f"import os; os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'; {_LIBRARIES}, gradio"
)
_PATIENCE_SECONDS = 120.0


def process(*arguments: str) -> Sample:
    """Run a new Python to its end; return seconds on the clock, and of processor."""
    before, started = _children(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started, _children() - before


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


ANSWER, PAGE = "`inquote ask`, start to answer", "`inquote chat`, start to `/` served"
STARTS: Mapping[str, Callable[[], Sample]] = {
    "Python, importing nothing": partial(process, "-c", "pass"),
    "Python, importing the libraries of `ask`": partial(process, "-c", _LIBRARIES),
    "Python, importing those and Gradio": partial(process, "-c", _PAGE_LIBRARIES),
    "`import qa`": partial(process, "-c", "import qa"),
    "`inquote --help`": partial(process, "-m", "qa", "--help"),
    ANSWER: partial(process, *ASK),
    f"{ANSWER}, `--backend torch`": partial(process, *ASK, "--backend", "torch"),
    PAGE: page,
}


def measure(rates: Rates, options: Options) -> Measured:
    """Start everything several times, in turns."""
    QA.open().close()  # makes the index
    found = in_turns(STARTS, RUNS)
    rows = [
        (name, *map(shown, (times.median, times.best, times.processor)))
        for name, times in found.items()
    ]
    head = (f"a new process, {RUNS} times, s", "median", "best", "processor")
    targets = ((ANSWER, ASK_IN), (PAGE, PAGE_IN))
    lines = [Line(name, found[name].median, "s", most) for name, most in targets]
    return Measured(table(head, rows), lines)


def _serves(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _children() -> float:
    """Return how long the cores have worked for processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system
