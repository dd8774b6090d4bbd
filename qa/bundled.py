"""The corpus and the question set that come with the installation."""

from __future__ import annotations

from pathlib import Path

from qa.errors import LoadError


def essay_path() -> Path:
    """Return the path of the essay, the corpus where none is named."""
    return _seed("essay.txt")


def questions_path() -> Path:
    """Return the path of the question set on the essay."""
    return _seed("questions.jsonl")


def _seed(name: str) -> Path:
    here = Path(__file__).parent
    for folder in (here / "seeds", here.parent / "seeds"):  # in a wheel; in a checkout
        if (folder / name).is_file():
            return folder / name
    raise LoadError(f"{name} did not come with this installation: reinstall inquote", source=name)
