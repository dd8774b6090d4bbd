"""Several questions at once, and questions from an event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from qa import QA
from qa.answering import Answer, ExtractiveAnswerer
from qa.errors import QuestionError
from qa.index import Index, update_index
from qa.retrieval import RetrievedPassage
from tests.event_loops import run
from tests.fakes import FakeEncoder, corpus

QUESTIONS = [f"Which edition is part {part} of {id_} about?" for id_ in "ab" for part in range(5)]


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def folder(tmp_path: Path, encoder: FakeEncoder) -> Path:
    update_index(tmp_path / "index", corpus("ab"), encoder=encoder)
    return tmp_path / "index"


@pytest.fixture
def qa(folder: Path, encoder: FakeEncoder) -> Iterator[QA]:
    answerer = ExtractiveAnswerer(encoder, threshold=0)
    with QA(Index.open(folder), encoder, answerer) as opened:
        yield opened


def test_each_question_is_answered_as_by_itself_in_the_order_asked(qa: QA) -> None:
    assert qa.ask_many(QUESTIONS, top_k=3) == [qa.ask(asked, top_k=3) for asked in QUESTIONS]
    assert qa.ask_many([], top_k=3) == []


def test_each_question_finds_what_it_finds_by_itself(qa: QA) -> None:
    found = qa.retrieve_many(QUESTIONS, top_k=3, documents=["b"])
    assert found == [qa.retrieve(asked, top_k=3, documents=["b"]) for asked in QUESTIONS]


def test_questions_are_encoded_many_at_once(qa: QA, encoder: FakeEncoder) -> None:
    for number in range(2):
        asked = [f"{question} {n}" for n in range(10) for question in QUESTIONS]
        (qa.ask_many if number else qa.retrieve_many)(asked)
        assert [len(batch) for batch in encoder.prepared] == [64, 36]
        assert [text for batch in encoder.prepared for text in batch] == asked
        encoder.prepared.clear()


def test_a_question_that_cannot_be_asked_is_named_before_any_is_answered(
    qa: QA, encoder: FakeEncoder
) -> None:
    for many in (qa.ask_many, qa.retrieve_many):
        with pytest.raises(QuestionError, match=r"^question 2 of 3: the question is empty"):
            many([QUESTIONS[0], " ", QUESTIONS[1]])
    assert encoder.prepared == []


def test_small_talk_among_questions_gets_an_abstention(qa: QA) -> None:
    hello, answer = qa.ask_many(["hello", QUESTIONS[0]])
    assert hello == Answer("hello", "hello", confidence=0.0)
    assert answer == qa.ask(QUESTIONS[0])


def test_a_twin_gives_what_its_method_gives(qa: QA) -> None:
    async def ask() -> list[object]:
        return [
            await qa.aask(QUESTIONS[0], top_k=2),
            await qa.aretrieve(QUESTIONS[0], top_k=2),
            await qa.aask_many(QUESTIONS),
            await qa.aretrieve_many(QUESTIONS),
        ]

    assert run(ask()) == [
        qa.ask(QUESTIONS[0], top_k=2),
        qa.retrieve(QUESTIONS[0], top_k=2),
        qa.ask_many(QUESTIONS),
        qa.retrieve_many(QUESTIONS),
    ]


def test_a_twin_has_a_name_and_the_arguments_of_its_method() -> None:
    assert QA.aask.__name__ == "aask"
    assert QA.aask.__doc__ == "Do as `ask` does, in a thread, for an event loop to go on."
    assert inspect.signature(QA.aask) == inspect.signature(QA.ask)


def test_a_twin_lets_the_event_loop_go_on(folder: Path, encoder: FakeEncoder) -> None:
    may_go_on = Event()

    class Waiting(ExtractiveAnswerer):
        def answer(
            self, question: str, query: str, passages: Sequence[RetrievedPassage], *rest: Any
        ) -> Answer:
            assert may_go_on.wait(30)
            return super().answer(question, query, passages, *rest)

    async def ask(qa: QA) -> Answer:
        asking = asyncio.create_task(qa.aask(QUESTIONS[0]))
        await asyncio.sleep(0)
        may_go_on.set()  # which is only come to if the loop goes on
        return await asking

    with QA(Index.open(folder), encoder, Waiting(encoder)) as qa:
        assert run(ask(qa)).passages
