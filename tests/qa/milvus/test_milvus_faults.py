"""What Milvus may answer with, in sentences."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from pymilvus import MilvusException

from qa import QA
from qa.cli.commands import main
from qa.errors import IndexUnreachable
from qa.milvus import client
from qa.milvus.client import Connection
from qa.milvus.reader import MilvusIndex
from tests.fakes import FakeEncoder

CLOSED = "milvus://127.0.0.1:9/notes"  # the port of "discard", which nothing listens on


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MilvusException(1800, "auth check failure, please check api key"), "wants a token"),
        (MilvusException(1801, "PrivilegeUpsert: permission deny"), "lacks the privilege Upsert"),
        (MilvusException(1801, "permission deny"), "the token may not do this; set one"),
        (MilvusException(2, "UNAUTHENTICATED: Hostname Verification Check failed"), "another host"),
        (MilvusException(101, "collection not loaded"), "has not loaded the index"),
        (MilvusException(9, "quota exceeded: memory limit"), "takes no more data"),
        (MilvusException(2, "Fail connecting to server on host"), "does not answer"),
        (TimeoutError(), "does not answer"),
        (MilvusException(1, "field not found"), r"an error \(field not found\)"),
    ],
)
def test_an_error_of_the_engine_is_a_sentence(
    connection: Connection, error: Exception, says: str
) -> None:
    with pytest.raises(IndexUnreachable, match=says), connection.faults_named():
        raise error


def test_a_server_that_is_down_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.5)
    monkeypatch.setenv("INQUOTE_MILVUS_TOKEN", "root:secret-token")
    before = time.monotonic()

    result = CliRunner().invoke(main, ["ask", "When?", "--index", CLOSED])

    assert result.exit_code == 1
    assert "does not answer; look whether it runs" in result.output
    assert "secret-token" not in result.output
    assert time.monotonic() - before < 8


@pytest.mark.process
def test_a_file_that_another_process_has_open_is_told(address: str, tmp_path: Path) -> None:
    file = Path(address.removeprefix("milvus:"))
    program = (
        "import sys; from milvus_lite.server_manager import server_manager_instance as manager; "
        f"manager.start_and_get_uri({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        result = CliRunner().invoke(main, ["ask", "When?", "--index", address])
        other.kill()

    assert result.exit_code == 1
    assert "another process has its file open" in result.output
    assert "Traceback" not in result.output


def test_a_question_that_finds_no_server_names_it(
    address: str, no_model: FakeEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("Bread is baked on Friday.")
    with QA.open(tmp_path / "notes.txt", index=address) as qa:
        assert isinstance(qa.index, MilvusIndex)
        monkeypatch.setattr(qa.index._connection.client, "search", _unavailable)

        with pytest.raises(IndexUnreachable, match="does not answer"):
            qa.ask("When is bread baked?")
        monkeypatch.undo()
        assert "Friday" in qa.retrieve("When is bread baked?")[0].passage.text


def test_the_command_line_takes_an_address(
    address: str, no_model: FakeEncoder, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Bread is baked on Friday.")
    run = CliRunner().invoke

    indexed = run(main, ["index", str(notes), "--index", address])
    checked = run(main, ["index", "--check", "--index", address])
    answered = run(main, ["ask", "bread", "--index", address, "--threshold", "0", "--json"])
    (tmp_path / "answer.json").write_text(answered.output)
    verified = run(main, ["verify", str(tmp_path / "answer.json"), "--index", address])
    removed = run(main, ["index", "--remove", "notes.txt", "--index", address])

    assert f"The index is in {address}\n  added: 1 (notes.txt)" in indexed.output
    assert "documents: 1, passages: 1" in checked.output
    assert "Bread is baked on Friday." in answered.output
    assert (verified.exit_code, removed.exit_code) == (0, 0)
    assert "removed: 1" in removed.output


def _unavailable(*_: object, **__: object) -> None:
    raise MilvusException(2, "server unavailable")
