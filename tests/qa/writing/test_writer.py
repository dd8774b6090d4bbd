from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qa import QA
from qa.answering import Answer
from qa.answering.statements import Written
from qa.documents import Document
from qa.writing import LLM, Writer
from tests.qa.writing.endpoints import replies, says, serving, small_model
from tests.qa.writing.hostile import DOCUMENTS, LIFE, RULES, Credulous, answer_of

__all__ = ["small_model"]

DOCUMENT = DOCUMENTS[0]
TRUE = "A lost key costs €85."
FALSE = "A lost key costs €86."


def test_an_abstention_stays_one_and_the_model_is_not_asked() -> None:
    abstention = replace(answer_of(DOCUMENT), citations=())
    with serving(says(replies((TRUE, [4])))) as server:
        writer = Writer(server.llm(), Credulous())
        assert writer.write(abstention, [], lambda _: DOCUMENT) is abstention
    assert server.bodies == []


def test_what_fails_is_asked_for_once_more_and_then_left_out() -> None:
    with serving(says(replies((FALSE, [4])), replies((TRUE, [4])))) as server:
        answer = Writer(server.llm(), Credulous()).write(
            answer_of(DOCUMENT), [], lambda _: DOCUMENT
        )
    assert len(server.bodies) == 2
    assert [one.sentence for one in answer.statements] == [TRUE]
    assert isinstance(answer.written, Written)
    (left_out,) = answer.written.left_out
    assert (left_out.sentence, left_out.verdict, left_out.wrong) == (FALSE, "number", "€86")


def test_each_statement_is_told_as_it_comes() -> None:
    told: list[Answer] = []
    with serving(says(replies((TRUE, [4]), ("Dogs are allowed in the garden.", [5])))) as server:
        Writer(server.llm(), Credulous()).write(
            answer_of(DOCUMENT), [], lambda _: DOCUMENT, told=told.append
        )
    assert [len(answer.statements) for answer in told] == [1, 2]
    assert [citation.number for citation in told[-1].citations] == [1, 2]


def test_a_statement_without_a_right_number_is_given_the_sentence_that_carries_it() -> None:
    with serving(says(replies((TRUE, [99])))) as server:
        answer = Writer(server.llm(), Credulous()).write(
            answer_of(DOCUMENT), [], lambda _: DOCUMENT
        )
    assert [one.citations for one in answer.statements] == [(1,)]
    assert answer.citations[0].quote == DOCUMENT.text.splitlines()[3]


TENANT = Document(
    "tenant", "Petra Quist is the new tenant.\nShe pays 900 euros.\nThe flat has a balcony."
)
WHO, PAYS, FLAT = TENANT.text.splitlines()


@pytest.mark.model
@pytest.mark.parametrize(
    ("said", "cited", "quoted"),
    [
        (PAYS, 3, [PAYS]),
        (WHO, 2, [WHO]),
        (FLAT, 3, [FLAT]),
        ("Petra Quist pays 900 euros.", 2, [WHO, PAYS]),
        ("The flat has no balcony.", 3, []),
    ],
)
def test_a_statement_rests_on_the_sentences_that_say_it_not_on_the_next(
    said: str, cited: int, quoted: list[str]
) -> None:
    with serving(says(replies((said, [cited])))) as server:
        answer = Writer(server.llm()).write(answer_of(TENANT), [], lambda _: TENANT)
    assert [one.quote for one in answer.citations if answer.statements] == quoted


@pytest.fixture(scope="module")
def qa(small_model: LLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    folder = tmp_path_factory.mktemp("texts")
    files: list[Path] = []
    for name, text in (("rules", RULES), ("life", LIFE)):
        files.append(folder / f"{name}.txt")
        files[-1].write_text(text, "utf-8")
    with QA.open(files, index=folder / "index", llm=small_model) as opened:
        yield opened


@pytest.mark.model
@pytest.mark.process
@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Who wrote Hamlet?",
        "How much does a lost key cost?",
        "Where was Elena Marsh born, and what is the capital of that country?",
    ],
)
def test_a_real_model_is_shown_only_where_the_text_says_it(qa: QA, question: str) -> None:
    answer = qa.ask(question, write=True)
    words = set((RULES + LIFE).replace(",", "").replace(".", "").split())
    for statement in answer.statements:
        assert not {"Paris", "France", "Rome", "Italy", "Shakespeare"} & set(
            statement.sentence.strip(".").split()
        )
        said = [word.strip(".,") for word in statement.sentence.split()]
        assert all(word in words for word in said if any(map(str.isdigit, word)))
    if "France" in question:
        assert answer.statements == ()
