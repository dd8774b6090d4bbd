"""What tests of uploads share: a visitor, and files that it sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import gradio as gr

from tests.ui.apart import run_apart
from ui.visitors.uploads import Uploads

VISITOR = "a" * 32


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

    return run_apart(receive)
