"""A queue for Gradio in which no client can keep the others waiting.

Gradio has one line of calls for each kind of work, in order of arrival. Here the tenth call of a
client waits behind the first of another, no client has all places, and the number of calls that a
client may have waiting is limited.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

import gradio as gr
from fastapi import HTTPException, Request
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, EventQueue, Queue
from gradio.utils import LRUCache

from ui.visitors import limits
from ui.visitors.clients import announced_bytes, client_of, share_of

_MAX_BYTES = 8 * limits.MAX_BODY_BYTES  # of one client's calls that wait
_MAX_BYTES_IN_ALL = 4 * _MAX_BYTES
_SOON = {"Retry-After": "5"}


class Line(list[Event]):
    """Events that wait, in the order in which they are handled: one of each client, in rounds."""

    def append(self, event: Event) -> None:
        """Put an event behind as many of each other client as there are of its own client."""
        before = Counter[str]()
        own = sum(other.username == event.username for other in self)
        for place, other in enumerate(self):
            client = other.username or ""
            if client != event.username and before[client] > own:
                self.insert(place, event)
                return
            before[client] += 1
        super().append(event)


class FairQueue(Queue):
    """A page's queue; handlers get the client's name as `gr.Request.username`.

    Args:
        page: whose queue it replaces, with the same settings.
        at_work: how many events of one client may be handled at once, by the ids of lines; in
            other lines, one.
    """

    def __init__(self, page: gr.Blocks, at_work: dict[str, int]) -> None:
        before = page._queue
        super().__init__(
            before.live_updates,
            before.max_thread_count,
            before.update_intervals,
            before.max_size,
            page,
            before.default_concurrency_limit,
        )
        self._at_work = at_work
        self._sessions: dict[str, OrderedDict[str, None]] = {}
        self.ANALYTICS_MAX_EVENTS = 1  # for Gradio's monitoring, which is off
        bound = self.pending_messages_per_session.max_size
        self.pending_event_ids_session = LRUCache(bound)  # it bounds the other one alone

    def create_event_queue_for_fn(self, block_fn: Any) -> None:
        """Create the line of a function, unless it exists."""
        super().create_event_queue_for_fn(block_fn)
        line = self.event_queue_per_concurrency_id[block_fn.concurrency_id]
        if not isinstance(line.queue, Line):
            line.queue = Line(line.queue)

    async def push(self, body: PredictBodyInternal, request: Request, username: str | None) -> Any:
        """Add a call to its line.

        Raises:
            HTTPException: there is no such function; or the client, or all clients together,
                have too many calls already.
        """
        function = None if body.fn_index is None else self.blocks.fns.get(body.fn_index)
        if function is None or function.fn is None:
            raise HTTPException(400, "The page has no such function.")
        client = client_of(request.scope)
        self._check_waiting(client, request)
        self._check_unread(client, body.session_hash)
        pushed = await super().push(body, request, client)
        if pushed[0] and body.session_hash:
            self._sessions.setdefault(client, OrderedDict())[body.session_hash] = None
        return pushed

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """Return the event that is handled next, if there is a place for one."""
        for id_, line in self.event_queue_per_concurrency_id.items():
            if line.queue and (event := self._next(id_, line)):
                line.queue.remove(event)
                return [event], False, id_
        return None

    def _next(self, id_: str, line: EventQueue) -> Event | None:
        if line.concurrency_limit and line.current_concurrency >= line.concurrency_limit:
            return None
        running = Counter(
            event.username
            for job in self.active_jobs
            for event in job or ()
            if event.concurrency_id == id_
        )
        return next((e for e in line.queue if running[e.username] < self._most(id_, e)), None)

    def _most(self, id_: str, event: Event) -> int:
        return self._at_work.get(id_) or share_of(event.username or "", 1)

    def _waiting(self) -> Iterator[Event]:
        for line in self.event_queue_per_concurrency_id.values():
            yield from line.queue

    def _check_waiting(self, client: str, request: Request) -> None:
        waiting = list(self._waiting())
        own = [event.request for event in waiting if event.username == client]
        most, room = share_of(client, limits.MAX_WAITING), share_of(client, _MAX_BYTES)
        if len(own) >= most or sum(map(_bytes, [request, *own])) > room:
            raise HTTPException(
                429,
                f"{len(own):,} of your calls wait for an answer already: try again when some "
                "have been answered.",
                _SOON,
            )
        in_all = sum(_bytes(event.request) for event in waiting)
        if in_all > _MAX_BYTES_IN_ALL or len(waiting) >= (self.max_size or len(waiting) + 1):
            raise HTTPException(503, "The server is busy: try again in a moment.", _SOON)

    def _check_unread(self, client: str, session: str | None) -> None:
        """Limit the results that nobody fetches, by forgetting a client's oldest."""
        most = share_of(client, limits.MAX_UNREAD)
        sessions = self._sessions.get(client, OrderedDict())
        for old in [one for one in sessions if one not in self.pending_event_ids_session]:
            del sessions[old]
        unread = {old: len(self.pending_event_ids_session[old]) for old in sessions}
        for old in list(sessions):
            if sum(unread.values()) < most and len(unread) < most:
                break
            if old == session:
                raise HTTPException(
                    429, f"The results of {most:,} calls wait for you: fetch them first.", _SOON
                )
            del sessions[old], unread[old]
            self.pending_event_ids_session.pop(old, None)
            self.pending_messages_per_session.pop(old, None)
        if not sessions:
            self._sessions.pop(client, None)


def _bytes(request: Request) -> int:
    """Return how many bytes a request may take in memory."""
    announced = announced_bytes(request.headers)
    return limits.MAX_BODY_BYTES if announced is None else announced
