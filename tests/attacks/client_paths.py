"""Values that name files, devices and addresses are sent on every way into a page that is served.

No canary may be opened or come back, nothing may be looked up or connected to, and the server must
go on answering, and stop when it is told to.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.attacks import Outcome
from tests.ui.serving import API, Running, small_page

SMALL = 43
FULL = 2_000

_WORD = "canary-word"
_PATIENCE = 10.0  # seconds until the server is said to hang
_MARK = {"_type": "gradio.FileData"}
_TOOL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
_MCP = {"Accept": "application/json, text/event-stream"}

Shape = Callable[[Any], object]
Way = Callable[[httpx.Client, object, str], str]
"""Sends a value, or as it is what the value names; returns all that comes back."""


def _file(named: Any) -> dict[str, object]:
    return {"path": named, "meta": _MARK}


def _deep(named: Any) -> object:
    value: object = _file(named)
    for _ in range(50):
        value = [value]
    return value


SHAPES: tuple[Shape, ...] = (
    _file,
    _deep,
    lambda t: t,
    lambda t: [t],
    lambda t: {"path": t},
    lambda t: {"url": t},
    lambda t: {"url": t, "meta": _MARK},
    lambda t: {"path": "", "url": t, "meta": _MARK},
    lambda t: {"path": None, "url": t, "meta": _MARK},
    lambda t: _file(t) | {"url": t},
    lambda t: _file(t) | {"orig_name": t},
    lambda t: _file(t) | {"size": -1, "mime_type": "text/csv"},
    lambda t: _file(t) | {"is_stream": True},
    lambda t: {"path": t, "is_file": True},
    lambda t: {"name": t, "is_file": True, "data": None},
    lambda t: {"name": "a.txt", "data": t},
    lambda t: {"path": t, "meta": None},
    lambda t: {"path": t, "meta": "gradio.FileData"},
    lambda t: {"path": [t], "meta": _MARK},
    lambda t: {"path": f"{t}\0", "meta": _MARK},
    lambda t: [_file(t), _file(t)],
    lambda t: {"value": _file(t)},
    lambda t: {"value": _file(t), "__type__": "update"},
    lambda t: {"a": {"b": {"c": _file(t)}}},
    lambda t: {"text": "x", "files": [_file(t)]},
    lambda t: {"image": _file(t), "caption": "x"},
    lambda t: {"video": _file(t), "subtitles": _file(t)},
    lambda t: {"background": _file(t), "layers": [_file(t)], "composite": _file(t)},
    lambda t: {"file": {"token": t}},
    lambda t: {"token": t},
    lambda t: {"file": _file(t), "text": t},
    lambda t: {"files": [{"token": t}]},
    lambda t: {"files": [_file(t) | {"name": "a.txt"}]},
    lambda t: {"document": t, "own": True, "token": t, "at": 0},
    lambda t: {"title": t, "turns": [_file(t)]},
    lambda t: {"id": "a", "question": t, "documents": [t], "history": [t]},
)
_NAMED_IN_ADDRESSES = (
    f"{API}/file=",
    f"{API}/file/",
    f"{API}/proxy=",
    f"{API}/stream/",
    f"{API}/custom_component/1/client/component/",
    *("/static/", "/assets/", "/svelte/", "/?deep_link=", "/config?deep_link=", "/?page="),
)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Send values of all shapes on all ways."""
    with _listener() as (listener, port), small_page(folder) as page:
        targets = _targets(folder, page, port)
        with page.client() as client:
            client.timeout = httpx.Timeout(_PATIENCE)
            ways = _ways(client.get("/config").json())
            told = [_sent(client, rng, ways, targets, number) for number in range(tries)]
            told.append(_survived(client.get("/config").text, "the page's configuration"))
        told.append(_stop(page))
        told += [line for line in page.complaints() if "asked for" in line or "was opened" in line]
        told.append("an address of this machine was connected to" if _was_asked(listener) else "")
    return Outcome(tries, tuple(filter(None, told)))


def _sent(
    client: httpx.Client,
    rng: random.Random,
    ways: dict[str, Way],
    targets: tuple[str, ...],
    number: int,
) -> str:
    """Make one try, the plainest on each way first; return what it did that it must not."""
    turn, at = divmod(number, len(ways))
    name = list(ways)[at]
    target = rng.choice(targets) if turn else targets[0]
    shape = rng.randrange(len(SHAPES)) if turn else 0
    what = f"{name}, shape {shape}, {target}"
    try:
        return _survived(ways[name](client, SHAPES[shape](target), target), what)
    except httpx.TimeoutException:
        return f"{what}: no answer"


def _stop(page: Running) -> str:
    status = page.stop()
    if status is None:
        return "the server cannot be stopped"
    return "the server did not end well" if status else ""


def _survived(text: str, what: str) -> str:
    return f"{what}: {text[:200]}" if _WORD in text else ""


def _targets(folder: Path, page: Running, port: int) -> tuple[str, ...]:
    """Return files, devices and addresses that nothing may be read from."""
    outside, brought = folder / "canary.csv", page.folder / "uploads" / "canary.txt"
    brought.parent.mkdir(exist_ok=True)
    for path in (outside, brought):
        path.write_text(f"{_WORD}\n")
    pipe = folder / "canary-pipe"
    os.mkfifo(pipe)
    (folder / "link.csv").symlink_to(outside)
    paths = (*map(str, (outside, brought, pipe, folder / "link.csv")), "/dev/zero", "/dev/tty")
    near = os.path.relpath(outside, Path.cwd())
    addresses = ("http://name.example/x", "https://name.example/x", f"http://127.0.0.1:{port}/x")
    return (*paths, near, f"file://{outside}", *addresses, "data:text/plain;base64,eA==")


def _ways(config: dict[str, Any]) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for function in config["dependencies"]:
        number, inputs = function["id"], len(function["inputs"])
        ways[f"function {number}"] = partial(_join, number, inputs)
    for part in config["components"]:
        for name in part["props"].get("server_fns") or ():
            ways[f"server function {name}"] = partial(_serve, part["id"], name)
    for name, argument in (("ask", "question"), ("retrieve", "history"), ("verify", "answer")):
        ways[f"call {name}"] = partial(_call, name)
        ways[f"call v2 {name}"] = partial(_call_v2, name, argument)
        ways[f"tool {name}"] = partial(_use, name, argument)
    ways["an upload's name"] = lambda client, _, target: (
        client.post("/uploads", params={"name": target}, content=b"x").text
    )
    for start in _NAMED_IN_ADDRESSES:
        ways[start] = partial(_get, start)
    return ways


def _join(number: int, inputs: int, client: httpx.Client, value: object, _: str) -> str:
    session = os.urandom(6).hex()
    joined = {
        "data": [value] * inputs,
        "event_data": value,
        "fn_index": number,
        "session_hash": session,
    }
    answer = client.post(f"{API}/queue/join", json=joined)
    if answer.status_code != 200:
        return answer.text
    lines = []
    with client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line or "unexpected_error" in line:
                break
    return "\n".join(lines)


def _serve(part: int, name: str, client: httpx.Client, value: object, _: str) -> str:
    body = {"component_id": part, "fn_name": name, "session_hash": "a", "data": value}
    return client.post(f"{API}/component_server", json=body).text


def _call(name: str, client: httpx.Client, value: object, _: str) -> str:
    return _called(name, client, f"{API}/call/{name}", {"data": [value] * 3})


def _call_v2(name: str, argument: str, client: httpx.Client, value: object, _: str) -> str:
    given = {argument: value} if argument != "history" else {"question": "x", argument: value}
    return _called(name, client, f"{API}/call/v2/{name}", given)


def _called(name: str, client: httpx.Client, path: str, body: object) -> str:
    answer = client.post(path, json=body)
    if answer.status_code != 200:
        return answer.text
    return client.get(f"{API}/call/{name}/{answer.json()['event_id']}").text


def _use(name: str, argument: str, client: httpx.Client, value: object, _: str) -> str:
    given = {"name": name, "arguments": {argument: value}}
    return client.post("/mcp", json=_TOOL | {"params": given}, headers=_MCP).text


def _get(start: str, client: httpx.Client, _: object, target: str) -> str:
    return client.get(f"{start}{quote(target, safe='/:')}").text


@contextmanager
def _listener() -> Iterator[tuple[socket.socket, int]]:
    """Listen on this machine, where nobody has a reason to call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener, listener.getsockname()[1]


def _was_asked(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
