"""What stands before the page: which hosts, origins, sizes and ways are let through."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.endpoints import NAMES
from ui.server.page_policy import policy_for
from ui.visitors.limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from ui.visitors.uploads import UPLOADS_PATH

MCP_PATH = "/mcp"
"""Where the MCP server is."""

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104

_API = "/gradio_api"
_NAME = r"[\w@+-][\w.@+-]*"  # of a file of Gradio's own
_NAMED = "|".join(NAMES)
_READ = ("GET", "HEAD")
_PAGES = ("/", "/config", "/config/")
# Gradio would believe these from anybody. What a named proxy says of the sender's address and of
# the protocol is in the scope by now.
_MISLEADING = {b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-for", b"x-gradio-server"}

# All that the page and Gradio's clients ask for. What is not here is closed, whatever a version of
# Gradio may add: its uploads and files, its proxy, direct calls past the queue, and more.
OPEN: tuple[tuple[str, str], ...] = (
    ("GET HEAD", r"/"),
    ("GET", r"/config/?"),
    ("GET HEAD", rf"/(static|assets|svelte)(/{_NAME})+"),
    ("POST", UPLOADS_PATH),
    ("GET", r"/(favicon\.ico|manifest\.json|robots\.txt)"),
    ("GET", rf"({_API})?/theme\.css"),
    ("GET", rf"{_API}/(info/?|openapi\.json|app_id/?|login_check/?|user/?)"),
    ("GET", rf"{_API}/(heartbeat/[^/]+|queue/data|queue/status)"),
    ("POST", rf"{_API}/(queue/join|cancel|reset/?|component_server/?)"),
    ("POST", rf"{_API}/call/(v2/)?({_NAMED})/?"),
    ("GET", rf"{_API}/call/(v2/)?({_NAMED})/[^/]+"),
    ("GET POST DELETE", rf"{MCP_PATH}/?"),
)


class Guard:
    """Refuses what the page never asks for, before it reaches the page.

    A request is refused that names another host (a page elsewhere may have turned its own name to
    this address), that a page of another site makes, or that is too large.
    """

    def __init__(self, app: ASGIApp, host: str, names: Iterable[str] = ()) -> None:
        """Guard an app that listens on `host`, and goes by `names` as well."""
        self._app = app
        self._any_address = host in ANY_ADDRESS
        self._given = {name.lower() for name in names}
        self._names = {host.lower(), "127.0.0.1", "::1", "localhost"} | self._given
        if self._any_address:
            self._names.add(socket.gethostname().lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            send = _with_headers(send, policy_for(scope))
            refusal = self._refusal(scope, Headers(scope=scope))
            if refusal:
                await refusal(scope, receive, send)
            else:
                kept = [header for header in scope["headers"] if header[0] not in _MISLEADING]
                await _limited(self._app, {**scope, "headers": kept}, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        name, _ = _name_and_port(headers.get("host", ""))
        if not self._is_ours(name):
            return _refused(400, f"{name[:100]!r} is not a name of this server.")
        if not self._is_same_site(scope, headers):
            return _refused(403, "Another site's page may not ask here.")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > _most(scope):
            return _too_large(scope)
        return None

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._any_address and _is_address(name))

    def _is_same_site(self, scope: Scope, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            try:
                asking = urlsplit(origin)
            except ValueError:  # it is no address
                return False
            if asking.scheme not in {"http", "https"} or not asking.hostname:
                return False
            same = asking.netloc.lower() == headers.get("host", "").lower()
            return same or asking.hostname in self._given
        follows_a_link = scope["method"] in _READ and headers.get("sec-fetch-mode") == "navigate"
        return headers.get("sec-fetch-site") != "cross-site" or follows_a_link


class RouteAllowlist:
    """Answers the ways of `OPEN` alone, and takes no forms, which may carry files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = [(set(methods.split()), re.compile(way)) for methods, way in OPEN]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(scope):
            await refusal(scope, receive, send)
        else:
            if scope["path"] in _PAGES:
                scope["query_string"] = b""  # it could name a state that is kept in a file
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        method, path = scope["method"], scope["path"]
        if not any(method in methods and way.fullmatch(path) for methods, way in self._open):
            return _refused(404, "There is nothing here.")
        if Headers(scope=scope).get("content-type", "").lower().startswith("multipart/"):
            return _refused(415, "A form is not read here: send JSON, or a file as it is.")
        return None


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an app on a request whose body may grow only so far."""
    most, taken = _most(scope), 0
    refused = started = False

    async def counted() -> Message:
        nonlocal taken, refused
        message = await receive()
        taken += len(message.get("body", b""))
        if taken <= most:
            return message
        if not started and not refused:
            refused = True
            await _too_large(scope)(scope, receive, send)
        return {"type": "http.disconnect"}

    async def sent(message: Message) -> None:
        nonlocal started
        started = True
        if not refused:
            await send(message)

    try:
        await app(scope, counted, sent)
    except Exception:
        if not refused:
            raise


def _with_headers(send: Send, policy: str) -> Send:
    """Add the headers that keep the page to its own host to a response."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = policy
            headers["Referrer-Policy"] = "same-origin"
            headers["X-Content-Type-Options"] = "nosniff"
        await send(message)

    return sent


def _most(scope: Scope) -> int:
    return MAX_UPLOAD_BYTES if scope["path"] == UPLOADS_PATH else MAX_BODY_BYTES


def _too_large(scope: Scope) -> JSONResponse:
    """Refuse a body. The connection stays open, so that the sender gets to read this.

    `ui.server.connections` bounds what is still read of the body, and for how long.
    """
    return _refused(413, f"A request may have at most {_most(scope):,} bytes here.")


def _refused(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)


def _name_and_port(host: str) -> tuple[str, int | None]:
    """Split a Host header; the name is empty if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "" if "@" not in host else ""), parts.port
    except ValueError:
        return "", None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
