"""The page's server."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.assets import head
from ui.server.access import Login
from ui.server.accounts import Accounts
from ui.server.connections import FILES_WANTED, Connections, handle_loop_error, raise_open_files
from ui.server.endpoints import SHARED, Endpoints
from ui.server.gradio_patches.page import close_streams, patch_page
from ui.server.guard import ANY_ADDRESS, MCP_PATH, NONCE, Guard, Quotas, RouteAllowlist
from ui.visitors.cookies import Visitors
from ui.visitors.errors import log_line
from ui.visitors.limits import ASKED_AT_ONCE
from ui.visitors.uploads import UPLOADS_PATH, Uploads, upload_route

_START_SECONDS = 60.0
_FINISH_SECONDS = 2  # for running requests when the server stops
_TICKS_A_SECOND = 10
_NO_DOCS: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


@dataclass(frozen=True, slots=True)
class Serving:
    """How a page is served.

    Attributes:
        host: the address to listen on.
        port: the port to listen on.
        uploads: the files that visitors sent and that wait to be read.
        accounts: who may log in; None for no login.
        names: other host names of the server, as behind a proxy.
        proxies: addresses or networks of proxies, whose forwarded headers are trusted.
        tools: what an MCP server offers; None for no MCP server.
    """

    host: str
    port: int
    uploads: Uploads
    accounts: Accounts | None = None
    names: Sequence[str] = ()
    proxies: Sequence[str] = ()
    tools: Endpoints | None = None


class Server:
    """Serves a page in a thread of its own, until `stop`."""

    def __init__(self, page: gr.Blocks, serving: Serving) -> None:
        """Listen, and wait until the page can be opened.

        Raises:
            OSError: it cannot listen there.
        """
        self._handler = _OneLine()
        self.app = assemble(page, serving)
        connections = _connections(serving)
        listener = _listen(serving.host, serving.port, connections.backlog)
        config = uvicorn.Config(
            guarded(self.app, serving),
            http=connections.protocol,  # type: ignore[arg-type]
            backlog=connections.backlog,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(serving.proxies),
            forwarded_allow_ips=list(serving.proxies),
            timeout_graceful_shutdown=_FINISH_SECONDS,
        )
        self._server = _Uvicorn(config, page, connections)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        logging.getLogger().addHandler(self._handler)
        self._thread.start()
        self._wait_until_started()

    def stop(self) -> None:
        """Give running requests a moment to finish, end the rest, and wait for the thread."""
        self._handler.stopping = True
        self._server.should_exit = True
        self._thread.join()
        logging.getLogger().removeHandler(self._handler)

    def _wait_until_started(self) -> None:
        waited = threading.Event()
        for _ in range(int(_START_SECONDS * 100)):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            waited.wait(0.01)
        raise OSError("the server did not start")


def assemble(page: gr.Blocks, serving: Serving) -> FastAPI:
    """Make the app of a page, and of the MCP server if there is one, without guards."""
    patch_page(page, {SHARED: ASKED_AT_ONCE}, NONCE)
    app = _with_mcp(serving.tools) if serving.tools else _bare()
    app.router.routes.append(upload_route(serving.uploads))
    served: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=serving.host,
        server_port=serving.port,
        show_error=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        ssr_mode=False,
        app_kwargs={
            **_NO_DOCS,
            "exception_handlers": {TypeError: _wrong_arguments, Exception: _unexpected},
        },
        theme=gr.themes.Base(
            primary_hue="teal",
            neutral_hue="stone",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        head=head(),
    )
    return served


def guarded(app: ASGIApp, serving: Serving) -> ASGIApp:
    """Put the guard, the login and the allowed paths before an app.

    Requests are counted by address, and once more by the account that is logged in.
    """
    app = _with_small_page(RouteAllowlist(app))
    app = Quotas(Visitors(app, frozenset(("/", UPLOADS_PATH))))
    if serving.accounts is not None:
        app = Quotas(Login(app, serving.accounts))
    return Guard(app, serving.host, serving.names)


def stop_event() -> threading.Event:
    """Return an event that is set by Ctrl-C or SIGTERM."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


def address(host: str, port: int) -> str:
    """Return the URL of the page."""
    if host in ANY_ADDRESS:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _with_small_page(app: ASGIApp) -> ASGIApp:
    """Compress the page itself; Gradio compresses the files that it loads."""
    compressing = GZipMiddleware(app, compresslevel=6)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = compressing if scope.get("path") == "/" else app
        await chosen(scope, receive, send)

    return answer


def _bare(lifespan: Any = None) -> FastAPI:
    return FastAPI(**_NO_DOCS, lifespan=lifespan)


def _with_mcp(endpoints: Endpoints) -> FastAPI:
    from ui.server.tools import mcp_server  # slow to import

    manager = mcp_server(endpoints)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with manager.run():
            yield

    class _Mcp:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await manager.handle_request(scope, receive, send)

    app = _bare(lifespan)
    for path in (MCP_PATH, f"{MCP_PATH}/"):
        app.router.routes.append(Route(path, _Mcp(), methods=["GET", "POST", "DELETE"]))
    return app


async def _wrong_arguments(request: Request, error: Exception) -> Response:
    """Answer a request that lacks an argument, or names one that an endpoint does not have."""
    if request.url.path.startswith("/gradio_api/call/v2/"):
        return JSONResponse({"detail": f"{str(error).split('. ')[0]}."}, 400)
    raise error


async def _unexpected(_: Request, __: Exception) -> Response:
    detail = "The request could not be answered; the terminal that runs inquote says why."
    return JSONResponse({"detail": detail}, 500)


class _Uvicorn(uvicorn.Server):
    """Closes late connections; at shutdown, closes the page's streams before it waits."""

    def __init__(self, config: uvicorn.Config, page: gr.Blocks, connections: Connections) -> None:
        super().__init__(config)
        self._page = page
        self._connections = connections

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(handle_loop_error)
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            self._connections.close_late()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        close_streams(self._page)
        await super().shutdown(sockets)


class _OneLine(logging.Handler):
    """Shows a warning or an error of the server's libraries in one line."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.stopping = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.stopping or (record.name.startswith("mcp.") and record.levelno < logging.ERROR):
            return  # an MCP client gets its mistakes as an answer
        error = record.exc_info[1] if record.exc_info else None
        line = f"{type(error).__name__}: {error}" if error else record.getMessage()
        log_line(line)


def _connections(serving: Serving) -> Connections:
    files = raise_open_files()
    connections = Connections(files, [ipaddress.ip_network(one) for one in serving.proxies])
    if files < FILES_WANTED:
        log_line(
            f"a process may have {files:,} files open here, so {connections.most:,} connections "
            f"are taken at once: ulimit -n {FILES_WANTED} allows more"
        )
    return connections


def _listen(host: str, port: int, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=backlog)
