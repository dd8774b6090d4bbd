"""Login: without one, nothing but the login page is answered."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TypeVar

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.assets import login_page
from ui.server.accounts import Accounts
from ui.server.guard import NONCE
from ui.strings import say
from ui.visitors.clients import ACCOUNT, client_of

Key = TypeVar("Key")
Value = TypeVar("Value")

SESSION_SECONDS = 12 * 3_600
"""How long a login lasts."""

_MOST_SESSIONS = 100  # of one account
_MOST_NOTED = 10_000  # clients, names, and pairs of both
_WRONG_AT_MOST = 10  # wrong passwords from one client in a window
_WRONG_FOR_ACCOUNT = 100  # for one name in a window, from all clients
_WINDOW_SECONDS = 60.0
_LONGEST_NAME = 100  # characters by which wrong passwords for a name are counted
_WRONG_COSTS_SECONDS = 0.5

_LINK = re.compile(r"[A-Za-z0-9_-]{1,100}")  # what `ui.chat.sharing` calls a token


class Login:
    """Passes requests with a valid login on to an app.

    A login is a cookie, which a browser or Gradio's Python client gets at `/login`, or an HTTP
    Basic header with every request, for programs.
    """

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts
        self._sessions: dict[str, _Session] = {}
        self._wrong_from = _Wrong(_WRONG_AT_MOST)
        self._wrong_for = _Wrong(_WRONG_FOR_ACCOUNT)
        self._logged_in: OrderedDict[tuple[str, str], None] = OrderedDict()
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
        elif session := self._session(request):
            await self._app({**scope, ACCOUNT: session.account}, receive, send)
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
            response = RedirectResponse(f"./{_link(request)}", 303)
        else:
            response = JSONResponse({"success": True})
        response.set_cookie(
            self._cookie,
            self._new_session(name.strip()),
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
        """Answer a request that carries a name and a password."""
        given = _basic(request.headers["authorization"])
        fault = _refusal(request) if given is None else await self._fault(request, *given)
        if fault:
            await fault(request.scope, request.receive, send)
            return
        assert given  # noqa: S101  # or there was a fault
        del MutableHeaders(scope=request.scope)["authorization"]
        await self._app({**request.scope, ACCOUNT: given[0]}, request.receive, send)

    async def _fault(self, request: Request, name: str, password: str) -> Response | None:
        """Return the refusal of a wrong name or password; None if they are right."""
        client = client_of(request.scope)
        if self._is_guessing(client, name):
            return _refusal(request, say("login.wait"), 429)
        if self._accounts.admits(name, password):
            _note(self._logged_in, (client, name), None)
            return None
        self._wrong_from.note(client)
        self._wrong_for.note(name[:_LONGEST_NAME])
        await anyio.sleep(_WRONG_COSTS_SECONDS)
        return _refusal(request, say("login.wrong"))

    def _is_guessing(self, client: str, name: str) -> bool:
        """Return whether a client has to wait before it may try another password of a name.

        Guesses from many addresses do not lock the owner out, who has logged in from the same
        address before.
        """
        if self._wrong_from.is_full(client):
            return True
        known = (client, name) in self._logged_in
        return not known and self._wrong_for.is_full(name[:_LONGEST_NAME])

    def _new_session(self, account: str) -> str:
        """Begin a session; the oldest of the account ends if it has too many."""
        now = time.monotonic()
        self._sessions = {t: one for t, one in self._sessions.items() if one.until > now}
        own = [token for token, one in self._sessions.items() if one.account == account]
        if len(own) >= _MOST_SESSIONS:
            del self._sessions[own[0]]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = _Session(account, now + SESSION_SECONDS)
        return token

    def _session(self, request: Request) -> _Session | None:
        session = self._sessions.get(request.cookies.get(self._cookie, ""))
        return session if session and session.until > time.monotonic() else None


@dataclass(frozen=True, slots=True)
class _Session:
    account: str
    until: float


class _Wrong:
    """When wrong passwords came, by client or by name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, key: str) -> None:
        """Note a wrong password."""
        times = self._times.get(key, deque(maxlen=self._most))
        times.append(time.monotonic())
        _note(self._times, key, times)

    def is_full(self, key: str) -> bool:
        """Return whether the most wrong passwords came within the window."""
        times = self._times.get(key)
        if times is None or len(times) < self._most:
            return False
        return times[0] > time.monotonic() - _WINDOW_SECONDS


def _note(table: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    """Put a value last in a table, and forget the first one if there are too many."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > _MOST_NOTED:
        table.popitem(last=False)


def _basic(header: str) -> tuple[str, str] | None:
    """Return the name and the password of an HTTP Basic header; None if it is not one."""
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


def _link(request: Request) -> str:
    """Return the query that names the answer a link leads to; empty if there is none."""
    named = request.query_params.get("turn", "")
    return f"?turn={named}" if _LINK.fullmatch(named) else ""


def _refusal(request: Request, detail: str = "", status: int = 401) -> Response:
    """Return the login page where a browser asks for a page, and one sentence elsewhere."""
    asks_for_page = request.url.path in {"/", "/login", "/login/"} and _wants_a_page(request)
    if asks_for_page:
        # a browser is shown a page that came with 200 when it merely asked for it
        page = login_page(detail, request.scope.get(NONCE, ""), _link(request))
        return HTMLResponse(page, status if detail else 200)
    response = JSONResponse({"detail": detail or "Log in first."}, status)
    if status == 401 and "sec-fetch-mode" not in Headers(scope=request.scope):
        response.headers["WWW-Authenticate"] = 'Basic realm="inquote", charset="UTF-8"'
    return response
