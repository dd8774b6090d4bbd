from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.asking import acronyms
from qa.asking.acronyms import Acronyms, definitions
from qa.asking.common_words import CommonWords
from qa.documents import Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

CLUB = """The Residents' Association of Elm Street (RAES) meets at the mill. RAES has a hut.

The annual general meeting is in May. The RAES was founded long ago.
"""
ESSAY = "The Belt & Road Initiative (BRI) was proposed in 2013. Missile Defence Systems were not."


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Acronyms]:
    encoder = FakeEncoder()
    documents = [Document("club.txt", CLUB), Document("essay.txt", ESSAY)]
    documents.append(Document("hut.txt", "The hut of the RAES is green."))
    update_index(tmp_path / "index", documents, encoder=encoder)
    index = Index.open(tmp_path / "index")
    yield Acronyms(index, CommonWords(encoder))
    index.close()


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        (
            "the Quarry Lane Residents' Association (QLRA)",
            "QLRA",
            "Quarry Lane Residents' Association",
        ),
        ("the BRI (Belt and Road Initiative) of 2013", "BRI", "Belt and Road Initiative"),
        ("“The Belt & Road Initiative” (B & R)", "B&R", "Belt & Road Initiative"),
        ("heat shock transcription factor (HSF)", "HSF", "heat shock transcription factor"),
    ],
)
def test_a_definition_tells_what_a_short_form_stands_for(text: str, short: str, long: str) -> None:
    assert definitions([text]) == {short: Counter({long: 1})}


@pytest.mark.parametrize(
    "text", ["the mill (closed)", "cash (OK)", "it rose (see Table II)", "(A)"]
)
def test_other_brackets_define_nothing(text: str) -> None:
    assert not definitions([text])


@pytest.mark.parametrize(
    ("query", "expanded"),
    [
        ("What is the BRI?", "What is the BRI (Belt & Road Initiative)?"),
        ("what is MDS", "what is MDS (Missile Defence Systems)"),
        ("when is the AGM", "when is the AGM (annual general meeting)"),
        (
            "the Residents' association of Elm Street?",
            "the Residents' association of Elm Street (RAES)?",
        ),
        (
            "Who proposed the Belt and Road Initiative?",
            "Who proposed the Belt and Road Initiative?",
        ),
        ("Is the BRI the Belt and Road Initiative?", "Is the BRI the Belt and Road Initiative?"),
        ("WHAT IS THE BRI?", "WHAT IS THE BRI?"),
        ("What is a US state?", "What is a US state?"),
    ],
)
def test_a_query_gets_the_other_form_where_it_helps(
    found: Acronyms, query: str, expanded: str
) -> None:
    assert found.expanded(query) == expanded


def test_only_the_documents_that_are_asked_define_anything(found: Acronyms) -> None:
    assert found.expanded("What is the BRI?", ["club.txt"]) == "What is the BRI?"


def test_of_a_large_index_the_nearest_passages_are_read(
    found: Acronyms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acronyms, "_SMALL", 0)
    assert found.expanded("What is the BRI?") == "What is the BRI (Belt & Road Initiative)?"
    assert found.expanded("What is the BRI?", ["club.txt"]) == "What is the BRI?"


@pytest.mark.parametrize(
    "text", ["(" * 50_000, "(AB" * 20_000, "A & " * 30_000 + "(AB)", "(AB) " * 20_000]
)
def test_finding_definitions_takes_time_in_proportion(text: str) -> None:
    started = time.process_time()
    definitions([text])
    assert time.process_time() - started < 3


def test_finding_initials_takes_time_in_proportion(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    text = "A'" * 100_000 + " " + "Aa " * 50_000
    update_index(tmp_path / "index", [Document("a.txt", text)], encoder=encoder)
    index = Index.open(tmp_path / "index")
    started = time.process_time()
    Acronyms(index, CommonWords(encoder))._find_initials("AAAAAAAAAZ", ("a.txt",))
    assert time.process_time() - started < 3
    index.close()
