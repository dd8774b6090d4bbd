from __future__ import annotations

import subprocess
import sys

_IMPORTED = """
import ast, inspect
parsed, parse = [], ast.parse
ast.parse = lambda source, *args, **kwargs: parsed.append(source) or parse(source, *args, **kwargs)
found = inspect.getfile

from ui.server.gradio_patches.start import import_gradio
import_gradio()

import gradio
print(sum("class HTML(" in source for source in parsed if isinstance(source, str)))
assert inspect.getfile is found
assert "class HTML(" in inspect.getsource(gradio.HTML)
"""


_NOT_IMPORTED = """
import gc, sys
from ui.server.gradio_patches.start import import_gradio
import_gradio()
print(*(name for name in ("mcp", "IPython") if name in sys.modules))
assert gc.isenabled()
import mcp
"""


def test_gradio_is_imported_without_parsing_its_components() -> None:
    assert _printed_by(_IMPORTED) == "0"


def test_gradio_is_imported_without_what_the_page_does_not_use_and_others_may_still_import() -> (
    None
):
    assert _printed_by(_NOT_IMPORTED) == ""


def _printed_by(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
