from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from embeddings import Encoder
from qa import QA, Answer, Document, verify
from qa.answering import ABSTENTION, ExtractiveAnswerer, _quotable
from qa.documents import Span
from qa.index import Index
from qa.indexing import update_index
from qa.kinds import kind_asked, offers
from qa.passages import Chunking, Passage
from qa.terms import Rarity, terms
from tests.fakes import FakeEncoder

MUSEUM = Document(
    "museum.txt",
    "The museum opens at nine. Tickets cost five euros. The café sells soup and bread. "
    "The old tower has 200 steps. It was closed in 1998 after a fire. Cats are not let in.",
)


def ask(question: str, folder: Path, *, threshold: float = 0.0, max_quotes: int = 3) -> Answer:
    encoder = FakeEncoder()
    update_index(folder, [MUSEUM], encoder=encoder, chunking=Chunking(32, 1))
    answerer = ExtractiveAnswerer(encoder, threshold=threshold, max_quotes=max_quotes)
    index = Index.open(folder)
    with QA(index, encoder, answerer) as qa:
        return qa.ask(question)


def test_the_sentence_that_shares_the_words_is_quoted_first(tmp_path: Path) -> None:
    answer = ask("What do the tickets cost?", tmp_path)
    assert answer.citations[0].quote == "Tickets cost five euros."
    assert verify(answer, [MUSEUM]).verified


def test_a_sentence_that_points_back_comes_with_the_one_before_it(tmp_path: Path) -> None:
    answer = ask("When was the old tower closed after the fire?", tmp_path)
    first = answer.citations[0].quote
    assert first == "The old tower has 200 steps. It was closed in 1998 after a fire."


def test_a_sentence_does_not_point_back_by_the_words_of_the_next() -> None:
    text = "Cats sleep. Dogs run. It rains."
    spans = (Span(0, 11), Span(12, 21), Span(22, 31))
    passage = Passage("a", 0, len(text), text, spans)
    assert list(_quotable(passage)) == [spans[0], spans[1], spans[2], Span(12, 31)]


def test_text_made_to_be_slow_is_looked_through_to_its_end() -> None:
    text = "No. " + "’-'" * 20_000 + "."
    passage = Passage("a", 0, len(text), text, (Span(0, 3), Span(4, len(text))))
    assert len(list(_quotable(passage))) == 2


def test_quotes_are_numbered_and_do_not_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering._NEXT_BEST", 9.0)
    answer = ask("When was the old tower closed after the fire?", tmp_path)
    spans = [Span(c.start, c.end) for c in answer.citations]
    assert [c.number for c in answer.citations] == list(range(1, len(spans) + 1))
    for i, span in enumerate(spans):
        assert not any(span.overlaps(other) for other in spans[i + 1 :])


def test_no_more_quotes_are_shown_than_allowed(tmp_path: Path) -> None:
    assert len(ask("museum tickets soup tower cats", tmp_path, max_quotes=1).citations) == 1


def test_the_text_is_the_quotes_with_their_marks_and_nothing_else(tmp_path: Path) -> None:
    answer = ask("What do the tickets cost?", tmp_path, max_quotes=1)
    assert answer.text == "Tickets cost five euros. [1]"


def test_below_the_threshold_it_abstains_and_shows_what_is_near(tmp_path: Path) -> None:
    answer = ask("What do the tickets cost?", tmp_path, threshold=1.0)
    assert answer.abstained
    assert answer.text == ABSTENTION
    assert answer.citations == ()
    assert answer.near[0].quote == "Tickets cost five euros."


def test_the_same_question_gets_the_same_answer(tmp_path: Path) -> None:
    question = "Which tower has steps?"
    assert ask(question, tmp_path / "1") == ask(question, tmp_path / "2")


def test_an_empty_index_abstains(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    update_index(tmp_path, [MUSEUM], encoder=encoder)
    update_index(tmp_path, [], encoder=encoder, remove=[MUSEUM.id])
    with QA(Index.open(tmp_path), encoder) as qa:
        assert qa.retrieve("Where is the museum?") == []
        assert qa.ask("Where is the museum?").abstained


def test_a_follow_up_is_answered_by_its_own_words(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    update_index(tmp_path, [MUSEUM], encoder=encoder)
    with QA(Index.open(tmp_path), encoder, ExtractiveAnswerer(encoder, threshold=0.0)) as qa:
        answer = qa.ask("And what does it cost?", history=["What does the café sell?"])
    assert answer.query == "And what does it cost? (the café sell)"
    assert answer.question == "And what does it cost?"
    assert "Tickets cost five euros." in [c.quote for c in answer.citations]


@pytest.mark.model
def test_the_capital_of_france_is_not_in_the_essay(real_encoder: Encoder) -> None:
    with QA.open() as qa:
        assert qa.ask("What is the capital of France?").abstained
        answer = qa.ask("When was the Belt and Road proposed?")
    assert "2013" in answer.citations[0].quote
    assert replace(answer) == answer


def test_rare_words_count_more() -> None:
    texts = [terms("the red cat"), terms("the red dog"), terms("a red fox")]
    rarity = Rarity(texts)
    wanted = terms("red fox")
    assert rarity.cover(wanted, texts[2]) == 1.0
    assert 0 < rarity.cover(wanted, texts[0]) < 0.5
    assert rarity.cover(frozenset(), texts[0]) == 0.0


def test_words_are_told_by_their_stems() -> None:
    assert terms("proposed proposals") & terms("propose")
    assert terms("What is this?") == frozenset()


@pytest.mark.parametrize(
    ("question", "kind", "given", "lacking"),
    [
        ("When was it?", "time", "It was in 2013.", "It was long ago."),
        ("In which year?", "time", "In May.", "In spring."),
        ("How many steps?", "number", "There are two.", "There are some."),
        ("Who opposes it?", "person", "It was Kissinger.", "It was nobody."),
        ("Where is it?", "place", "It is in Ghent.", "It is nearby."),
        ("Why is it so?", "reason", "It is because of rain.", "It is so."),
    ],
)
def test_a_question_asks_for_a_kind_of_thing(
    question: str, kind: str, given: str, lacking: str
) -> None:
    assert kind_asked(question) == kind
    assert offers(given, kind)
    assert not offers(lacking, kind)
    assert not offers(given, kind_asked("Is that so?"))
