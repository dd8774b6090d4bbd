"""What killed servers leave behind is found and removed, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui.visitors.background import regularly
from ui.visitors.folder import private_folder, sweep

_SERVER = """
import sys, tempfile
from ui.visitors.folder import private_folder
with private_folder() as folder:
    (folder / "brought.txt").write_text("brought")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def server(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that holds a private folder."""
    command = [sys.executable, "-c", _SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_the_folder_is_for_its_owner_alone_and_goes_at_the_end(temporary: Path) -> None:
    with private_folder() as folder:
        assert folder.parent == temporary.resolve()
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "brought.txt").write_text("brought")
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_server_that_runs_is_left_alone(
    server: tuple[subprocess.Popen[str], Path],
) -> None:
    _, folder = server
    sweep()
    with private_folder():
        assert (folder / "brought.txt").read_text() == "brought"


def test_the_folder_of_a_server_that_was_killed_is_removed_at_the_next_start(
    server: tuple[subprocess.Popen[str], Path], temporary: Path
) -> None:
    process, folder = server
    outside = temporary / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    (folder / "link").symlink_to(outside)
    process.kill()
    process.wait()
    assert folder.is_dir()
    with private_folder():
        assert not folder.exists()
    assert (outside / "kept.txt").read_text() == "kept"


def test_a_link_and_a_folder_that_no_server_made_are_left_alone(temporary: Path) -> None:
    made = temporary / "inquote-visitors-mine"
    made.mkdir()
    (made / "kept.txt").write_text("kept")
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "in-use").touch()
    (temporary / "inquote-visitors-link").symlink_to(elsewhere)
    sweep()
    assert (made / "kept.txt").exists()
    assert (elsewhere / "in-use").exists()


def test_without_locks_a_folder_is_made_and_removed_and_no_other_is_touched(
    server: tuple[subprocess.Popen[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, left = server
    process.kill()
    process.wait()
    monkeypatch.setattr("ui.visitors.folder._HAS_LOCKS", False)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with private_folder() as folder:
        (folder / "brought.txt").write_text("brought")
        assert left.is_dir()
    assert not folder.exists()


def test_what_is_done_regularly_goes_on_after_a_failure_and_ends_with_its_block() -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)
        raise OSError

    with regularly(work, 0.001):
        while len(done) < 3:
            pass
    ended = len(done)
    assert ended <= len(done) <= ended + 1
