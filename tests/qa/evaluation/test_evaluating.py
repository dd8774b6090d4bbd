"""A small set on a small corpus, whose figures can be told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import QuestionSetError
from qa.evaluation import Question, evaluate
from qa.index import Index
from qa.indexing import update_index
from tests.fakes import FakeEncoder

CORPUS = [
    Document("tickets", "Tickets cost five euros."),
    Document("hours", "The museum opens at nine."),
    Document("cats", "Cats are not let in."),
]
QUESTIONS = [
    Question("a", "What do tickets cost?", True, ("five euros",)),
    Question("b", "When does the museum opens?", True, ("at nine",)),
    Question("c", "Tickets?", True, ("Cats are not",)),
    Question("d", "Zebra quagga okapi?", False),
]


@pytest.fixture
def museum(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path, CORPUS, encoder=encoder)
    with QA(Index.open(tmp_path), encoder, ExtractiveAnswerer(encoder, threshold=0.1)) as qa:
        yield qa


def test_what_was_found_and_quoted_is_held_against_the_gold_quotes(museum: QA) -> None:
    evaluation = evaluate(museum, QUESTIONS, top_k=1)
    records = {record.question_id: record for record in evaluation.records}
    assert [records[id_].hits for id_ in "abc"] == [(True,), (True,), (False,)]
    assert records["d"].abstained
    assert evaluation.figures["hit@1"] == pytest.approx(2 / 3)
    assert evaluation.figures["hit@3"] == 1.0
    assert evaluation.figures["quote-hit@1"] == pytest.approx(2 / 3)
    assert evaluation.figures["abstention F1"] == 1.0
    assert evaluation.figures["quotes verified"] == 1.0


def test_the_settings_tell_what_was_measured(museum: QA) -> None:
    settings = evaluate(museum, QUESTIONS, top_k=2).settings
    assert settings["top_k"] == 2
    assert settings["model"] == "fake"
    assert settings["corpus"] == {document.id: document.sha256 for document in CORPUS}


def test_a_set_of_another_corpus_is_refused(museum: QA) -> None:
    with pytest.raises(QuestionSetError, match="not in the corpus"):
        evaluate(museum, [Question("x", "Why?", True, ("nowhere",))])
