"""Clients take turns: what one has waiting keeps no other from its first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio

from tests.ui.apart import run_apart
from ui.visitors.fair_work import Busy, LongWork, Places, Turns


def test_long_work_goes_on_a_step_at_a_time_with_whoever_waits() -> None:
    work, done = LongWork(at_once=1), list[str]()
    begun = threading.Event()

    def steps(name: str, count: int, wait: Callable[[], Any]) -> None:
        with work.place(name):
            wait()
            for _ in range(count):
                done.append(name)
                work.let_others(name)

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


def test_of_each_client_one_piece_of_long_work_goes_on_and_no_more_than_may() -> None:
    work, now, most = LongWork(at_once=2), Counter[str](), Counter[str]()
    lock = threading.Lock()

    def steps(client: str) -> None:
        with work.place(client):
            for _ in range(50):
                with lock:
                    now[client] += 1
                    most[client] = max(most[client], now[client])
                    most["all"] = max(most["all"], now.total())
                with lock:
                    now[client] -= 1
                work.let_others(client)

    threads = [threading.Thread(target=steps, args=(client,)) for client in "aaaabbc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(most[client] == 1 for client in "abc")
    assert most["all"] <= 2
    assert not work._working
    assert not work._waiting


def test_a_client_with_much_long_work_leaves_a_place_to_another() -> None:
    work = LongWork(at_once=2)
    with work.place("greedy"):
        waiting = threading.Thread(target=lambda: work._take("greedy"), daemon=True)
        waiting.start()
        with work.place("other"):
            assert work._working == {"greedy", "other"}
    waiting.join(5)
    assert work._working == {"greedy"}


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


def test_places_are_for_several_clients() -> None:
    places = Places(at_once=3, each=2)
    assert [places.take("address 10.0.0.1") for _ in range(3)] == [True, True, False]
    assert [places.take("address 10.0.0.2") for _ in range(2)] == [True, False]
    places.leave("address 10.0.0.1")
    assert places.take("address 10.0.0.2")
