"""The public face, and what is said where a user's own module has the name of a package of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import inquote
import qa
from qa import evaluation

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "transformers", "sentence_transformers", "faiss", "tiktoken", "gradio", "lxml"}


def run(*arguments: str, folder: Path, path: str = str(ROOT)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def test_the_version_is_that_of_the_installation() -> None:
    assert inquote.__version__ == version("inquote")


def test_the_public_names_are_those_of_the_packages() -> None:
    for name in qa.__all__:
        assert getattr(inquote, name) is getattr(qa, name)
    assert inquote.evaluate is evaluation.evaluate
    of_evaluation = {"evaluate", "load_questions"}
    assert set(inquote.__all__) == {*qa.__all__, *of_evaluation, "__version__"}
    assert set(inquote.__all__) <= set(dir(inquote))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        inquote.nothing  # noqa: B018


@pytest.mark.process
def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys; from inquote import *; assert not {HEAVY!r} & set(sys.modules)"
    assert run("-W", "error", "-c", code, folder=tmp_path).stderr == ""


@pytest.mark.process
def test_it_is_a_command(tmp_path: Path) -> None:
    assert run("-m", "inquote", "--help", folder=tmp_path).stdout.startswith("Usage: inquote [OPT")
    called = run("-c", "import inquote; inquote.main()", "--help", folder=tmp_path)
    assert "verify" in called.stdout


@pytest.mark.process
@pytest.mark.parametrize("name", ["qa", "ui", "embeddings"])
@pytest.mark.parametrize("kind", ["module", "package"])
class TestAModuleThatStandsInTheWay:
    @pytest.fixture
    def stranger(self, tmp_path: Path, name: str, kind: str) -> Path:
        place = tmp_path / f"{name}.py" if kind == "module" else tmp_path / name
        file = place if kind == "module" else place / "__init__.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text("raise RuntimeError('mine, and not to be run')")
        return place

    def test_is_named_on_the_command_line(self, stranger: Path) -> None:
        for arguments, path in (
            (("-m", "inquote", "ask", "Who?"), str(ROOT)),
            (
                ("-P", "-c", "from inquote import main; main()", "--help"),
                os.pathsep.join([str(stranger.parent), str(ROOT)]),
            ),
        ):
            done = run(*arguments, folder=stranger.parent, path=path)
            assert done.returncode == 1
            assert done.stdout == ""
            assert done.stderr.startswith(f"Error: {stranger} stands in the way of inquote")
            assert done.stderr.endswith("rename it, or start Python in another folder\n")
            assert done.stderr.count("\n") == 1

    def test_is_named_where_a_name_is_imported(self, stranger: Path) -> None:
        done = run("-c", "from inquote import QA", folder=stranger.parent)
        last = done.stderr.splitlines()[-1]
        assert last.startswith(f"ImportError: {stranger} stands in the way of inquote")
        assert "mine" not in done.stderr


@pytest.mark.process
def test_a_module_that_was_imported_already_is_named(tmp_path: Path) -> None:
    (tmp_path / "qa.py").write_text("")
    done = run("-c", "import qa; from inquote import QA", folder=tmp_path)
    assert f"ImportError: {tmp_path / 'qa.py'} stands in the way" in done.stderr


@pytest.mark.process
def test_a_folder_of_such_a_name_with_no_python_in_it_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "qa").mkdir()
    assert run("-c", "from inquote import QA", folder=tmp_path).stderr == ""


@pytest.mark.process
def test_the_installed_command_starts_in_any_folder(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("inquote")
    shown = subprocess.run([command, "--help"], cwd=tmp_path, check=True, capture_output=True)
    assert b"Ask a document" in shown.stdout
