"""How the process of a command starts, and what it prints of the log."""

from __future__ import annotations

import gc
import io
import logging
import sys
from typing import Any

import click

from qa.text.printable import printable

_GARBAGE = 100_000, 20, 20  # objects, and collections, before the next collection


def start_quickly() -> None:
    """Leave out of this process what a command does not need: OpenVINO's converter of models.

    Garbage is collected less often, as imports make many objects that stay.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino.tools.ovc", None)  # which has its import fail, as it may
    gc.set_threshold(*_GARBAGE)


def show_every_character() -> None:
    """Have the output show what its encoding lacks as an escape, rather than fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class _Lines(logging.Handler):
    """Prints what is logged on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(printable(record.getMessage()), err=True)


def print_log() -> None:
    """Have warnings printed, and the progress of long work where no bar is drawn."""
    log = logging.getLogger("inquote")
    if not any(isinstance(handler, _Lines) for handler in log.handlers):
        log.addHandler(_Lines())
    logging.getLogger("inquote.progress").setLevel(logging.INFO)
