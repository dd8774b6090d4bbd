"""What is not there on Windows is not needed to start, to index and to ask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_POSIX = """
import sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
import os
for name in ("fork", "register_at_fork", "fchmod", "getuid", "O_NOFOLLOW", "O_NONBLOCK"):
    delattr(os, name)
from pathlib import Path
from qa import QA
from qa.cli.commands import main
from qa.index import Index, update_index
from qa.loaders import find
from tests.fakes import FakeEncoder
import ui.command

folder, encoder = Path(sys.argv[1]), FakeEncoder()
update_index(folder / "index", find(folder / "notes"), encoder=encoder)
with QA(Index.open(folder / "index"), encoder) as qa:
    print([hit.passage.text for hit in qa.retrieve("What do tickets cost?")])
main(["--help"])
"""


@pytest.mark.process
def test_nothing_of_posix_is_needed(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.html").write_text("<p>Tickets cost five euros.")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX, tmp_path],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "['Tickets cost five euros.']" in done.stdout
    assert "  chat " in done.stdout
