"""What programs may call gives what Python gives, and one sentence for what it cannot use."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from gradio_client.utils import QueueError  # type: ignore[import-untyped]
from huggingface_hub import constants

from qa import LLM, QA, Document, verify
from tests.qa.writing.scripted import Script, WordScorer, pointing, scripted
from tests.schemas import assert_valid
from tests.ui.driving import BELT, FOLLOW_UP, UNANSWERED
from tests.ui.serving import API, QUESTION, ROOT, Running, assert_same, eventually, small_page
from ui.server.endpoints import Endpoints
from ui.visitors.limits import ANSWERED_AT_ONCE, WRITTEN_AT_ONCE

DOCUMENT = ROOT / "docs" / "serving.md"
ASKED: list[tuple[str, list[str], int]] = [
    (BELT, [], 8),
    (FOLLOW_UP, [BELT], 3),
    (UNANSWERED, [], 5),
]


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Left to itself, Gradio's client reports its use to the Hub, and asks it for agents."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        yield


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_page(tmp_path_factory.mktemp("small"), mcp=False) as served:
        yield served


@pytest.fixture(scope="module")
def client(page: Running, quiet: None) -> Iterator[Client]:
    yield from connected(page)


def connected(page: Running, **options: Any) -> Iterator[Client]:
    client = Client(
        page.url, verbose=False, analytics_enabled=False, download_files=False, **options
    )
    yield client
    client.close()


def in_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


def test_the_endpoints_are_named_typed_and_described(client: Client) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    assert api["unnamed_endpoints"] == {}
    assert list(api["named_endpoints"]) == ["/ask", "/write", "/overview", "/retrieve", "/verify"]
    types = {
        name: {p["parameter_name"]: p["type"] for p in endpoint["parameters"]}
        for name, endpoint in api["named_endpoints"].items()
    }
    texts = {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}]}
    question = {"question": {"type": "string"}, "history": texts, "top_k": {"type": "integer"}}
    thing = {"type": "object", "additionalProperties": {}}
    assert types == {
        "/ask": question,
        "/write": question,
        "/overview": {"documents": texts, "sentences": {"type": "integer"}},
        "/retrieve": question,
        "/verify": {"answer": thing},
    }
    gives = [endpoint["returns"][0]["type"] for endpoint in api["named_endpoints"].values()]
    assert gives == [thing] * 5
    for endpoint in api["named_endpoints"].values():
        for parameter in endpoint["parameters"]:
            assert f" {parameter['parameter_name']}: " in endpoint["description"]
        assert " Gives: " in endpoint["description"]


@pytest.mark.model
def test_each_gives_what_python_gives(essay_chat: Running, essay_qa: QA, quiet: None) -> None:
    for client in connected(essay_chat):
        for question, before, top_k in ASKED:
            answer = client.predict(question, before, top_k, api_name="/ask")
            python = essay_qa.ask(question, history=before, top_k=top_k).to_dict()
            assert_same(answer, python)
            overview = client.predict(None, 3, api_name="/overview")
            assert_same(overview, essay_qa.overview(sentences=3).to_dict())
            found = client.predict(question, before, top_k, api_name="/retrieve")
            hits = essay_qa.retrieve(question, history=before, top_k=top_k)
            assert found == in_json(hits.to_dict())
            assert client.predict(answer, api_name="/verify") == in_json(
                verify(python, [essay_qa.index.document("essay.txt")]).to_dict()
            )


def test_what_each_gives_is_as_its_schema_says(client: Client) -> None:
    answer = client.predict(QUESTION, api_name="/ask")
    assert_valid(answer, "answer")
    assert_valid(client.predict(api_name="/overview"), "answer")
    assert_valid(client.predict(QUESTION, api_name="/retrieve"), "passages")
    assert_valid(client.predict(answer=answer, api_name="/verify"), "verification")


@pytest.mark.model
def test_the_examples_in_the_documents_run(essay_chat: Running, quiet: None) -> None:
    examples = re.findall(r"```py\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    with ThreadPoolExecutor(1) as apart:  # the browser's tests leave a loop in this thread
        for example in examples:
            code = example.replace("http://127.0.0.1:7860/", essay_chat.url)
            apart.submit(exec, code, {}).result()


@pytest.mark.usefixtures("no_model")
def test_the_servers_own_model_writes_where_a_client_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qa.writing.writer.scorer", WordScorer)
    text, said = "Tickets cost five euros. It opens at nine.", "The tickets cost five euros."
    with (
        pointing(lambda _: [(said, ["five euros"])]) as url,
        QA.open(Document("d", text), threshold=0, tentative=0, llm=LLM("m", url)) as qa,
    ):
        endpoints = Endpoints(qa)
        assert "written" not in endpoints.ask("What do tickets cost?")
        *_, answer = endpoints.write("What do tickets cost?")
        assert_valid(in_json(answer), "answer")
        assert answer["text"] == f"{said} [1]"
        checked = endpoints.verify(in_json(answer))
        assert checked["verified"]
        assert [one["sentence"] for one in checked["statements"]] == [said]


def test_questions_do_not_wait_behind_what_a_model_writes(tmp_path: Path, quiet: None) -> None:
    script = Script([("It is made of granite.", [1])], silent=True)
    script.goes_on.clear()
    with scripted(script) as llm, small_page(tmp_path, llm=llm, threshold=0) as page:
        for client in connected(page):
            writing = [
                client.submit(QUESTION, api_name="/write") for _ in range(ANSWERED_AT_ONCE + 2)
            ]
            assert client.predict(QUESTION, api_name="/ask")["citations"]
            assert not any(job.done() for job in writing)
            script.goes_on.set()
            assert all(job.result()["written"]["model"] == "scripted" for job in writing)


def test_what_is_written_comes_step_by_step_and_ends_when_nobody_listens(
    tmp_path: Path, quiet: None
) -> None:
    text = "The bridge of Bern is of granite."
    script = Script([(text, [1]), ("The castle of Ada is of stone.", [2])])
    script.goes_on.clear()
    with scripted(script) as llm, small_page(tmp_path, llm=llm, threshold=0) as page:
        with page.client() as http:
            for _ in range(WRITTEN_AT_ONCE):
                called = http.post(f"{API}/call/write", json={"data": [QUESTION, None, 8]})
                told = f"{API}/call/write/{called.json()['event_id']}"
                with http.stream("GET", told) as stream:
                    first = next(line for line in stream.iter_lines() if text in line)
                    assert "castle" not in first.partition('"statements"')[2]
        for client in connected(page):
            job = client.submit(QUESTION, api_name="/write")
            assert eventually(lambda: len(script.asked) > WRITTEN_AT_ONCE)
            script.goes_on.set()
            assert len(job.result()["written"]["statements"]) == 2


def test_an_answer_that_was_changed_does_not_verify(client: Client) -> None:
    answer = client.predict(QUESTION, api_name="/ask")
    quote = (answer["citations"] or answer["near"])[0]
    quote["quote"] = quote["quote"].replace("granite", "gold").replace("stone", "gold")
    told = client.predict(answer=answer, api_name="/verify")
    assert told["verified"] is False
    assert not told["checks"][0]["verified"]


@pytest.mark.parametrize(
    ("endpoint", "args", "told"),
    [
        ("ask", ["", None, 8], "The question is empty"),
        ("ask", ["x " * 50_000, None, 8], "The question has 100,000 characters"),
        ("ask", [5, None, 8], "A question is text, and so is each in its history"),
        ("ask", [QUESTION, [None], 8], "A question is text, and so is each in its history"),
        ("ask", [QUESTION, "before", 8], "A history is a list of the questions asked before"),
        ("ask", [QUESTION, None, 0], "The number of passages, top_k, is a whole one from 1 to 100"),
        ("ask", [QUESTION, None, 101], "The number of passages"),
        ("write", [QUESTION, None, 8], "This server has no language model to write: use ask"),
        ("retrieve", [QUESTION, None, True], "The number of passages"),
        ("retrieve", ["<b>'?!'</b>" * 5_000, None, 3], "The question has 55,000 characters"),
        ("overview", [None, True], "The number of sentences is a whole one from 1 to 30"),
        ("overview", ["x.txt", 5], "Documents is a list of the ids of documents"),
        ("verify", [{}], "This is not a saved answer: Field required"),
        ("verify", [[]], "An answer is an object, as ask returns it"),
        ("verify", [None], "An answer is an object, as ask returns it"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    client: Client, page: Running, endpoint: str, args: list[Any], told: str
) -> None:
    with pytest.raises(AppError) as error:
        client.predict(*args, api_name=f"/{endpoint}")
    assert error.value.message.startswith(told)
    assert "\n" not in error.value.message
    assert page.complaints() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("call/converse", {"data": []}, 404, "There is nothing here."),
        ("call/lambda", {"data": []}, 404, "There is nothing here."),
        (
            "run/ask",
            {"data": [QUESTION, None, 8, False], "fn_index": 0},
            404,
            "There is nothing here.",
        ),
        ("api/converse", {"data": []}, 404, "There is nothing here."),
        ("queue/join", {"data": [], "fn_index": 99, "session_hash": "a"}, 400, "no such function"),
        ("call/v2/ask", {}, 400, "No value provided for required argument: question."),
        ("call/v2/ask", {"question": QUESTION, "x": 1}, 400, "`x` is not a valid key-word"),
    ],
)
def test_nothing_else_is_called_by_name(
    page: Running, path: str, body: dict[str, Any], status: int, told: str
) -> None:
    with page.client() as client:
        response = client.post(f"{API}/{path}", json=body)
    assert response.status_code == status
    assert told in response.json()["detail"]
    assert page.complaints() == []


def test_a_function_that_the_page_runs_by_itself_cannot_be_called(page: Running) -> None:
    with page.client() as client:
        functions = client.get("/config").json()["dependencies"]
        own = [each["id"] for each in functions if not each["backend_fn"]]
        for number in own:
            call = {"fn_index": number, "data": [], "session_hash": "a"}
            response = client.post(f"{API}/queue/join", json=call)
            told = response.status_code, response.json()["detail"]
            assert told == (400, "The page has no such function.")
    assert own
    assert page.complaints() == []


def test_a_value_out_of_bounds_gets_a_sentence_and_prints_nothing(page: Running) -> None:
    with page.client() as client:
        functions = client.get("/config").json()["dependencies"]
        run = next(each["id"] for each in functions if each["api_name"] == "run")
        call = {"fn_index": run, "data": [None, 1e308, 0.35, 8], "session_hash": "bounds"}
        client.post(f"{API}/queue/join", json=call).raise_for_status()
        told = client.get(f"{API}/queue/data", params={"session_hash": "bounds"}).text
    assert "is greater than maximum value 1" in told
    assert page.complaints() == []


def test_an_answer_is_fetched_with_plain_requests(page: Running) -> None:
    with page.client() as client:
        for path, body in (
            ("call/ask", {"data": [QUESTION, None, 8]}),
            ("call/v2/ask", {"question": QUESTION}),
        ):
            event = client.post(f"{API}/{path}", json=body).json()["event_id"]
            told = client.get(f"{API}/call/ask/{event}").text
            assert told.startswith("event: complete\ndata: ")
            (answer,) = json.loads(told.split("data: ", 1)[1])
            assert answer["question"] == QUESTION
        event = client.post(f"{API}/call/ask", json={"data": []}).json()["event_id"]
        told = client.get(f"{API}/call/ask/{event}").text
        assert "This needs 3 values, and got 0" in told
    assert page.complaints() == []


def test_there_is_no_mcp_server_unless_it_is_asked_for(page: Running) -> None:
    with page.client() as client:
        assert client.post("/mcp", json={}).status_code in {404, 405}


def test_a_full_queue_is_told_and_everybody_else_is_answered(
    tmp_path_factory: pytest.TempPathFactory, quiet: None
) -> None:
    settings = {"waiting": 1, "seconds": 0.3}
    with small_page(tmp_path_factory.mktemp("full"), **settings) as page:
        for client in connected(page):
            told: list[object] = []

            def ask(client: Client = client, told: list[object] = told) -> None:
                try:
                    told.append(client.predict(QUESTION, api_name="/ask")["question"])
                except QueueError as error:
                    told.append(str(error))

            threads = [threading.Thread(target=ask) for _ in range(40)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert set(told) == {QUESTION, "Queue is full! Please try again."}
        assert page.complaints() == []


def test_a_client_logs_in(tmp_path_factory: pytest.TempPathFactory, quiet: None) -> None:
    with small_page(tmp_path_factory.mktemp("locked"), accounts={"ada": "x"}) as page:
        for client in connected(page, auth=("ada", "x")):
            assert client.predict(QUESTION, api_name="/ask")["question"] == QUESTION
        with pytest.raises(Exception, match="Invalid credentials"):
            next(connected(page, auth=("ada", "y")))
        with pytest.raises(Exception, match="credentials were not provided"):
            next(connected(page))
