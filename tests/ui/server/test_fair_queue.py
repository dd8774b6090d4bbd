"""In the page's queue no client keeps the others waiting, and what waits is limited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from fastapi import HTTPException, Request
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event

from tests.ui.apart import in_loop
from ui.server.gradio_patches.queue import FairQueue, Line
from ui.visitors import limits


def page() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as made:
        made.load(lambda: 1, concurrency_limit=2, concurrency_id="line")
    return made  # type: ignore[no-any-return]


def queue_of(at_work: dict[str, int]) -> FairQueue:
    """Make a queue whose page has a function in the line `line`."""
    queue = FairQueue(page(), at_work)
    queue.active_jobs = [None] * 10
    queue.create_event_queue_for_fn(queue.blocks.fns[0])
    return queue


def events(queue: FairQueue, clients: str) -> Iterator[Event]:
    """Make an event for each letter, which names its client."""
    for client in clients:
        yield Event(None, queue.blocks.fns[0], request_of(client), client)


def request_of(client: str, length: int = 100) -> Request:
    headers = [(b"content-length", str(length).encode())]
    return Request({"type": "http", "headers": headers, "client": (client, 1)})


async def push(queue: FairQueue, client: str, session: str = "", **sent: Any) -> None:
    body = PredictBodyInternal(fn_index=0, data=[], session_hash=session or None, request=None)
    pushed = await queue.push(body, request_of(client, **sent), None)
    assert pushed[2] == "success"


@pytest.mark.parametrize(
    ("came", "order"),
    [
        ("aaaab", "abaaa"),
        ("aaaabbc", "abcabaa"),
        ("ab", "ab"),
        ("aabbcc", "abcabc"),
        ("abababa", "abababa"),
    ],
)
@in_loop
async def test_the_tenth_of_a_client_waits_behind_the_first_of_another(
    came: str, order: str
) -> None:
    line = Line()
    for event in events(queue_of({}), came):
        line.append(event)
    assert "".join(event.username or "" for event in line) == order


def next_client(queue: FairQueue) -> str | None:
    found = queue.get_events()
    if found is None:
        return None
    taken, _, id_ = found
    queue.active_jobs[queue.active_jobs.index(None)] = taken
    queue.event_queue_per_concurrency_id[id_].current_concurrency += 1
    return taken[0].username


@pytest.mark.parametrize(
    ("at_work", "came", "taken"),
    [
        ({}, "aab", ["a", "b", None]),  # one at a time of each
        ({"line": 2}, "aaa", ["a", "a", None]),  # as many as are named, if the line has them
        ({"line": 5}, "aaab", ["a", "b", None]),
    ],
)
@in_loop
async def test_no_client_takes_more_places_of_a_line_than_it_may(
    at_work: dict[str, int], came: str, taken: list[str | None]
) -> None:
    queue = queue_of(at_work)
    for event in events(queue, came):
        queue.event_queue_per_concurrency_id["line"].queue.append(event)
    assert [next_client(queue) for _ in range(3)] == taken


@in_loop
async def test_what_a_client_has_waiting_is_limited_and_others_are_let_in() -> None:
    queue = queue_of({})
    for _ in range(limits.MAX_WAITING):
        await push(queue, "10.0.0.1")
    with pytest.raises(HTTPException) as refused:
        await push(queue, "10.0.0.1")
    assert refused.value.status_code == 429
    assert refused.value.detail.startswith("64 of your calls wait for an answer already: try again")
    assert refused.value.headers == {"Retry-After": "5"}
    await push(queue, "10.0.0.2")
    assert len(queue) == limits.MAX_WAITING + 1


@in_loop
async def test_where_the_queue_is_full_everybody_is_told_to_come_again() -> None:
    queue = queue_of({})
    queue.max_size = 2
    for client in ("10.0.0.1", "10.0.0.2"):
        await push(queue, client)
    with pytest.raises(HTTPException, match="The server is busy: try again in a moment") as refused:
        await push(queue, "10.0.0.3")
    assert refused.value.status_code == 503


@in_loop
async def test_the_bytes_that_wait_are_limited() -> None:
    queue = queue_of({})
    for _ in range(8):
        await push(queue, "10.0.0.1", length=limits.MAX_BODY_BYTES)
    with pytest.raises(HTTPException, match="try again"):
        await push(queue, "10.0.0.1", length=limits.MAX_BODY_BYTES)
    await push(queue, "10.0.0.2", length=limits.MAX_BODY_BYTES)


@in_loop
async def test_results_that_nobody_fetches_are_forgotten_the_oldest_of_that_client_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = queue_of({})
    monkeypatch.setattr(limits, "MAX_UNREAD", 3)
    await push(queue, "10.0.0.2", "other")
    for number in range(5):
        await push(queue, "10.0.0.1", f"s{number}")
    assert list(queue.pending_messages_per_session) == ["other", "s2", "s3", "s4"]
    assert list(queue.pending_event_ids_session) == ["other", "s2", "s3", "s4"]


@in_loop
async def test_who_never_fetches_is_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = queue_of({})
    monkeypatch.setattr(limits, "MAX_UNREAD", 3)
    for _ in range(3):
        await push(queue, "10.0.0.1", "mine")
    with pytest.raises(HTTPException, match="The results of 3 calls wait for you: fetch them"):
        await push(queue, "10.0.0.1", "mine")
