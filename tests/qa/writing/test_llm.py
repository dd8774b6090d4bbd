from __future__ import annotations

import json
import logging
import pickle
import traceback

import pytest

from qa.errors import SettingsError
from qa.writing import LLM, Writer
from qa.writing.llm import OPENAI
from tests.qa.writing.endpoints import Asked, says, serving
from tests.qa.writing.hostile import DOCUMENTS, Credulous, answer_of
from tests.qa.writing.scripted import KEY

URL = "http://127.0.0.1:1/v1"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INQUOTE_LLM_URL", "INQUOTE_LLM_MODEL", "INQUOTE_LLM_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000", "ftp://a/v1", "file:///etc/passwd", "http://", "http://a:99999/v1",
     "http://a:0/v1", "http://u:p@a/v1", "http://a/v1?key=1", "http://a/v1#x", "http://[::1/v1",
     "http://[x]/v1", None],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="address"):
        LLM("m", url)
    with pytest.raises(SettingsError, match=r"address|not named"):
        LLM.of("m", url)


@pytest.mark.parametrize(
    "settings",
    [{"model": " "}, {"context": 10}, {"seconds": 0}, {"seconds": 10**9}, {"key": "sk-\n"}],
)
def test_other_settings_that_cannot_be_used_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as refused:
        LLM(**{"model": "m", "url": URL} | settings)  # type: ignore[arg-type]
    assert "sk-" not in str(refused.value)


def test_no_endpoint_is_taken_unless_it_is_named() -> None:
    with pytest.raises(SettingsError, match="endpoint is not named"):
        LLM.of("m")


def test_openais_key_is_sent_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert LLM.of("m", OPENAI).key == KEY
    assert LLM.of("m", "https://API.openai.com:443/v1").key == KEY
    assert LLM.of("m", OPENAI.replace("https", "http")).key is None
    assert LLM.of("m", URL).key is None
    assert LLM.of("m", "https://api.openai.com.evil.example/v1").key is None
    monkeypatch.setenv("INQUOTE_LLM_KEY", "sk-own")
    assert LLM.of("m", URL).key == "sk-own"


def echoed(asked: Asked) -> None:
    said = f"wrong key {asked.headers['Authorization']}"
    asked.send(401, json.dumps({"error": {"message": said}}).encode(), content_type="text/json")


@pytest.mark.parametrize("handle", [echoed, says("nothing"), lambda asked: asked.send(500)])
def test_the_key_is_shown_nowhere(
    handle: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INQUOTE_LLM_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2", "inquote"):
        caplog.set_level(logging.DEBUG, name)
    with serving(handle) as server:  # type: ignore[arg-type]
        llm = LLM.of("m", server.url, seconds=60)
        writer = Writer(llm, Credulous())
        answer = writer.write(answer_of(DOCUMENTS[0]), [], lambda _: DOCUMENTS[0])
    assert server.heads[0]["authorization"] == f"Bearer {KEY}"
    seen = [repr(llm), str(llm), repr(answer), str(answer), answer.text, answer._repr_html_()]
    seen += [json.dumps(answer.to_dict()), caplog.text, repr(vars(writer))]
    seen += [str(record.args) for record in caplog.records]
    assert answer.written is not None
    assert answer.written.problem
    assert [text for text in seen if KEY in text] == []
    assert KEY not in repr(pickle.dumps(answer))


def test_no_traceback_has_the_key() -> None:
    with serving(echoed) as server:
        writer = Writer(server.llm(key=KEY), Credulous())
        try:
            list(writer._endpoint.stream([], {}, 10**9))
        except Exception as error:
            trace = "".join(traceback.TracebackException.from_exception(error).format())
            assert KEY not in trace
            assert "WritingError" in trace
        else:
            pytest.fail("it refuses")


def test_the_host_is_named_with_its_port() -> None:
    assert LLM("m", "http://127.0.0.1:11434/v1").host == "127.0.0.1:11434"
