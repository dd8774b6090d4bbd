"""Ask a document, and be answered in its own words, with proof.

from inquote import QA

with QA.open("essay.txt") as qa:
    answer = qa.ask("When was the Belt and Road proposed?")
    print(answer.text)
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa import (
        LLM,
        QA,
        Answer,
        Chunking,
        Citation,
        Conversation,
        Document,
        Passage,
        QAError,
        RetrievedPassage,
        Rewriting,
        retrieve,
        verify,
    )
    from qa.evaluation import evaluate, load_questions

__version__ = "0.1.0"

__all__ = [
    "LLM",
    "QA",
    "Answer",
    "Chunking",
    "Citation",
    "Conversation",
    "Document",
    "Passage",
    "QAError",
    "RetrievedPassage",
    "Rewriting",
    "__version__",
    "evaluate",
    "load_questions",
    "retrieve",
    "verify",
]

_OF_EVALUATION = {"evaluate", "load_questions"}
_PACKAGES = ("embeddings", "qa", "ui")  # installed beside this one


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that a stranger's package is told of in one sentence."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if stranger := _stranger():
        raise ImportError(stranger)
    return getattr(import_module("qa.evaluation" if name in _OF_EVALUATION else "qa"), name)


def __dir__() -> list[str]:
    return [*__all__, "main"]


def main() -> None:
    """Run the command line."""
    if stranger := _stranger():
        sys.exit(f"Error: {stranger}")
    from qa.cli.commands import main as command_line

    command_line(prog_name="inquote")


def _stranger() -> str | None:
    """Return which module is found under the name of one of inquote's packages, if any is."""
    here = Path(__file__).resolve().parent.parent
    for name in _PACKAGES:
        found = _place_of(name)
        if found is None:
            return f"the package {name} is not there: reinstall inquote"
        if found.resolve() != here / name / "__init__.py":
            return (
                f"{_shown(found)} stands in the way of inquote, which has a package {name} of its "
                "own: rename it, or start Python in another folder"
            )
    return None


def _place_of(name: str) -> Path | None:
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None) or (None if module else find_spec(name))
    origin = spec.origin if spec else getattr(module, "__file__", None)
    if origin is None and spec and spec.submodule_search_locations:  # a folder without a file
        origin = next(iter(spec.submodule_search_locations), None)
    return Path(origin) if origin else None


def _shown(path: Path) -> str:
    return str(path.parent if path.name == "__init__.py" else path)
