"""The cookie by which visitors are told apart; it says nothing about them."""

from __future__ import annotations

import re
import secrets
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COOKIE = "inquote-visitor"
_FORM = re.compile(r"[A-Za-z0-9_-]{32}")


class HasCookies(Protocol):
    """A request, of Starlette or of Gradio."""

    @property
    def cookies(self) -> Any:
        """The cookies that came with it."""


class Visitors:
    """Sets a cookie, in the answers of some paths, for each browser that has none.

    No script can read it, and no other site can send it.
    """

    def __init__(self, app: ASGIApp, paths: frozenset[str]) -> None:
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] in self._paths:
            request = Request(scope)
            if not visitor_of(request):
                scope, send = _with_cookie(request, send)
        await self._app(scope, receive, send)


def visitor_of(request: HasCookies) -> str:
    """Return the visitor that a request is from; empty if it has no valid cookie."""
    named = request.cookies.get(_COOKIE, "")
    return named if isinstance(named, str) and _FORM.fullmatch(named) else ""


def _with_cookie(request: Request, send: Send) -> tuple[Scope, Send]:
    """Return a scope with a new cookie, and a `send` that sets the cookie in the answer."""
    visitor = secrets.token_urlsafe(24)
    headers = MutableHeaders(raw=list(request.scope["headers"]))
    others = [headers["cookie"]] if "cookie" in headers else []
    headers["cookie"] = "; ".join([*others, f"{_COOKIE}={visitor}"])
    cookie = Response()
    cookie.set_cookie(
        _COOKIE, visitor, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie.headers["set-cookie"])
        await send(message)

    return {**request.scope, "headers": headers.raw}, sent
