from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings import ModelError
from qa import QA, Answer, Document, verify
from qa.answering import ABSTENTION, ExtractiveAnswerer, abstention, extractive
from qa.answering.candidates import Candidate
from qa.answering.extractive import _openblas, _whole
from qa.answering.late_interaction import Match, Matcher
from qa.answering.readers import Reader, quick_reader, thorough_reader
from qa.documents import Span
from qa.errors import SettingsError
from qa.index import Index, update_index
from qa.loaders import load
from qa.passages import Chunking
from tests.fakes import FakeEncoder

WHEN = "When was the Belt and Road Initiative proposed?"
WHOM = "Who is the foreign leader that Xi met most?"
MUSEUM = Document(
    "museum.txt",
    "The museum opens at nine. Tickets cost five euros. The café sells soup and bread. "
    "The old tower has 200 steps. It was closed in 1998 after a fire. Cats are not let in.",
)


def ask(
    question: str,
    folder: Path,
    *,
    threshold: float = 0.0,
    tentative: float = 1.0,
    max_quotes: int = 3,
    min_quotes: int = 1,
) -> Answer:
    encoder = FakeEncoder()
    update_index(folder, [MUSEUM], encoder=encoder, chunking=Chunking(32, 1))
    answerer = ExtractiveAnswerer(
        encoder,
        threshold=threshold,
        tentative=tentative,
        max_quotes=max_quotes,
        min_quotes=min_quotes,
    )
    index = Index.open(folder)
    with QA(index, encoder, answerer) as qa:
        return qa.ask(question)


def test_the_sentence_that_shares_the_words_is_quoted_first(tmp_path: Path) -> None:
    answer = ask("What do tickets cost?", tmp_path)
    assert answer.citations[0].quote == "Tickets cost five euros."
    assert verify(answer, [MUSEUM]).verified


def test_a_quote_that_denies_what_is_taken_for_granted_is_less_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractive, "confidence", lambda *_: 0.95)
    assert ask("Why are cats let in?", tmp_path / "a", threshold=0.8).confidence == 0.95
    monkeypatch.setattr(extractive, "is_denied", lambda question, quote: True)
    assert ask("Why are cats let in?", tmp_path / "b", threshold=0.8, tentative=0.5).tentative


def test_a_sentence_that_points_back_comes_with_the_one_before_it(tmp_path: Path) -> None:
    answer = ask("When was the old tower closed after the fire?", tmp_path)
    first = answer.citations[0].quote
    assert first == "The old tower has 200 steps. It was closed in 1998 after a fire."


def ask_of(text: str, question: str, folder: Path) -> Answer:
    """Ask of a text whose passages are far too short for its sentences."""
    encoder = FakeEncoder()
    update_index(folder, [Document("a.txt", text)], encoder=encoder, chunking=Chunking(16, 0))
    answerer = ExtractiveAnswerer(encoder, threshold=0.0)
    with QA(Index.open(folder), encoder, answerer) as qa:
        return qa.ask(question)


def test_a_sentence_too_long_for_a_passage_is_quoted_whole_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering.extractive._ONE", (1.0, 0.0))
    rule = f"No vessel of {', or of '.join(f'{n},000 tons' for n in range(1, 40))}, may enter Riga."
    text = f"The rules follow. {rule} Ferries may."
    answer = ask_of(text, "May vessels of 30,000 tons enter Riga?", tmp_path)
    assert rule in [citation.quote for citation in answer.citations]
    assert verify(answer, [Document("a.txt", text)]).verified
    assert [candidate.text for candidate in answer.considered].count(rule) == 1
    assert all(text[slice(*each.span)] == each.text for each in answer.considered)


def test_a_sentence_far_too_long_is_quoted_in_a_part_that_verifies(tmp_path: Path) -> None:
    tons = ", or of ".join(f"{n},000 tons" for n in range(1, 150))
    text = f"The rules follow. No vessel of {tons}, may enter Riga. Ferries may."
    answer = ask_of(text, "May vessels of 77,000 tons enter?", tmp_path)
    assert 250 < len(answer.citations[0].quote) <= 1_000
    result = verify(answer, [Document("a.txt", text)])
    assert result.verified
    assert "a part of a sentence of 2," in result.checks[0].finding


def test_a_lead_still_ends_where_a_sentence_begins_when_a_quote_is_widened() -> None:
    long = f"The tower, {', '.join(f'step {n}' for n in range(40))}, is old."
    document = Document("a.txt", f"{long} It was closed in 1998 after a fire on {long}")
    cut = Span(40, len(document.text) - 40)
    lead = len(long) + 1 - cut.start
    candidate = Candidate("a.txt", cut, lead, document.text[slice(*cut)], 1.0, {})
    whole = _whole(candidate, lambda _: document)
    assert whole.span == Span(0, len(document.text))
    assert document.text[whole.lead :].startswith("It was closed")
    assert whole.text == document.text


SHOPPING = (
    "For the soup you need:\n\n- a leek\n- salt from the sea\n- two onions\n\nStir it well.\n"
)


def test_a_question_for_several_things_gets_the_whole_list(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    file = tmp_path / "soup.md"
    file.write_text(SHOPPING)
    [document] = load(file)
    update_index(tmp_path / "index", [document], encoder=encoder, chunking=Chunking(32, 0))
    answerer = ExtractiveAnswerer(encoder, threshold=0.0)
    with QA(Index.open(tmp_path / "index"), encoder, answerer) as qa:
        several = qa.ask("What kinds of salt from the sea and onions do I need?")
        one = qa.ask("Is the salt from the sea?")
    assert several.citations[0].quote == SHOPPING.partition("\n\nStir")[0]
    assert verify(several, [document]).verified
    assert one.citations[0].quote == "- salt from the sea"


def test_an_answer_that_is_not_sure_has_more_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering.extractive._ONE", (0.0, 1.0))
    monkeypatch.setattr("qa.answering.extractive._SEVERAL", (1.0, 0.0))
    question = "What do tickets cost?"
    sure = ask(question, tmp_path, threshold=0.0)
    unsure = ask(question, tmp_path, threshold=1.0, tentative=0.0)
    assert (len(sure.citations), sure.status) == (1, "answered")
    assert (len(unsure.citations), unsure.status) == (3, "tentative")


def test_quotes_are_numbered_and_do_not_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering.extractive._ONE", (1.0, 0.0))
    answer = ask("When was the old tower closed after the fire?", tmp_path)
    spans = [Span(c.start, c.end) for c in answer.citations]
    assert [c.number for c in answer.citations] == list(range(1, len(spans) + 1))
    for i, span in enumerate(spans):
        assert not any(span.overlaps(other) for other in spans[i + 1 :])


def test_no_more_quotes_are_shown_than_allowed(tmp_path: Path) -> None:
    assert len(ask("museum tickets soup tower cats", tmp_path, max_quotes=1).citations) == 1


def test_more_quotes_are_shown_where_they_are_asked_for(tmp_path: Path) -> None:
    usual = ask("What do tickets cost?", tmp_path)
    more = ask("What do tickets cost?", tmp_path, max_quotes=5, min_quotes=5)
    assert len(usual.citations) < len(more.citations) == 5
    assert more.citations[: len(usual.citations)] == usual.citations
    assert more.confidence == usual.confidence


def test_one_question_may_be_answered_with_other_settings(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    update_index(tmp_path, [MUSEUM], encoder=encoder, chunking=Chunking(32, 1))
    answerer = ExtractiveAnswerer(encoder, threshold=1.0, tentative=1.0)
    with QA(Index.open(tmp_path), encoder, answerer) as qa:
        open_ = answerer.changed(tentative=0.0, max_quotes=1)
        assert qa.ask("What do tickets cost?", answerer=open_).status == "tentative"
        assert qa.ask("What do tickets cost?").status == "abstained"
        with pytest.raises(SettingsError, match="answerer is the text 'other'"):
            qa.ask("What do tickets cost?", answerer="other")  # type: ignore[arg-type]


def test_the_text_is_the_quotes_with_their_marks_and_nothing_else(tmp_path: Path) -> None:
    answer = ask("What do tickets cost?", tmp_path, max_quotes=1)
    assert answer.text == "Tickets cost five euros. [1]"


def test_below_both_thresholds_it_abstains_and_shows_what_is_near(tmp_path: Path) -> None:
    answer = ask("What do tickets cost?", tmp_path, threshold=1.0, tentative=1.0)
    assert (answer.status, answer.abstained) == ("abstained", True)
    assert answer.text == ABSTENTION
    assert answer.citations == ()
    assert answer.near[0].quote == "Tickets cost five euros."
    assert verify(answer, [MUSEUM]).verified


def test_between_the_thresholds_the_quotes_are_tentative(tmp_path: Path) -> None:
    answer = ask("What do tickets cost?", tmp_path, threshold=1.0, tentative=0.0, max_quotes=1)
    assert (answer.status, answer.abstained, answer.near) == ("tentative", False, ())
    assert answer.text == "Possibly:\n\nTickets cost five euros. [1]"
    assert answer.to_dict()["status"] == "tentative"
    assert verify(answer, [MUSEUM]).verified


def test_where_the_limits_meet_no_answer_is_tentative(tmp_path: Path) -> None:
    answer = ask("What do tickets cost?", tmp_path, threshold=0.0, tentative=1.0)
    assert answer.status == "answered"


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", ["threshold", "tentative"])
def test_a_threshold_that_cannot_be_is_refused(name: str, limit: float) -> None:
    limits: dict[str, Any] = {name: limit}
    with pytest.raises(SettingsError, match=f"{name} is .*: take a number from 0 to 1"):
        ExtractiveAnswerer(FakeEncoder(), **limits)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["museum.txt"], "I found nothing in “museum.txt” that says this."),
        (["museum.txt", "b.txt"], "I found nothing in the documents that says this."),
        (["gone.txt"], "I found nothing that says this."),
        ([], "I found nothing that says this."),
    ],
)
def test_an_abstention_names_the_one_document_that_was_asked(asked: list[str], said: str) -> None:
    named = {"museum.txt": replace(MUSEUM, title="museum.txt")}
    assert abstention(asked, named.get) == said


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
    assert any("Tickets cost five euros." in c.quote for c in answer.citations)


@pytest.mark.model
class TestOnTheEssay:
    def test_the_capital_of_france_is_not_in_the_essay(self, essay_qa: QA) -> None:
        assert essay_qa.ask("What is the capital of France?").abstained
        answer = essay_qa.ask("When was the Belt and Road proposed?")
        document = essay_qa.index.document("essay.txt")
        assert "2013" in answer.citations[0].quote
        assert document.text[slice(*answer.citations[0].answer or ())] == "2013"
        assert verify(answer, [document]).verified
        assert replace(answer) == answer

    @pytest.mark.parametrize(
        ("before", "question", "context", "quote"),
        [
            (WHEN, "Why is populism on the rise?", "", "Deep-rooted anxiety"),
            (WHEN, "Why are elites disliked?", "", "Deep-rooted anxiety"),
            (
                WHOM,
                "How were the conversations?",
                " (the foreign leader that Xi met)",
                "productive",
            ),
        ],
    )
    def test_a_question_in_doubt_leans_on_what_came_before_only_where_that_helps(
        self, essay_qa: QA, before: str, question: str, context: str, quote: str
    ) -> None:
        answer = essay_qa.ask(
            question, history=[before], answerer=ExtractiveAnswerer(essay_qa.encoder, threshold=0)
        )
        assert answer.query == question + context
        assert quote in answer.citations[0].quote

    @pytest.mark.parametrize(
        "question",
        [
            "Why did Xi reject the Belt and Road?",
            "How many times has Putin visited China?",
            "Who won the football match in Moscow?",
            "What does the essay say about Brazil's economy?",
        ],
    )
    def test_false_premises_and_near_misses_of_the_essay_are_not_answered(
        self, essay_qa: QA, question: str
    ) -> None:
        assert essay_qa.ask(question).status != "answered"

    @pytest.mark.parametrize(
        ("question", "truth"),
        [
            ("Why did Trump abandon the one-China policy?", "will continue to carry out"),
            (
                "Why does China support the deployment of THAAD?",
                "the opposition from both China and Russia",
            ),
        ],
    )
    def test_a_false_premise_that_is_not_refused_gets_the_words_that_deny_it(
        self, essay_qa: QA, question: str, truth: str
    ) -> None:
        answer = essay_qa.ask(question)
        assert truth in answer.citations[0].quote

    def test_a_sentence_that_says_it_comes_with_what_it_is(self, essay_qa: QA) -> None:
        first = essay_qa.ask("Is the China-Russia partnership an alliance?").citations[0]
        assert first.quote[first.lead :] == "It is definitely not an alliance relationship."
        assert first.quote.startswith("The China-Russia partnership is embedded")

    def test_the_thorough_reader_is_asked_where_the_quick_one_is_unsure(
        self, essay_qa: QA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        load = thorough_reader

        def thorough() -> Reader:
            asked.append("it")
            return load()

        monkeypatch.setattr(extractive, "thorough_reader", thorough)
        sure = essay_qa.ask("When was the Belt and Road Initiative proposed?")
        assert (sure.confidence >= 0.9, asked) == (True, [])
        assert essay_qa.ask("How many people work for NATO in Brussels?").confidence < 0.9
        assert asked == ["it"]

    def test_where_the_reader_cannot_run_a_sentence_says_so(
        self, essay_qa: QA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "qa.answering.span_reader", None)
        quick_reader.cache_clear()
        assert essay_qa.retrieve("When was the Belt and Road Initiative proposed?")
        with pytest.raises(ModelError, match="pip install openvino"):
            essay_qa.ask("When was the Belt and Road Initiative proposed?")

    def test_what_might_have_been_quoted_is_told_best_first(self, essay_qa: QA) -> None:
        answer = essay_qa.ask("When was the Belt and Road proposed?")
        scores = [candidate.score for candidate in answer.considered]
        assert scores == sorted(scores, reverse=True)
        assert answer.considered[0].text == answer.citations[0].quote
        assert all("score" not in each for each in answer.to_dict()["citations"])


def test_numpy_has_one_thread_while_it_answers_and_then_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def threads() -> list[int]:
        return [library.num_threads for library in _openblas().lib_controllers]

    def match(*arguments: object) -> list[Match]:
        during.append(threads())
        return real(*arguments)

    during: list[list[int]] = []
    real: Callable[..., list[Match]] = Matcher.match
    monkeypatch.setattr(Matcher, "match", match)
    with _openblas().limit(limits=2):
        before = threads()
        ask("Who?", tmp_path)
        assert threads() == before == [2] * len(before)
    assert during == [[1] * len(before)]


def test_two_quotes_that_say_the_same_are_not_both_shown(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    documents = [replace(MUSEUM, id="a.txt"), replace(MUSEUM, id="b.txt")]
    update_index(tmp_path, documents, encoder=encoder)
    with QA(Index.open(tmp_path), encoder, ExtractiveAnswerer(encoder, threshold=0.0)) as qa:
        quotes = [c.quote for c in qa.ask("Why do tickets cost five euros?").citations]
    assert len(set(quotes)) == len(quotes)
