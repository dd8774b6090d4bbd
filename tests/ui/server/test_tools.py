"""The endpoints as tools of a real MCP client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client

from qa import QA, verify
from tests.qa.writing.scripted import Script, scripted
from tests.schemas import assert_valid
from tests.ui.apart import run_apart
from tests.ui.driving import BELT, FOLLOW_UP
from tests.ui.serving import QUESTION, Running, assert_same, small_page
from ui.visitors.limits import ASKED_AT_ONCE

T = TypeVar("T")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    slow = {"seconds": 0.5, "slow": "slowly", "waiting": 20}
    with small_page(tmp_path_factory.mktemp("small"), **slow) as served:
        yield served


def within(page: Running, use: Callable[[ClientSession], Awaitable[T]], **options: Any) -> T:
    """Use a session with the MCP server of a page."""

    async def run() -> T:
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30, **options) as client,
            streamable_http_client(f"{page.url}mcp", http_client=client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return run_apart(run)


def call(page: Running, tool: str, **arguments: Any) -> types.CallToolResult:
    return within(page, lambda session: session.call_tool(tool, arguments))


def given(result: types.CallToolResult) -> Any:
    """Return the data of a result, which is the same as text and as structure."""
    (text,) = result.content
    assert isinstance(text, types.TextContent)
    assert not result.isError, text.text
    assert result.structuredContent is not None
    data = json.loads(text.text)
    assert result.structuredContent == (data if isinstance(data, dict) else {"result": data})
    return data


def in_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


def test_the_tools_are_listed_and_described(page: Running) -> None:
    tools = within(page, lambda session: session.list_tools()).tools
    assert [tool.name for tool in tools] == ["ask", "write", "overview", "retrieve", "verify"]
    needed = [tool.inputSchema["required"] for tool in tools]
    assert needed == [["question"], ["question"], [], ["question"], ["answer"]]
    for tool in tools:
        assert tool.description
        assert " Gives: " in tool.description
        assert tool.annotations
        assert tool.annotations.readOnlyHint
        for schema in tool.inputSchema["properties"].values():
            assert schema["type"]
            assert schema["description"]


@pytest.mark.model
def test_each_gives_what_python_gives(essay_chat: Running, essay_qa: QA) -> None:
    assert essay_chat.said["mcp"] == f"{essay_chat.url}mcp"
    assert_valid(essay_chat.said, "server")
    python = essay_qa.ask(FOLLOW_UP, history=[BELT]).to_dict()
    answer = given(call(essay_chat, "ask", question=FOLLOW_UP, history=[BELT]))
    assert_same(answer, python)
    overview = essay_qa.overview(sentences=2).to_dict()
    assert_same(given(call(essay_chat, "overview", sentences=2)), overview)
    hits = essay_qa.retrieve(BELT, top_k=3).to_dict()
    assert given(call(essay_chat, "retrieve", question=BELT, top_k=3)) == in_json(hits)
    checked = verify(python, [essay_qa.index.document("essay.txt")]).to_dict()
    assert given(call(essay_chat, "verify", answer=answer)) == in_json(checked)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {"question": ""}, "The question is empty"),
        ("ask", {"question": 5}, "A question is text, and so is each in its history"),
        ("ask", {"question": QUESTION, "history": "x"}, "A history is a list of the questions"),
        ("retrieve", {"question": QUESTION, "top_k": 0}, "The number of passages, top_k, is"),
        ("overview", {"sentences": 99}, "An overview of 99 sentences: ask for 1 to 30"),
        ("overview", {"documents": ["x.txt"]}, "There is no document 'x.txt'"),
        ("ask", {}, "Ask needs the argument 'question'"),
        ("write", {"question": QUESTION}, "This server has no language model"),
        ("ask", {"question": QUESTION, "llm": "m"}, "Ask takes no 'llm': it takes question, "),
        ("ask", {"question": QUESTION, "k": 1}, "Ask takes no 'k': it takes question, history"),
        ("verify", {"answer": {}}, "This is not a saved answer: Field required"),
        ("verify", {"answer": "x"}, "An answer is an object, as ask returns it"),
        ("converse", {}, "There is no tool 'converse': there are ask, write, overview, "),
    ],
)
def test_what_cannot_be_used_is_an_error_of_one_sentence(
    page: Running, tool: str, arguments: dict[str, Any], told: str
) -> None:
    result = call(page, tool, **arguments)
    (text,) = result.content
    assert result.isError
    assert isinstance(text, types.TextContent)
    assert text.text.startswith(told)
    assert "\n" not in text.text
    assert page.complaints() == []


def test_many_calls_at_once_are_each_answered(page: Running) -> None:
    async def all_at_once(session: ClientSession) -> list[str]:
        asked: list[str] = []

        async def ask(number: int) -> None:
            question = f"{QUESTION[:-1]} {number}?"
            result = await session.call_tool("ask", {"question": question})
            asked.append(given(result)["question"])
            assert asked[-1] == question

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, number)
        return asked

    assert len(set(within(page, all_at_once))) == 20


def test_questions_do_not_wait_behind_what_a_model_writes(tmp_path: Path) -> None:
    script = Script([("It is made of granite.", [1])], silent=True)
    script.goes_on.clear()

    async def written_meanwhile(session: ClientSession) -> list[str]:
        done: list[str] = []

        async def use(tool: str) -> None:
            given(await session.call_tool(tool, {"question": QUESTION}))
            done.append(tool)

        async with anyio.create_task_group() as group:
            for _ in range(ASKED_AT_ONCE + 2):
                group.start_soon(use, "write")
            await anyio.sleep(0.5)
            await use("ask")
            script.goes_on.set()
        return done

    with scripted(script) as llm, small_page(tmp_path, llm=llm, threshold=0) as page:
        assert within(page, written_meanwhile)[0] == "ask"


def test_too_many_calls_at_once_are_told_to_wait(page: Running) -> None:
    async def all_at_once(session: ClientSession) -> list[bool]:
        busy: list[bool] = []

        async def ask() -> None:
            (text,) = (await session.call_tool("ask", {"question": "How slowly?"})).content
            assert isinstance(text, types.TextContent)
            busy.append(text.text == "The server is busy: ask again in a moment")

        async with anyio.create_task_group() as group:
            for _ in range(80):
                group.start_soon(ask)
        return busy

    busy = within(page, all_at_once)
    assert any(busy)
    assert not all(busy)
    assert page.complaints() == []
