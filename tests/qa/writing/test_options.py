"""What an endpoint refuses to take is left out of the request, and of no other request."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from qa.writing import Writer
from tests.qa.writing.endpoints import Asked, Handle, replies, serving
from tests.qa.writing.hostile import DOCUMENTS, Credulous, answer_of

DOCUMENT = DOCUMENTS[0]
QUOTES = answer_of(DOCUMENT)
REPLY = replies(("A lost key costs €85.", [4]))

TELLING = {
    "response_format": "no such thing",
    "max_tokens": "'max_tokens' is not supported; use 'max_completion_tokens' instead",
    "temperature": "'temperature' does not support 0",
}


def refused(name: str) -> Handle:
    """Return what replies to requests without an option alone."""

    def handle(asked: Asked) -> None:
        if name in json.loads(asked.body):
            asked.send(400, json.dumps({"error": {"message": TELLING[name]}}).encode())
        else:
            asked.write(REPLY)

    return handle


@pytest.mark.parametrize("name", TELLING)
def test_an_option_that_an_endpoint_refuses_is_left_out_from_then_on(name: str) -> None:
    with serving(refused(name)) as server:
        writer = Writer(server.llm(), Credulous())
        for _ in range(2):
            assert writer.write(QUOTES, [], lambda _: DOCUMENT).statements
    sent = [set(one) for one in server.sent]
    instead = {"max_completion_tokens"} if name == "max_tokens" else set()
    assert sent[1] == sent[2] == sent[0] - {name} | instead


def test_what_is_refused_for_another_cause_changes_no_later_request() -> None:
    def handle(asked: Asked) -> None:
        asked.send(400, b"{}") if b"LONG" in asked.body else asked.write(REPLY)

    with serving(handle) as server:
        writer = Writer(server.llm(), Credulous())
        for question in ("Short?", "LONG", "Short?"):
            writer.write(replace(QUOTES, question=question), [], lambda _: DOCUMENT)
    assert ["response_format" in one for one in server.sent] == [True, True, False, True]
    assert server.bodies[0] == server.bodies[-1]


def test_two_first_questions_at_once_are_both_answered_without_schemas() -> None:
    both = Barrier(2)

    def handle(asked: Asked) -> None:
        if asked.has_schema:
            both.wait(5)
            asked.send(400, b"{}")
        else:
            asked.write(REPLY)

    with serving(handle) as server, ThreadPoolExecutor() as threads:
        writer = Writer(server.llm(), Credulous())
        asked = [threads.submit(writer.write, QUOTES, [], lambda _: DOCUMENT) for _ in range(2)]
        assert all(each.result().statements for each in asked)
