"""Whoever waits for a fair lock has it before whoever comes later."""

from __future__ import annotations

import threading
import time

from embeddings.fair_lock import FairLock


def test_waiters_are_served_in_the_order_in_which_they_came() -> None:
    lock, served = FairLock(), []

    def wait(number: int) -> None:
        with lock:
            served.append(number)

    waiters = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    with lock:
        for number, waiter in enumerate(waiters, 1):
            waiter.start()
            while len(lock._waiting) <= number:
                time.sleep(0.001)
    for waiter in waiters:
        waiter.join()
    assert served == [0, 1, 2, 3, 4]


def test_one_who_takes_it_again_and_again_lets_others_in_between() -> None:
    lock, order = FairLock(), []

    def wait() -> None:
        with lock:
            order.append("waiter")

    waiter = threading.Thread(target=wait)
    with lock:
        waiter.start()
        while len(lock._waiting) < 2:
            time.sleep(0.001)
    for _ in range(3):
        with lock:
            order.append("greedy")
    waiter.join()
    assert order == ["waiter", "greedy", "greedy", "greedy"]


def test_it_is_let_go_when_something_goes_wrong_inside() -> None:
    lock = FairLock()
    try:
        with lock:
            raise ValueError
    except ValueError:
        pass
    with lock:
        pass
