"""Asking loads what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

WATCHED = """
import sys

sys.argv = ["inquote", *{arguments!r}]
from qa.cli.commands import main

try:
    main(standalone_mode=False)
finally:
    heavy = {heavy!r} & set(sys.modules)
    assert not heavy, heavy
"""
TORCH = {"torch", "transformers", "sentence_transformers", "scipy", "sklearn", "pandas"}
OTHERS = {"gradio", "tiktoken", "tqdm", "lxml", "pypdfium2", "jinja2", "huggingface_hub"}
OTHERS |= {"ir_measures", "openvino.tools.ovc.convert"}


def loads_none_of(heavy: set[str], *arguments: str) -> None:
    code = WATCHED.format(arguments=arguments, heavy=heavy)
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)


@pytest.mark.model
@pytest.mark.process
def test_asking_an_index_loads_no_torch() -> None:
    question = "When was the Belt and Road Initiative proposed?"
    loads_none_of(TORCH, "ask", question)  # and makes the index
    loads_none_of(TORCH | OTHERS, "ask", question)
    loads_none_of(TORCH | OTHERS, "retrieve", question)


@pytest.mark.process
def test_help_loads_no_more_than_the_command_line() -> None:
    loads_none_of(TORCH | OTHERS | {"numpy", "faiss", "openvino", "tokenizers"}, "--help")
