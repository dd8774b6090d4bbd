"""Clients take turns: what one has waiting keeps no other from its first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio

from tests.ui.apart import run_apart
from ui.fair_work import Busy, LongWork, Turns


def test_long_work_goes_on_a_step_at_a_time_with_whoever_waits() -> None:
    work, done = LongWork(at_once=1), list[str]()
    begun = threading.Event()

    def steps(name: str, count: int, wait: Callable[[], Any]) -> None:
        with work.place():
            wait()
            for _ in range(count):
                done.append(name)
                work.let_others()

    def until_another_waits() -> None:
        begun.set()
        while not work._waiting:
            threading.Event().wait(0.001)

    long = threading.Thread(target=steps, args=("long", 100, until_another_waits))
    short = threading.Thread(target=steps, args=("short", 3, int))
    long.start()
    begun.wait()
    short.start()
    long.join()
    short.join()
    assert done[:6] == ["long", "short"] * 3
    assert done.count("long") == 100


def test_no_more_long_work_goes_on_at_once_than_may() -> None:
    work, lock = LongWork(at_once=2), threading.Lock()
    now, most = 0, 0

    def steps() -> None:
        nonlocal now, most
        with work.place():
            for _ in range(50):
                with lock:
                    now += 1
                    most = max(most, now)
                with lock:
                    now -= 1
                work.let_others()

    threads = [threading.Thread(target=steps) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 2
    assert work._free == 2


def worked_on(turns: Turns, wanted: list[str], seconds: float = 0.01) -> list[str]:
    """Have clients want turns at once, in this order; return the order in which they got them."""
    got: list[str] = []

    async def work(client: str) -> None:
        try:
            async with turns.turn(client):
                got.append(client)
                await anyio.sleep(seconds)
        except Busy as error:
            got.append(str(error))

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for client in wanted:
                group.start_soon(work, client)

    run_apart(all_at_once)
    return got


def test_a_client_with_much_leaves_a_place_to_another() -> None:
    got = worked_on(Turns(at_once=2), ["greedy"] * 10 + ["other"] * 2)
    assert got[:3] == ["greedy", "greedy", "other"]
    assert got[:6].count("other") == 2
    assert got.count("greedy") == 10


def test_who_waits_for_too_much_is_told_and_others_are_not() -> None:
    got = worked_on(Turns(at_once=1, waiting=2, waiting_in_all=3), ["greedy"] * 5 + ["other"])
    told = "you have asked for too much at once: try again in a moment"
    assert (got.count(told), got.count("greedy"), got.count("other")) == (2, 3, 1)
    full = worked_on(Turns(at_once=1, waiting=2, waiting_in_all=3), list("aaabbbcc"))
    assert "the server is busy: ask again in a moment" in full


def test_a_turn_that_is_no_longer_wanted_goes_to_the_next() -> None:
    turns, got = Turns(at_once=1), list[str]()

    async def work(client: str, seconds: float) -> None:
        async with turns.turn(client):
            got.append(client)
            await anyio.sleep(seconds)

    async def given_up() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(work, "a", 0.05)
            await anyio.sleep(0.01)
            with anyio.move_on_after(0.01):
                await work("a", 1)
            group.start_soon(work, "a", 0)
        async with turns.turn("a"), turns.turn("b"):
            got.append("end")

    run_apart(given_up)
    assert got == ["a", "a", "end"]
