"""What is kept to start sooner may be lost, damaged or forbidden; results are the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import embeddings.cache
import embeddings.models
from embeddings.cache import cache_folder, keep, recall
from embeddings.models import find_model

AN_HOUR_AGO = 1_700_000_000


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the files of a model, and have them count as settled."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "config.json").write_text("{}")
    monkeypatch.setattr(embeddings.cache, "_SETTLED", -1_000_000_000)
    return folder


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the files that are read to be hashed."""
    names: list[str] = []
    sha256 = embeddings.models._sha256

    def listed(path: Path) -> str:
        names.append(path.name)
        return sha256(path)

    monkeypatch.setattr(embeddings.models, "_sha256", listed)
    return names


def test_a_models_files_are_hashed_once(model: Path, hashed: list[str]) -> None:
    first = find_model(str(model))
    assert sorted(hashed) == ["config.json", "model.safetensors"]
    assert find_model(str(model)) == first
    assert len(hashed) == 2


def test_a_file_that_changed_is_hashed_again_though_its_size_is_the_same(
    model: Path, hashed: list[str]
) -> None:
    before = find_model(str(model)).digest
    weights = model / "model.safetensors"
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, (AN_HOUR_AGO, AN_HOUR_AGO))
    hashed.clear()
    assert find_model(str(model)).digest != before
    assert hashed == ["model.safetensors"]


def test_a_file_that_just_changed_is_not_relied_on(
    model: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings.cache, "_SETTLED", 3_600_000_000_000)
    find_model(str(model))
    find_model(str(model))
    assert len(hashed) == 4


@pytest.mark.parametrize("damage", ["", "null", "[1]", '{"config.json": 3}', "\udcff"])
def test_a_damaged_memory_is_made_anew(model: Path, hashed: list[str], damage: str) -> None:
    expected = find_model(str(model)).digest
    (kept,) = (cache_folder() / "models").iterdir()
    kept.write_text(damage, encoding="utf-8", errors="surrogateescape")
    hashed.clear()
    assert find_model(str(model)).digest == expected
    assert len(hashed) == 2
    find_model(str(model))
    assert len(hashed) == 2


def test_where_nothing_can_be_kept_all_goes_on(model: Path, hashed: list[str]) -> None:
    cache_folder().parent.mkdir(exist_ok=True)
    cache_folder().write_text("a file is in the place of the folder")
    assert find_model(str(model)) == find_model(str(model))
    assert len(hashed) == 4


def test_what_is_kept_is_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    keep(tmp_path / "kept" / "one.json", {"a": [1]})
    keep(tmp_path / "kept" / "one.json", {"a": [2]})
    assert recall(tmp_path / "kept" / "one.json") == {"a": [2]}
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["one.json"]
    with pytest.raises(TypeError):
        keep(tmp_path / "kept" / "one.json", {1, 2})
    assert recall(tmp_path / "kept" / "one.json") == {"a": [2]}
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["one.json"]
