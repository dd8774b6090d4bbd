"""Importing Gradio for a page that is to be there soon."""

from __future__ import annotations

import inspect
from typing import Any


def import_gradio() -> None:
    """Import Gradio without the stubs that it writes for editors.

    At every import, Gradio parses the source of each of its components and holds a `.pyi` file
    beside it against what comes out, which is two fifths of the import. A class whose source is
    not found is skipped there; so, for the import, that of none of its own is.
    """
    found = inspect.getfile

    def getfile(of: Any) -> str:
        if getattr(of, "__module__", "").startswith("gradio."):
            raise OSError("no stub is wanted")
        return found(of)

    inspect.getfile = getfile  # type: ignore[assignment]  # a wider type
    try:
        import gradio  # noqa: F401
    finally:
        inspect.getfile = found
