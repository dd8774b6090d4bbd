"""A server that wants tokens, and speaks TLS: who may do what, and what the others are told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qa import QA
from qa.cli.commands import main
from qa.errors import IndexUnreachable
from qa.milvus import writer
from qa.milvus.reader import MilvusIndex
from tests.distributed.conftest import started
from tests.distributed.server import ROOT, Server
from tests.fakes import FakeEncoder

DOCUMENT = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
PATIENCE = 30.0  # seconds: a server looks at what was granted only so often
SECRET = "Secret-1"
OF_THE_SERVER = ("CreateCollection",)
NOTE = "The old gate is painted green every spring."
CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
CERTIFICATE += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with tokens and TLS, by a certificate that nobody else trusts."""
    folder = tmp_path_factory.mktemp("secured")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run([*CERTIFICATE, "-keyout", key, "-out", certificate], check=True)
    yield from started(
        folder,
        authorization_enabled=True,
        tls_mode=1,
        server_key_path=str(key),
        server_pem_path=str(certificate),
    )


@pytest.fixture(scope="module")
def address(secured: Server) -> str:
    """Have this process trust the server; name an index on it."""
    os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(secured.settings["server_pem_path"])
    return secured.address("notes")


@pytest.fixture
def inquote(no_model: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with a token."""

    def run(token: str, *arguments: str) -> Result:
        monkeypatch.setenv("INQUOTE_MILVUS_TOKEN", token)
        return CliRunner().invoke(main, arguments)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notes")


@pytest.fixture
def note(folder: Path) -> Path:
    path = folder / "note.txt"
    path.write_text(NOTE)
    return path


@pytest.fixture
def indexed(address: str, inquote: Run, note: Path) -> str:
    """Name an index that is there."""
    assert inquote(ROOT, "index", str(note), "--index", address).exit_code == 0
    return address


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "it wants a token; set one in INQUOTE_MILVUS_TOKEN"),
        ("root:Wrong-1", "it refuses the token; set the right one in INQUOTE_MILVUS_TOKEN"),
        ("nobody:Wrong-1", "it refuses the token; set the right one in INQUOTE_MILVUS_TOKEN"),
    ],
)
def test_who_has_no_token_is_told_so(
    indexed: str, inquote: Run, caplog: pytest.LogCaptureFixture, token: str, says: str
) -> None:
    asked = inquote(token, "ask", "What is green?", "--index", indexed)

    assert asked.exit_code == 1
    assert asked.output.splitlines() == [f"Error: the index on {indexed} cannot be used: {says}"]
    assert "Wrong" not in asked.output + caplog.text


def test_a_reader_asks_follows_and_evaluates_but_writes_nothing(
    secured: Server, indexed: str, inquote: Run, note: Path, tmp_path: Path
) -> None:
    reader = token_of(secured, "reads")
    questions = tmp_path / "questions.csv"
    questions.write_text("question,answer\nWhat is green?,The old gate\n")
    allowed(reader, indexed)

    asked = inquote(reader, "ask", "old gate green", "--index", indexed, "--threshold", "0")
    measured = inquote(reader, "eval", str(questions), "--index", indexed)
    checked = inquote(reader, "index", "--check", "--index", indexed)
    note.write_text("The old gate is painted blue every spring.")
    refused = inquote(reader, "index", str(note), "--index", indexed)

    assert NOTE in asked.output
    assert [run.exit_code for run in (asked, measured, checked)] == [0, 0, 0], measured.output
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1].endswith(
        "the token may not do this, as its role lacks the privilege Upsert; set one that may in "
        "INQUOTE_MILVUS_TOKEN"
    )
    with QA(MilvusIndex.open(indexed), FakeEncoder()) as qa:
        assert NOTE in qa.retrieve("the gate")[0].passage.text
        inquote(ROOT, "index", str(note), "--index", indexed)
        os.environ["INQUOTE_MILVUS_TOKEN"] = reader
        wait_until(lambda: "blue" in qa.retrieve("the gate")[0].passage.text)


def test_a_writer_changes_an_index_and_cleans_up_but_makes_none(
    secured: Server, indexed: str, inquote: Run, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = token_of(secured, "writes")
    monkeypatch.setattr(writer, "_KEPT_SECONDS", -1)  # all of it is old enough
    allowed(writes, indexed)

    note.write_text("The old gate is painted red every spring.")
    wait_until(lambda: inquote(writes, "index", str(note), "--index", indexed).exit_code == 0)
    removed = inquote(writes, "index", "--remove", "note.txt", "--index", indexed)
    elsewhere = indexed.replace("/notes", "/others")
    made = inquote(writes, "index", str(note), "--index", elsewhere)

    assert "removed: 1" in removed.output
    assert made.exit_code == 1
    assert "its role lacks the privilege CreateCollection" in made.output


def test_who_may_make_an_index_makes_writes_and_asks_it(
    secured: Server, address: str, inquote: Run, note: Path
) -> None:
    maker = token_of(secured, "makes the index", name="made")
    address = address.replace("/notes", "/made")

    wait_until(lambda: inquote(maker, "index", str(note), "--index", address).exit_code == 0)
    asked = inquote(maker, "ask", "old gate green", "--index", address, "--threshold", "0")

    assert NOTE in asked.output


def test_a_certificate_that_is_not_trusted_is_told(address: str) -> None:
    says = "its certificate is not trusted, or is of another host"
    assert says in told(address, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH="")


def test_a_certificate_of_another_host_is_told(address: str) -> None:
    assert "or is of another host" in told(address.replace("localhost", "127.0.0.1"))


def test_tls_where_there_is_none_is_told(server: Server) -> None:
    tls = server.address("notes").replace("milvus:", "milvus+https:")
    assert "it does not speak TLS; write milvus:// instead" in told(tls)


def test_no_tls_where_there_is_some_is_told(address: str) -> None:
    plain = address.replace("milvus+https:", "milvus:")
    assert "reachable (with milvus+https://, if it speaks TLS)" in told(plain)


def token_of(secured: Server, does: str, name: str = "notes") -> str:
    """Return the token of a new user, whose role has the privileges that docs/scale.md names."""
    client, user = secured.client(), f"user_{does.split()[0]}"
    client.create_user(user, SECRET)
    client.create_role(user)
    client.grant_role(user, user)
    for privilege in privileges(does):
        if privilege in OF_THE_SERVER:
            client.grant_privilege(user, "Global", privilege, "*")
        else:
            for collection in (f"{name}_documents", f"{name}_passages"):
                client.grant_privilege(user, "Collection", privilege, collection)
    client.close()
    return f"{user}:{SECRET}"


def privileges(does: str) -> list[str]:
    """Read in docs/scale.md what somebody needs who does this."""
    named = re.search(rf"^\| {does} \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert named, does
    return re.findall(r"`(\w+)`", named[1])


def allowed(token: str, where: str) -> None:
    """Wait until the server knows what was granted."""

    def reads() -> bool:
        with suppress(IndexUnreachable), pytest.MonkeyPatch.context() as patch:
            patch.setenv("INQUOTE_MILVUS_TOKEN", token)
            MilvusIndex.open(where).close()
            return True
        return False

    wait_until(reads)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.3)


def told(where: str, **environment: str) -> str:
    """Return the one line that somebody sees who asks there, without waiting for long."""
    asks = [sys.executable, "-m", "qa", "ask", "What is green?", "--index", where]
    asked = subprocess.run(
        asks, capture_output=True, text=True, timeout=60, env=os.environ | environment
    )
    assert asked.returncode == 1
    assert (asked.stdout, asked.stderr.count("\n")) == ("", 1)
    return asked.stderr
