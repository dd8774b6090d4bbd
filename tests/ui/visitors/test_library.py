"""The folder in which visitors' documents stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import SettingsError
from ui.visitors.library import kept_library, library_name


def test_a_library_is_private_and_one_server_at_a_time_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "documents" / "the-essay"
    with kept_library(folder, 7) as library:
        assert library
        assert (library.folder, library.days) == (folder, 7)
        assert folder.stat().st_mode & 0o777 == 0o700
        with kept_library(folder, 7) as second:
            assert second is None
    with kept_library(folder, 7) as again:
        assert again


def test_a_link_and_a_file_are_no_library(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with (
            pytest.raises(SettingsError, match=r"cannot be kept in .*--keep-days 0"),
            kept_library(tmp_path / name, 7),
        ):
            pass


def test_each_page_and_model_has_a_library_of_its_own_whatever_its_title() -> None:
    names = {library_name(title, model) for title in ("../a", "-- a", "") for model in ("x", "y")}
    assert len(names) == 6
    assert not any("/" in name or name.startswith(".") for name in names)
