"""What stands before the page: checks of hosts, origins, sizes, paths and numbers of requests."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.evaluation.report.pages import report_script
from ui.assets import script
from ui.server.endpoints import NAMES
from ui.visitors import limits
from ui.visitors.clients import announced_bytes, client_of, parse_address, share_of
from ui.visitors.limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from ui.visitors.uploads import UPLOADS_PATH

MCP_PATH = "/mcp"
"""Where the MCP server is."""

NONCE = "inquote.nonce"
"""The key of a scope that holds the nonce of the scripts in the answer."""

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104

_API = "/gradio_api"
_NAME = r"[\w@+-][\w.@+-]*"  # of a file of Gradio's own
_NAMED = "|".join(NAMES)
_READ = ("GET", "HEAD")
_PAGES = ("/", "/config", "/config/")
# Gradio would trust these from anybody. What a named proxy says about the address and the
# protocol is in the scope by now.
_MISLEADING = {b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-for", b"x-gradio-server"}

# All that the page and Gradio's clients ask for. Everything else is closed, such as uploads to
# Gradio, its files and proxy, direct calls past the queue, and what a new version may add.
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
    """Refuses requests that the page never makes, and sets the headers of every answer.

    A request is refused if it names another host (another site may have pointed its own name to
    this address), if a page of another site makes it, or if it is too large.
    """

    def __init__(self, app: ASGIApp, host: str, names: Iterable[str] = ()) -> None:
        """Guard an app that listens on `host`, and has the names `names` as well."""
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
            scope[NONCE] = nonce = secrets.token_urlsafe(16)
            send = _with_headers(send, _policy().replace(NONCE, nonce))
            refusal = self._refusal(scope, Headers(scope=scope))
            if refusal:
                await refusal(scope, receive, send)
            else:
                kept = [header for header in scope["headers"] if header[0] not in _MISLEADING]
                await _limited(self._app, {**scope, "headers": kept}, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        name = _host_name(headers.get("host", ""))
        if not self._is_ours(name):
            return _refused(400, f"{name[:100]!r} is not a name of this server.")
        if not self._is_same_site(scope, headers):
            return _refused(403, "Another site's page may not ask here.")
        if (announced_bytes(headers) or 0) > _max_bytes(scope):
            return _too_large(scope)
        return None

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._any_address and parse_address(name) is not None)

    def _is_same_site(self, scope: Scope, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            try:
                asking = urlsplit(origin)
            except ValueError:
                return False
            if asking.scheme not in {"http", "https"} or not asking.hostname:
                return False
            same = asking.netloc.lower() == headers.get("host", "").lower()
            return same or asking.hostname in self._given
        follows_a_link = scope["method"] in _READ and headers.get("sec-fetch-mode") == "navigate"
        return headers.get("sec-fetch-site") != "cross-site" or follows_a_link


class RouteAllowlist:
    """Answers the paths of `OPEN` alone, and takes no forms, which may carry files."""

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


class Quotas:
    """Refuses a request of a client that has too many at once, streams of the page included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = Counter[str]()
        self._posts = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client, brings = client_of(scope), int(scope["method"] == "POST")
        if self._is_too_much(client, brings):
            detail = "You have too many requests at once: try again when some have been answered."
            await _refused(429, detail, {"Retry-After": "5"})(scope, receive, send)
            return
        self._count(client, 1, brings)
        try:
            await self._app(scope, receive, send)
        finally:
            self._count(client, -1, -brings)

    def _is_too_much(self, client: str, brings: int) -> bool:
        if self._requests[client] >= share_of(client, limits.MAX_CONNECTIONS_EACH):
            return True
        return bool(brings) and self._posts[client] >= share_of(client, limits.MAX_POSTS_EACH)

    def _count(self, client: str, requests: int, posts: int) -> None:
        for counts, more in ((self._requests, requests), (self._posts, posts)):
            counts[client] += more
            if not counts[client]:
                del counts[client]


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an app on a request whose body is refused once it is too large."""
    most, taken = _max_bytes(scope), 0
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
    """Add the headers that restrict the page to its own host."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = policy
            headers["Referrer-Policy"] = "same-origin"
            headers["X-Content-Type-Options"] = "nosniff"
        await send(message)

    return sent


def _max_bytes(scope: Scope) -> int:
    return MAX_UPLOAD_BYTES if scope["path"] == UPLOADS_PATH else MAX_BODY_BYTES


def _too_large(scope: Scope) -> JSONResponse:
    """Refuse a body. The connection stays open, so that the sender can read the answer.

    `ui.server.connections` limits how much of the body is still read, and for how long.
    """
    return _refused(413, f"A request may have at most {_max_bytes(scope):,} bytes here.")


def _refused(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def _host_name(host: str) -> str:
    """Return the name in a Host header; empty if it is not of that form."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  # it raises for a port that is none
    except ValueError:
        return ""
    return (parts.hostname or "") if "@" not in host else ""


@cache
def _policy() -> str:
    """Return the content policy, with `NONCE` in the place of the nonce.

    Gradio writes styles into the page's elements, and compiles its templates and handlers in the
    browser, which takes 'unsafe-eval'.
    """
    ours = " ".join(f"'{_digest(text)}'" for text in (script(), report_script()))
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{NONCE}' {ours} 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
