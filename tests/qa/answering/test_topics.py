from __future__ import annotations

from pathlib import Path

import pytest

from qa import QA, Answer, Document
from qa.answering import ExtractiveAnswerer
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

PAID = "The tenants pay a deposit of two months' rent."
BACK = "The deposit is paid back six weeks after the end."
LATE = (
    "A charge is owed by whoever has neither the rent nor the deposit ready on the day it is due."
)
LEASE = Document(
    "lease.txt",
    f"Deposit\n\nThe flat has two rooms. {PAID} Dogs are not let in. {BACK}\n\n{LATE}\n\n"
    "The caretaker sweeps the stairs. Keys are counted.",
)


def ask(question: str, folder: Path, threshold: float = 0.65) -> Answer:
    encoder = FakeEncoder()
    update_index(folder, [LEASE], encoder=encoder)
    answerer = ExtractiveAnswerer(encoder, threshold=threshold)
    with QA(Index.open(folder), encoder, answerer) as qa:
        return qa.ask(question)


@pytest.mark.parametrize(
    "question", ["deposit", "Tell me about deposits", "What about the deposit?"]
)
def test_a_topic_gets_the_sentences_that_speak_of_it(question: str, tmp_path: Path) -> None:
    answer = ask(question, tmp_path)
    quotes = [citation.quote for citation in answer.citations]
    assert quotes
    assert set(quotes) <= {PAID, BACK, LATE}
    assert quotes[0] != LATE
    assert answer.confidence >= 0.8


def test_a_topic_of_which_nothing_is_said_is_not_answered(tmp_path: Path) -> None:
    answer = ask("garage", tmp_path)
    assert answer.abstained
    assert answer.confidence <= 0.2


def test_a_question_is_not_taken_for_a_topic(tmp_path: Path) -> None:
    asked = ask("Who pays the deposit?", tmp_path, threshold=0)
    assert asked.citations[0].quote == PAID
    assert asked.confidence not in (0.8, 0.9)
