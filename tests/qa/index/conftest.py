"""An index of three documents, made once, and copied for the tests that change it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qa.index import inverted_index, update_index
from tests.fakes import FakeEncoder, corpus


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the documents a, b and c, their words in many small blocks, as in a large index."""
    folder = tmp_path_factory.mktemp("original") / "index"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inverted_index, "_BLOCK", 64)
        update_index(folder, corpus("abc"), encoder=FakeEncoder())
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Copy the index of the documents a, b and c."""
    return shutil.copytree(original, tmp_path / "index")
