from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from qa.answering import Answer
from qa.citations import Citation
from qa.documents import Block, Document, Span
from qa.errors import AnswerFileError

TEXT = "Prices\n\nIt opened in May. Tickets cost <b>five</b> euros."
NOTES = Document("notes.txt", TEXT, blocks=(Block(0, 6, "heading", 1),))
QUOTE = Span(8, len(TEXT))
FIVE = Span(TEXT.index("five"), TEXT.index("five") + 4)
CITED = Citation(1, NOTES, QUOTE, TEXT.index("Tickets") - 8, FIVE)
ANSWER = Answer("How much?", "How much? (tickets)", 0.8, citations=(CITED,))
PLACE = f"    notes.txt, line 3, characters 8 to {len(TEXT)}\n    under Prices"


def find(id_: str) -> Document:
    return {"notes.txt": NOTES}[id_]


class TestPrinted:
    def test_an_answer_is_its_quotes_with_their_places(self) -> None:
        assert str(ANSWER) == (
            "Read as: How much? (tickets)\n\n"
            f"[1] It opened in May. Tickets cost <b>five</b> euros.\n{PLACE}\n\n"
            "confidence 0.80"
        )

    def test_a_tentative_answer_says_so_first(self) -> None:
        answer = replace(ANSWER, query="How much?", tentative=True)
        assert str(answer).startswith("Possibly:\n\n[1] It opened")

    def test_an_abstention_shows_what_is_near_as_no_answer(self) -> None:
        answer = Answer("How much?", "How much?", 0.2, near=(CITED,))
        assert str(answer) == (
            "I found nothing that says this.\n\nNearest passages, which are no answer:\n\n"
            f"    It opened in May. Tickets cost <b>five</b> euros.\n{PLACE}\n\n"
            "confidence 0.20"
        )
        assert str(replace(answer, near=())) == "I found nothing that says this.\n\nconfidence 0.20"


def test_a_notebook_shows_the_text_that_is_printed_with_the_words_that_answer_bold() -> None:
    shown = html.fromstring(ANSWER._repr_html_())
    assert shown.text_content() == str(ANSWER)
    assert [bold.text_content() for bold in shown.iter("b")] == ["five"]
    assert {element.tag for element in shown.iter()} == {"pre", "b", "span"}


class TestReadFromPlainData:
    @pytest.mark.parametrize(
        "answer",
        [
            ANSWER,
            replace(ANSWER, tentative=True),
            Answer("How much?", "How much?", 0.2, near=(CITED,)),
            Answer("How much?", "How much?", 0.2),
        ],
    )
    def test_is_the_answer_that_was_saved(self, answer: Answer) -> None:
        assert Answer.from_dict(answer.to_dict(), find) == answer

    def test_takes_its_quotes_from_the_document(self) -> None:
        forged = ANSWER.to_dict()
        forged["citations"][0] |= {"line": 99, "title": "Forged", "context": []}
        assert Answer.from_dict(forged, find) == ANSWER

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda saved: saved["citations"][0].update(quote="Tickets are free."), "stand so"),
            (
                lambda saved: saved["citations"][0].update(sha256="0" * 64),
                "stand so in 'notes.txt'",
            ),
            (lambda saved: saved["citations"][0].update(document_id="x"), "no document 'x'"),
            (lambda saved: saved["citations"][0].update(start=-1), "not a saved answer"),
            (lambda saved: saved["citations"][0].update(end="9"), "not a saved answer"),
            (lambda saved: saved["citations"][0].update(number="1"), "not a saved answer"),
            (lambda saved: saved.update(status="abstained"), "its status"),
            (lambda saved: saved.update(confidence=2), "its status"),
            (lambda saved: saved.update(confidence=None), "not a saved answer"),
            (lambda saved: saved.update(question=5), "not a saved answer"),
            (lambda saved: saved.update(citations=None), "not a saved answer"),
            (lambda saved: saved.pop("near"), "not a saved answer"),
        ],
    )
    def test_is_refused_where_it_is_not_what_was_saved(
        self, change: Callable[[dict[str, Any]], object], said: str
    ) -> None:
        saved = ANSWER.to_dict()
        change(saved)
        with pytest.raises(AnswerFileError, match=said):
            Answer.from_dict(saved, find)
