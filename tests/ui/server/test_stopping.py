"""Told to stop, the server ends soon, with nothing to say, whatever is under way."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.ui.serving import API, QUESTION, Running, small_page

CALL = {"data": [QUESTION, None, 8, False]}
TOOLS = {"Accept": "application/json, text/event-stream"}
MCP_CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask", "arguments": {"question": QUESTION}},
}


def beat(client: httpx.Client) -> None:
    with client.stream("GET", f"{API}/heartbeat/me") as stream:
        for _ in stream.iter_lines():
            pass


def listen(client: httpx.Client) -> None:
    with client.stream("GET", "/mcp", headers=TOOLS) as stream:
        for _ in stream.iter_lines():
            pass


def ask(client: httpx.Client) -> None:
    event = client.post(f"{API}/call/ask", json=CALL).json()["event_id"]
    client.get(f"{API}/call/ask/{event}")


def use_tool(client: httpx.Client) -> None:
    client.post("/mcp", json=MCP_CALL, headers=TOOLS)


def use(page: Running, way: Callable[[httpx.Client], None]) -> None:
    """Use a page in one way, until it hangs up."""
    with page.client() as client, suppress(httpx.HTTPError, json.JSONDecodeError, KeyError):
        way(client)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_while_it_answers_and_is_listened_to(tmp_path: Path, number: int) -> None:
    ways = [*[ask] * 6, *[use_tool] * 6, *[beat] * 3, *[listen] * 2]
    with small_page(tmp_path, seconds=0.7) as page:
        threads = [threading.Thread(target=use, args=(page, way)) for way in ways]
        for thread in threads:
            thread.start()
        time.sleep(1)  # all of them are at it
        assert page.folder.is_dir()
        assert page.stop(number) == 0
        for thread in threads:
            thread.join()
        assert page.complaints() == []
        assert not page.folder.exists()
