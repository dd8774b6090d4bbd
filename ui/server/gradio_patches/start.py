"""A quicker import of Gradio."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_UNUSED = ("IPython", "mcp")
"""Optional to Gradio, and slow to import. The page's MCP server is not Gradio's."""


def import_gradio() -> None:
    """Import Gradio without what the page does not need, and without collecting garbage."""
    with _no_stubs(), _missing(_UNUSED), _no_collection():
        import gradio  # noqa: F401


@contextmanager
def _no_stubs() -> Iterator[None]:
    """Keep Gradio from writing stubs for editors.

    At every import, Gradio parses the source of each of its components and compares it with a
    `.pyi` file, which takes two fifths of the import. It skips a class whose source is not found,
    so no source of its own is found during the import.
    """
    getfile = inspect.getfile

    def getfile_without_gradio(of: Any) -> str:
        if getattr(of, "__module__", "").startswith("gradio."):
            raise OSError("no stub is wanted")
        return getfile(of)

    inspect.getfile = getfile_without_gradio  # type: ignore[assignment]  # a wider type
    try:
        yield
    finally:
        inspect.getfile = getfile


@contextmanager
def _missing(names: tuple[str, ...]) -> Iterator[None]:
    """Have modules that are not imported yet seem not to be installed."""
    hidden = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))  # None has an import fail, as Python documents
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage for a while, and then none of what is there already."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
