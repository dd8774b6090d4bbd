"""What the server keeps for visitors, under tokens."""

from __future__ import annotations

import threading

import pytest

from ui.visitors.expiring_store import ExpiringStore, ExpiringStoreError


class Thing:
    """Something that is kept, and notes whether it was closed."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.busy = False
        self.closed = False

    def close(self) -> None:
        self.closed = True


class TestKept:
    def test_what_is_not_used_goes_unless_it_is_busy(self) -> None:
        store = ExpiringStore[Thing]("your things", idle_seconds=0)
        idle, busy = store.add(Thing), None
        assert idle.token
        busy = store.add(Thing)
        assert idle.closed
        busy.busy = True
        threading.Event().wait(0.01)
        assert store.find(busy.token) is busy
        with pytest.raises(ExpiringStoreError, match="your things are no longer here"):
            store.find(idle.token)

    def test_nobody_is_thrown_out_for_another(self) -> None:
        store = ExpiringStore[Thing]("your things", most=1)
        first = store.add(Thing, "ada")
        told = "your things have no room here at the moment: try again in 2 hours"
        for other in ("ada", "bob"):
            with pytest.raises(ExpiringStoreError, match=told):
                store.add(Thing, other)
        assert store.find(first.token) is first

    def test_who_has_many_is_refused_more_and_others_are_not(self) -> None:
        store = ExpiringStore[Thing]("your things", most_each=2, idle_seconds=600)
        things = [store.add(Thing, "greedy") for _ in range(2)]
        told = "kept here in 2 places for you already: go on in one of them, or try again in 10 min"
        with pytest.raises(ExpiringStoreError, match=told):
            store.check_room("greedy")
        with pytest.raises(ExpiringStoreError, match=told):
            store.add(Thing, "greedy")
        store.add(Thing, "other")
        assert not any(thing.closed for thing in things)

    def test_where_all_places_are_taken_the_one_who_has_most_makes_room(self) -> None:
        store = ExpiringStore[Thing]("your things", most=4)
        first, second, third = [store.add(Thing, "greedy") for _ in range(3)]
        store.add(Thing, "ada")
        store.find(first.token)
        second.busy = True
        store.check_room("bob")
        assert not third.closed
        store.add(Thing, "bob")
        assert [thing.closed for thing in (first, second, third)] == [False, False, True]
        with pytest.raises(ExpiringStoreError, match="have no room"):
            store.add(Thing, "ada")  # the greedy one has no more than one more than she would

    def test_on_this_machine_several_people_may_share_an_address(self) -> None:
        store = ExpiringStore[Thing]("your things", most_each=1)
        for _ in range(4):
            store.add(Thing, "address 127.0.0.1")
        with pytest.raises(ExpiringStoreError):
            store.add(Thing, "address 127.0.0.1")

    def test_a_token_cannot_be_guessed_and_none_is_no_token(self) -> None:
        store = ExpiringStore[Thing]("your things")
        tokens = {store.add(Thing, str(number)).token for number in range(50)}
        assert len(tokens) == 50
        assert min(map(len, tokens)) >= 32
        with pytest.raises(ExpiringStoreError):
            store.find("")

    def test_what_is_not_in_use_makes_room_for_others_before_its_time(self) -> None:
        store = ExpiringStore[Thing]("your things", most=2, most_each=2, spared_seconds=0.02)
        first, second = (store.add(Thing, "ada") for _ in range(2))
        with pytest.raises(ExpiringStoreError, match="in 2 places for you already"):
            store.check_room("ada")
        threading.Event().wait(0.03)
        store.find(second.token)
        store.add(Thing, "ada")
        assert (first.closed, second.closed) == (True, False)
        threading.Event().wait(0.03)
        store.add(Thing, "bob")
        assert second.closed
