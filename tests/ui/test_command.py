"""`inquote chat` says at once where it cannot listen."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa import QA
from qa.cli.commands import main
from qa.errors import LoadError
from qa.writing import LLM
from ui import command


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_one_sentence_and_no_model_is_loaded(taken: int) -> None:
    result = CliRunner().invoke(main, ["chat", "--port", str(taken)])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert f"cannot listen on 127.0.0.1, port {taken}" in result.output
    assert "--port" in result.output


def test_without_a_port_the_next_free_one_is_taken(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_FIRST_PORT", taken)
    monkeypatch.setattr(command, "_PORTS_TRIED", 1)
    result = CliRunner().invoke(main, ["chat"])
    assert result.exit_code == 1
    assert f"any port from {taken} to {taken}" in result.output
    monkeypatch.undo()
    assert command._free_port("127.0.0.1", None) != taken


def test_the_corpus_is_opened_with_the_reranker_and_the_thresholds_that_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named: list[object] = []

    def opened(*_: object, **options: object) -> QA:
        named.extend(options.get(key) for key in ("reranker", "threshold", "tentative"))
        raise LoadError("far enough", source="")

    monkeypatch.setattr(QA, "open", opened)
    options = ["--reranker", "some/cross-encoder", "--threshold", "0.3", "--tentative", "0.2"]
    result = CliRunner().invoke(main, ["chat", *options])
    assert result.output.endswith("Error: far enough\n")
    assert named == ["some/cross-encoder", 0.3, 0.2]


@pytest.fixture
def far_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command end where it would load the model."""

    def opened(*_: object, **__: object) -> QA:
        raise LoadError("far enough", source="")

    monkeypatch.setattr(QA, "open", opened)


@pytest.mark.usefixtures("far_enough")
@pytest.mark.parametrize(
    ("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False), ("localhost", False)]
)
def test_a_page_that_strangers_reach_without_a_login_is_warned_of_in_one_line(
    host: str, warned: bool
) -> None:
    result = CliRunner().invoke(main, ["chat", "--host", host])
    assert result.output.count("Warning: everyone who can reach this machine on") == warned
    assert result.output.count("\n") == 2 + warned
    with_login = CliRunner().invoke(main, ["chat", "--host", host], env={"INQUOTE_AUTH": "ada:x"})
    assert "Warning" not in with_login.output


def test_accounts_that_cannot_be_used_are_one_sentence_and_no_model_is_loaded(
    tmp_path: Path,
) -> None:
    file = tmp_path / "accounts"
    file.write_text("ada\n")
    file.chmod(0o600)
    result = CliRunner().invoke(main, ["chat", "--auth", str(file)])
    assert result.exit_code == 1
    assert result.output == f"Error: {file}, line 1, is not of the form name:password\n"
    result = CliRunner().invoke(main, ["chat"], env={"INQUOTE_AUTH": "# nobody"})
    assert "INQUOTE_AUTH holds no account" in result.output


@pytest.mark.usefixtures("far_enough")
def test_a_proxy_is_an_address_or_a_network() -> None:
    for right in ("127.0.0.1", "10.0.0.0/8", "fd00::/8"):
        result = CliRunner().invoke(main, ["chat", "--proxy", right])
        assert result.output.endswith("Error: far enough\n")
    for wrong in ("*", "proxy.example", "10.0.0.1/8", ""):
        result = CliRunner().invoke(main, ["chat", "--proxy", wrong])
        assert result.exit_code == 2
        assert f"{wrong!r} is not an address or network: use one such as 127.0.0.1" in result.output


def test_help_loads_no_gradio_and_no_model() -> None:
    code = (
        "import sys; from qa.cli.commands import main;"
        "main(['chat', '--help'], standalone_mode=False);"
        "sys.exit(bool({'gradio', 'torch', 'faiss', 'mcp', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Serve a web page to ask questions on" in done.stdout


def test_the_terminal_says_where_sentences_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[object] = []

    def opened(*_: object, **options: object) -> QA:
        named.append(options["llm"])
        raise LoadError("far enough", source="")

    monkeypatch.setattr(QA, "open", opened)
    monkeypatch.setenv("INQUOTE_LLM_KEY", "secret")
    options = ["--llm", "small", "--llm-url", "http://127.0.0.1:9/v1", "--llm-context", "2048"]
    result = CliRunner().invoke(main, ["chat", *options])
    assert "Written answers send sentences of the documents to small at 127.0.0.1:9." in (
        result.output
    )
    assert "secret" not in result.output
    assert named == [LLM("small", "http://127.0.0.1:9/v1", "secret", 2_048)]
