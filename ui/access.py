"""Login: nothing but the login page is answered to who has not logged in."""

from __future__ import annotations

import base64
import binascii
import html
import secrets
import time
from collections import OrderedDict, deque

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.accounts import Accounts

SESSION_SECONDS = 12 * 3_600
"""How long a login holds."""

_MOST_SESSIONS = 10_000
_MOST_ADDRESSES = 10_000
_WRONG_AT_MOST = 10  # wrong passwords from one address in a window
_WINDOW_SECONDS = 60.0
_WRONG_COSTS_SECONDS = 0.5

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>inquote: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 20rem; margin: 15vh auto 0; padding: 0 1rem }}
label {{ display: block; margin: 1rem 0 }}
input, button {{ box-sizing: border-box; width: 100%; padding: .5rem; font: inherit }}
</style></head><body><main><h1>inquote</h1>
<form method="post" action="login"><p role="alert">{said}</p>
<label>Name <input name="username" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required>
</label><button>Log in</button></form></main></body></html>
"""


class Login:
    """Lets requests through to an app that carry a valid login.

    A login is a cookie, which a browser or Gradio's Python client gets at `/login`, or an HTTP
    Basic header with every request, for programs.
    """

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._cookie = f"inquote-{secrets.token_hex(4)}"  # cookies are shared between ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        path = request.url.path.rstrip("/")
        if path == "/login" and request.method == "POST":
            await (await self._log_in(request))(scope, receive, send)
        elif path == "/logout" and request.method == "GET":
            await self._log_out(request)(scope, receive, send)
        elif self._has_session(request):
            await self._app(scope, receive, send)
        elif "authorization" in request.headers:
            await self._with_header(request, send)
        else:
            await _refusal(request)(scope, receive, send)

    async def _log_in(self, request: Request) -> Response:
        try:
            async with request.form(max_files=0, max_fields=10) as form:
                name, password = form.get("username"), form.get("password")
        except MultiPartException:
            name = password = None
        if not isinstance(name, str) or not isinstance(password, str):
            return JSONResponse({"detail": "A login is a username and a password."}, 400)
        fault = await self._fault(request, name.strip(), password)
        if fault:
            return fault
        response: Response
        if _wants_a_page(request):
            response = RedirectResponse("./", 303)
        else:
            response = JSONResponse({"success": True})
        response.set_cookie(
            self._cookie,
            self._new_session(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _log_out(self, request: Request) -> Response:
        self._sessions.pop(request.cookies.get(self._cookie, ""), None)
        response = RedirectResponse("./", 303)
        response.delete_cookie(self._cookie, httponly=True, samesite="lax")
        return response

    async def _with_header(self, request: Request, send: Send) -> None:
        """Answer a request that brings a name and a password of its own."""
        given = _basic(request.headers["authorization"])
        fault = _refusal(request) if given is None else await self._fault(request, *given)
        if fault:
            await fault(request.scope, request.receive, send)
            return
        del MutableHeaders(scope=request.scope)["authorization"]
        await self._app(request.scope, request.receive, send)

    async def _fault(self, request: Request, name: str, password: str) -> Response | None:
        """Give the refusal of a name and a password that are not right; None if they are."""
        address = request.client.host if request.client else ""
        if self._is_guessing(address):
            return _refusal(request, "Too many wrong passwords: try again in a minute.", 429)
        if self._accounts.admits(name, password):
            return None
        self._note_wrong(address)
        await anyio.sleep(_WRONG_COSTS_SECONDS)
        return _refusal(request, "The name or the password is wrong.")

    def _is_guessing(self, address: str) -> bool:
        wrong = self._wrong.get(address, deque())
        while wrong and wrong[0] < time.monotonic() - _WINDOW_SECONDS:
            wrong.popleft()
        return len(wrong) >= _WRONG_AT_MOST

    def _note_wrong(self, address: str) -> None:
        self._wrong.setdefault(address, deque(maxlen=_WRONG_AT_MOST)).append(time.monotonic())
        self._wrong.move_to_end(address)
        if len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def _new_session(self) -> str:
        token = secrets.token_urlsafe(32)
        self._sessions[token] = time.monotonic() + SESSION_SECONDS
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return token

    def _has_session(self, request: Request) -> bool:
        token = request.cookies.get(self._cookie, "")
        return self._sessions.get(token, 0.0) > time.monotonic()


def _basic(header: str) -> tuple[str, str] | None:
    """Read the name and the password of an HTTP Basic header; None if it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def _wants_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _refusal(request: Request, said: str = "", status: int = 401) -> Response:
    """Give the login page where a browser asks for a page, and one sentence elsewhere."""
    asks_for_page = request.url.path in {"/", "/login", "/login/"} and _wants_a_page(request)
    if asks_for_page:
        # a browser is shown a page that came with 200 when it merely asked for it
        return HTMLResponse(_PAGE.format(said=html.escape(said)), status if said else 200)
    response = JSONResponse({"detail": said or "Log in first."}, status)
    if status == 401 and "sec-fetch-mode" not in Headers(scope=request.scope):
        response.headers["WWW-Authenticate"] = 'Basic realm="inquote", charset="UTF-8"'
    return response
