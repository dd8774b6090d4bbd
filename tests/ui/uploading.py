"""What tests of uploads share: a visitor, and files that it sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio
import gradio as gr

from ui.visitors.uploads import Uploads

Result = TypeVar("Result")

VISITOR = "a" * 32


def run(work: Callable[..., Awaitable[Result]], *args: object) -> Result:
    """Run coroutines in a thread of their own, as tests of the page have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, work, *args).result()


def visiting(visitor: str) -> gr.Request:
    """Return a request of a visitor, as Gradio passes it on."""
    return gr.Request(cookies={"inquote-visitor": visitor})


def sent(
    uploads: Uploads,
    name: str,
    *chunks: bytes,
    visitor: str = VISITOR,
    client: str = "here",
    size: int | None = None,
) -> str:
    """Send a file, and return its token; unless told otherwise, its size is announced rightly."""
    announced = sum(map(len, chunks)) if size is None else size

    async def each() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def receive() -> str:
        return await uploads.receive(each(), name, visitor=visitor, client=client, size=announced)

    return run(receive)
