"""A quicker import of Gradio."""

from __future__ import annotations

import inspect
from typing import Any


def import_gradio() -> None:
    """Import Gradio without the stubs that it writes for editors.

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
        import gradio  # noqa: F401
    finally:
        inspect.getfile = getfile
