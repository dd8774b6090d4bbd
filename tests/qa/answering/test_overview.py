from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from qa import QA, Document, QAError, verify
from qa.answering.overview import MOST_QUOTES, greedy, is_fit
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

TICKETS = "Tickets for the old museum cost five euros a day."
CAFE = "The café in the garden sells hot soup and fresh bread."
TOWER = "Visitors climb two hundred steps to the top of the tower."
MUSEUM = Document(
    "museum.txt",
    f"The museum\n\n{TICKETS} Tickets for the old museum cost six euros a day on Sundays.\n\n"
    f"When does it open?\n\n{CAFE} It closes when the bread is sold, which is soon. "
    f"{TOWER}\n\nCopyright by the museum, all rights reserved for ever.",
)
LONG = Document(
    "long.txt",
    "\n\n".join(
        f"Room {n} of the house holds number {n * n} of the old paintings." for n in range(900)
    ),
)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def qa(tmp_path: Path, encoder: FakeEncoder) -> Iterator[QA]:
    update_index(tmp_path / "index", [MUSEUM, LONG], encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as opened:
        encoder.encoded.clear()
        yield opened


def test_an_overview_quotes_what_stands_for_the_document_in_its_order(qa: QA) -> None:
    overview = qa.overview(["museum.txt"], sentences=3)
    assert [citation.quote for citation in overview.citations] == [TICKETS, CAFE, TOWER]
    assert not overview.abstained
    assert verify(overview, [MUSEUM]).verified


def test_a_longer_overview_holds_the_shorter(qa: QA) -> None:
    short, long = (
        {citation.start for citation in qa.overview(["museum.txt"], sentences=count).citations}
        for count in (2, 3)
    )
    assert short < long


def test_a_document_is_read_once_and_a_long_one_in_part(qa: QA, encoder: FakeEncoder) -> None:
    assert len(qa.overview(["long.txt"]).citations) == 5
    assert 50 < len(encoder.encoded) <= 201
    encoder.encoded.clear()
    assert len(qa.overview(["long.txt"], sentences=7).citations) == 7
    assert encoder.encoded == []


def test_each_of_several_documents_has_its_own(qa: QA) -> None:
    overview = qa.overview(sentences=2)
    assert [citation.document_id for citation in overview.citations] == (
        ["museum.txt"] * 2 + ["long.txt"] * 2
    )
    assert [citation.number for citation in overview.citations] == [1, 2, 3, 4]


def test_no_more_documents_and_quotes_are_shown_than_allowed(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    many = [Document(f"{n:02}.txt", LONG.text[:2_000] + f" And {n}.") for n in range(22)]
    update_index(tmp_path / "index", many, encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as qa:
        overview = qa.overview(sentences=30)
    assert len(overview.citations) <= MOST_QUOTES
    assert {citation.document_id for citation in overview.citations} == {d.id for d in many[:20]}


def test_asked_for_in_words_it_is_the_answer(qa: QA) -> None:
    answer = qa.ask("Summarize this in two sentences", documents=["museum.txt"])
    assert answer.question == "Summarize this in two sentences"
    assert answer.citations == qa.overview(["museum.txt"], sentences=2).citations
    named = qa.ask("What is the museum about?")
    assert {citation.document_id for citation in named.citations} == {"museum.txt"}


def test_more_of_it_is_what_was_not_shown(qa: QA) -> None:
    first = "Summarize this in one sentence"
    more = qa.ask("Tell me more", history=[first], documents=["museum.txt"])
    shown = qa.ask(first, documents=["museum.txt"])
    assert len(more.citations) == 1
    assert more.citations[0].quote != shown.citations[0].quote


@pytest.mark.parametrize("sentences", [0, 31])
def test_a_length_that_cannot_be_is_refused(qa: QA, sentences: int) -> None:
    with pytest.raises(QAError, match=f"of {sentences} sentences: ask for 1 to 30"):
        qa.overview(sentences=sentences)


def test_a_document_that_is_not_there_is_named(qa: QA) -> None:
    with pytest.raises(QAError, match="no document 'x'"):
        qa.overview(["x"])


def test_a_document_without_a_whole_sentence_is_quoted_as_it_is(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    listed = Document("list.txt", "six eggs and some milk\n\na pound of fine white flour")
    update_index(tmp_path / "index", [listed], encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as qa:
        assert len(qa.overview().citations) == 2


@pytest.mark.parametrize(
    "text",
    [
        "The museum",
        "It closes when the bread is sold.",
        "However, the tower has been closed since the fire.",
        "When does the museum open its doors?",
        "Present: Ann Lee, Bo Smith, and eleven of the residents.",
        "For more of this, see https://museum.example for the details.",
        "| 1 | 20 | 300 | 4,000 | 50,000 | 600,000 |.",
        " ".join(["word"] * 100) + ".",
    ],
)
def test_what_cannot_stand_alone_is_not_chosen(text: str) -> None:
    assert not is_fit(text)
    assert is_fit(TICKETS)


def test_what_says_the_same_is_chosen_last() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8], [0, 1]], np.float32)
    assert greedy(vectors, [1, 1, 1, 1], np.array([1, 1, 0, 1]), most=2) == [0, 3]
    assert greedy(vectors, [1, 1, 1, 1], np.array([0, 0, 0, 0])) == []
