"""How many requests a client may have at once, whichever connections they came by."""

from __future__ import annotations

from collections import Counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.visitors import limits
from ui.visitors.clients import client_of, share_of


class Quotas:
    """Refuses a request of a client that has too many at once; streams of the page count too."""

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
            said = "You have too many requests at once: try again when some have been answered."
            refusal = JSONResponse({"detail": said}, 429, headers={"Retry-After": "5"})
            await refusal(scope, receive, send)
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
