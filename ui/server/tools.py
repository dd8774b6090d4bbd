"""The endpoints as tools of the Model Context Protocol (MCP), over streamable HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from anyio.to_thread import run_sync
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from qa.answering.overview import MOST_SENTENCES
from qa.errors import SettingsError
from ui.server.endpoints import NAMES, WRITES, Endpoints, description
from ui.server.gradio_patches.page import function_description
from ui.visitors.clients import client_of
from ui.visitors.errors import sentence
from ui.visitors.fair_work import Turns
from ui.visitors.limits import MAX_BODY_BYTES, MAX_TOP_K, WRITTEN_EACH

WAITING_AT_MOST = 64  # calls

_QUESTION: dict[str, Any] = {
    "question": {"type": "string", "minLength": 1},
    "history": {"type": "array", "items": {"type": "string"}, "default": []},
    "top_k": {"type": "integer", "minimum": 1, "maximum": MAX_TOP_K, "default": 8},
}
_OVERVIEW: dict[str, Any] = {
    "documents": {"type": ["array", "null"], "items": {"type": "string"}, "default": None},
    "sentences": {"type": "integer", "minimum": 1, "maximum": MOST_SENTENCES, "default": 5},
}
_INPUTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "ask": (_QUESTION, ["question"]),
    "write": (_QUESTION, ["question"]),
    "overview": (_OVERVIEW, []),
    "retrieve": (_QUESTION, ["question"]),
    "verify": ({"answer": {"type": "object"}}, ["answer"]),
}
_READS_ONLY = types.ToolAnnotations(
    readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False
)


class Tools:
    """Calls the endpoints for MCP clients, which take turns."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._turns = Turns(waiting_in_all=WAITING_AT_MOST)
        self._writing = Turns(at_once=WRITTEN_EACH, waiting_in_all=WAITING_AT_MOST)

    def listed(self) -> list[types.Tool]:
        """Describe the tools."""
        return [self._described(name) for name in NAMES]

    async def call(self, name: str, arguments: dict[str, Any], client: str) -> types.CallToolResult:
        """Call a tool; an error is one sentence in a result that is marked as an error."""
        try:
            endpoint = self._endpoint(name, arguments)
            turns = self._writing if name == WRITES else self._turns
            async with turns.turn(client):
                result = await run_sync(lambda: _whole(endpoint(**arguments)))
        except Exception as error:
            content = types.TextContent(type="text", text=sentence(error))
            return types.CallToolResult(content=[content], isError=True)
        text = types.TextContent(type="text", text=json.dumps(result, ensure_ascii=False))
        return types.CallToolResult(content=[text], structuredContent=result)

    def _endpoint(self, name: str, arguments: dict[str, Any]) -> Callable[..., Any]:
        if name not in NAMES:
            raise SettingsError(f"there is no tool {name[:100]!r}: there are {', '.join(NAMES)}")
        known, needed = _INPUTS[name]
        for argument in arguments:
            if argument not in known:
                raise SettingsError(
                    f"{name} takes no {argument[:100]!r}: it takes {', '.join(known)}"
                )
        for argument in needed:
            if argument not in arguments:
                raise SettingsError(f"{name} needs the argument {argument!r}")
        endpoint: Callable[..., Any] = getattr(self._endpoints, name)
        return endpoint

    def _described(self, name: str) -> types.Tool:
        endpoint = getattr(self._endpoints, name)
        _, arguments, _ = function_description(endpoint)
        known, needed = _INPUTS[name]
        properties = {key: known[key] | {"description": arguments[key]} for key in known}
        return types.Tool(
            name=name,
            description=description(endpoint, with_arguments=False),
            inputSchema={
                "type": "object",
                "properties": properties,
                "required": needed,
                "additionalProperties": False,
            },
            annotations=_READS_ONLY,
        )


def _whole(result: dict[str, Any] | Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Return a result; of one that comes in steps, the last."""
    return result if isinstance(result, dict) else list(result)[-1]


def mcp_server(endpoints: Endpoints) -> StreamableHTTPSessionManager:
    """Make an MCP server of the endpoints; it serves inside the context of its `run()`."""
    tools = Tools(endpoints)
    server: Server[Any, Any] = Server("inquote", instructions="Ask documents, in their own words.")

    async def listed() -> list[types.Tool]:
        return tools.listed()

    async def called(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        request = server.request_context.request
        return await tools.call(name, arguments, client_of(request.scope if request else {}))

    server.list_tools()(listed)  # type: ignore[no-untyped-call]
    server.call_tool(validate_input=False)(called)
    return StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=MAX_BODY_BYTES
    )
