"""The three endpoints as tools of a real MCP client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.ui.serving import Running, small_page

BELT = "When was the Belt and Road Initiative proposed?"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_page(tmp_path_factory.mktemp("small")) as served:
        yield served


T = TypeVar("T")


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

    return anyio.run(run)
