"""Requests of the page's scripts, which are not trusted, and their answers, in plain data."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import gradio as gr
from anyio.to_thread import run_sync
from pydantic import BaseModel, ConfigDict, ValidationError

from qa.errors import IndexUnreachable, QAError
from ui.visitors.clients import client_of
from ui.visitors.errors import sentence
from ui.visitors.fair_work import Busy, Turns

Data = dict[str, Any]
"""An answer; what goes wrong is in it as `error`, one sentence for the reader."""

ServerFunction = Callable[[object, gr.Request], Awaitable[Data]]
"""A function that the page's scripts call by name; Gradio adds the HTTP request."""


class RequestError(QAError):
    """A request is not what the page's scripts send."""


class Request(BaseModel):
    """A request; fields that it does not define are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


Model = TypeVar("Model", bound=Request)


def parsed(model: type[Model], request: object) -> Model:
    """Read a request, or what came with an event.

    Raises:
        RequestError: it is not of this kind.
    """
    data = request._data if isinstance(request, gr.EventData) else request
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise RequestError(
            f"the page sent what cannot be read ({where}: {first['msg']}): reload it"
        ) from None


def errors_as_data(handler: Callable[..., Data]) -> Callable[..., Data]:
    """Make a handler return its errors as its answer."""

    @functools.wraps(handler)
    def handle(*args: object) -> Data:
        try:
            return handler(*args)
        except Exception as error:
            return error_data(error)

    return handle


def error_data(error: Exception) -> Data:
    """Return an error as an answer; `again` says that the page should ask again later."""
    passes = {"again": True} if isinstance(error, Busy | IndexUnreachable) else {}
    return {"error": sentence(error), **passes}


def in_turn(
    method: Callable[..., Data], turns: Turns, *, tells_client: bool = False
) -> ServerFunction:
    """Make a method a function for the page's scripts, which clients call in turn.

    Args:
        method: takes a request, and the name of the client if `tells_client`.
        turns: the turns of the clients.
        tells_client: whether the method takes the name of the client.
    """

    async def call(request: object, visitor: gr.Request) -> Data:
        client = client_of(visitor.scope)
        given = (request, client) if tells_client else (request,)
        try:
            async with turns.turn(client):
                return await run_sync(method, *given)
        except Busy as error:
            return error_data(error)

    call.__name__ = method.__name__  # Gradio and the page call it so
    return call
