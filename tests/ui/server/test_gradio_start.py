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


def test_gradio_is_imported_without_parsing_its_components() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORTED],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "0"
