"""Small sets on a small corpus, whose figures can be told beforehand."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings import load_encoder
from qa import QA, Document
from qa.answering import Answer, ExtractiveAnswerer
from qa.citations import Citation
from qa.documents import Span
from qa.errors import (
    QuestionError,
    QuestionSetError,
    SettingsError,
    UnknownLanguage,
)
from qa.evaluation import MEASURES, Question, QuestionSet, Run, compare, evaluate
from qa.evaluation.environment import of_encoder
from qa.evaluation.questions import Place, fingerprint
from qa.evaluation.records import Excerpt, Record
from qa.evaluation.report import html_report
from qa.index import Index, update_index
from qa.passages import Passage
from qa.retrieval import RetrievedPassage
from tests.fakes import FakeEncoder

CORPUS = [
    Document("tickets", "Tickets cost five euros."),
    Document("hours", "The museum opens at nine."),
    Document("cats", "Cats are not let in."),
]
QUESTIONS = [
    Question("a", "What do tickets cost?", True, ("five euros",), tags=("money",)),
    Question("b", "When does the museum opens?", True, ("at nine",)),
    Question("c", "Tickets?", True, ("Cats are not",), tags=("money",)),
    Question("d", "Zebra quagga okapi?", False),
]


@pytest.fixture
def museum(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path, CORPUS, encoder=encoder)
    with QA(Index.open(tmp_path), encoder, ExtractiveAnswerer(encoder, threshold=0.1)) as qa:
        yield qa


def by_id(run: Run) -> dict[str, Record]:
    return {record.question_id: record for record in run.records}


def values(run: Run) -> dict[str, float]:
    return {name: figure.value for name, figure in run.figures.items()}


class TestACorpus:
    def test_what_was_found_and_quoted_is_held_against_the_gold_quotes(self, museum: QA) -> None:
        run = evaluate(museum, QUESTIONS, top_k=1)
        records = by_id(run)
        assert [records[id_].hits for id_ in "abc"] == [(True,), (True,), (False,)]
        assert [records[id_].outcome for id_ in "abcd"] == [
            *("right", "right", "not retrieved", "correct abstention")
        ]
        assert values(run)["hit@1"] == pytest.approx(2 / 3)
        assert values(run)["hit@3"] == 1.0
        assert values(run)["quote-hit@1"] == pytest.approx(2 / 3)
        assert values(run)["abstention F1"] == 1.0
        assert values(run)["balanced score"] == pytest.approx(2 * (2 / 3) / (2 / 3 + 1))
        assert values(run)["quotes verified"] == 1.0
        # Each gold quote stands in a document of one passage, which is quoted whole.
        assert values(run)["citation precision"] == pytest.approx((10 / 24 + 7 / 25 + 0) / 3)
        assert values(run)["citation recall"] == pytest.approx((1 + 1 + 0) / 3)

    def test_a_short_gold_quote_is_kept_with_what_is_around_it(self, museum: QA) -> None:
        gold = by_id(evaluate(museum, QUESTIONS))["a"].gold
        assert gold == ((Excerpt("tickets", 13, 23, "five euros", "Tickets cost ", "."),),)

    def test_the_ranking_is_deeper_than_what_an_answer_is_made_of(self, museum: QA) -> None:
        record = by_id(evaluate(museum, QUESTIONS, top_k=1))["c"]
        assert record.in_use == 1
        assert record.ranking[0].document_id == "tickets"
        assert {one.document_id for one in record.ranking} == {"tickets", "hours", "cats"}
        assert record.relevant == {"cats:0-20": 1}

    def test_a_follow_up_is_ranked_with_its_history(self, museum: QA) -> None:
        history = ("When does the museum open?",)
        question = Question("q", "Since when?", True, ("at nine",), history=history)
        (record,) = evaluate(museum, [question], top_k=1).records
        hits = museum.retrieve(question.text, history=history, top_k=3)
        assert [one.document_id for one in record.ranking] == [
            hit.passage.document_id for hit in hits
        ]
        assert [hit.passage for hit in hits] != [
            hit.passage for hit in museum.retrieve(question.text, top_k=3)
        ]

    def test_with_more_passages_in_use_the_gold_one_may_be_there_and_not_be_quoted(
        self, museum: QA
    ) -> None:
        assert by_id(evaluate(museum, QUESTIONS, top_k=3))["c"].outcome == "wrong quote"

    def test_each_stage_is_timed(self, museum: QA) -> None:
        run = evaluate(museum, QUESTIONS)
        for record in run.records:
            assert set(record.seconds) == {"query", "retrieval", "answer", "total"}
            stages = sum(record.seconds[stage] for stage in ("query", "retrieval", "answer"))
            assert 0 < stages <= record.seconds["total"]
        assert run.costs["questions seconds"] > 0
        assert run.costs["peak memory MB"] > 1

    def test_the_settings_tell_what_was_measured(self, museum: QA) -> None:
        settings = evaluate(museum, QUESTIONS, top_k=2, settings={"why": "to see"}).settings
        assert settings["top_k"] == 2
        assert settings["threshold"] == 0.1
        assert settings["model"] == "fake"
        assert settings["corpus"] == fingerprint(CORPUS)
        assert settings["why"] == "to see"
        assert settings["notes"] == []

    def test_they_tell_with_what_and_on_what_machine(self, museum: QA) -> None:
        settings = evaluate(museum, QUESTIONS).settings
        assert settings["backend"] == "FakeEncoder"
        assert settings["python"] == platform.python_version()
        assert {"inquote", "torch", "openvino", "numpy"} <= settings["versions"].keys()
        assert settings["processor"]
        assert settings["cores"] == os.cpu_count()

    @pytest.mark.model
    @pytest.mark.parametrize("backend", ["openvino", "torch"])
    def test_a_real_encoder_tells_its_backend_and_precision(self, backend: str) -> None:
        encoder = load_encoder(backend=backend, device="cpu", precision="float32")
        known = {"backend": backend, "precision": "float32", "device": "cpu"}
        assert of_encoder(encoder) == known

    def test_a_tag_has_figures_of_its_own(self, museum: QA) -> None:
        run = evaluate(museum, QUESTIONS, top_k=1)
        assert run.by_tag["money"]["quote-hit@1"].value == 0.5

    def test_the_same_again_gives_the_same_but_for_time(self, museum: QA) -> None:
        once, again = evaluate(museum, QUESTIONS), evaluate(museum, QUESTIONS)
        assert {n: f for n, f in once.figures.items() if "seconds" not in n} == {
            n: f for n, f in again.figures.items() if "seconds" not in n
        }

    def test_a_question_that_cannot_be_asked_counts_as_missed_and_is_named(
        self, museum: QA
    ) -> None:
        run = evaluate(museum, [*QUESTIONS, Question("e", "???", True, ("at nine",))])
        assert by_id(run)["e"].error.startswith("ask a question about")
        assert by_id(run)["e"].outcome == "not asked"
        assert run.figures["hit@10"].value == pytest.approx(3 / 4)
        assert "1 question could not be asked" in run.settings["notes"][0]

    def test_a_question_that_cannot_be_asked_is_no_abstention(self, museum: QA) -> None:
        unaskable = [Question(f"u{n}", "???", False) for n in range(4)]
        figures = values(evaluate(museum, [QUESTIONS[0], *unaskable]))
        assert figures["abstention recall"] == 0.0
        assert figures["AUROC"] == 0.0
        assert figures["balanced score"] == 0.0

    def test_a_question_in_a_language_that_the_model_does_not_know_is_an_abstention(self) -> None:
        def system(question: str) -> Answer:
            raise UnknownLanguage("the question seems to be in German")

        run = evaluate(system, [Question("d", "Wer ist das?", False)], documents=CORPUS)
        assert by_id(run)["d"].abstained
        assert not by_id(run)["d"].error

    def test_an_id_that_is_there_twice_is_refused(self, museum: QA) -> None:
        with pytest.raises(QuestionSetError, match="the question id 'a' is there 2 times"):
            evaluate(museum, [QUESTIONS[0], QUESTIONS[0]])

    def test_a_short_answer_is_enough_to_judge_quotes_but_not_passages(self, museum: QA) -> None:
        asked = [replace(one, quotes=(), answers=one.quotes) for one in QUESTIONS[:3]]
        run = evaluate(museum, [*asked, QUESTIONS[3]], top_k=1)
        outcomes = [record.outcome for record in run.records]
        assert outcomes == ["right", "right", "wrong quote", "correct abstention"]
        assert values(run)["answer-in-quote@1"] == pytest.approx(2 / 3)
        assert values(run)["balanced score"] == pytest.approx(2 * (2 / 3) / (2 / 3 + 1))
        assert not values(run).keys() & {"hit@1", "quote-hit@1", "citation recall"}

    def test_an_answerable_question_must_say_by_what(self, museum: QA) -> None:
        with pytest.raises(QuestionSetError, match="question 'q' is answerable: say by which"):
            evaluate(museum, [Question("q", "Why?", True)])

    def test_a_set_of_another_corpus_is_refused_unless_that_is_wanted(self, museum: QA) -> None:
        other = QuestionSet("museum", tuple(QUESTIONS), corpus="0" * 64)
        with pytest.raises(QuestionSetError, match="was made for the corpus 000000000000"):
            evaluate(museum, other)
        notes = evaluate(museum, other, any_corpus=True).settings["notes"]
        assert "was made for the corpus 000000000000" in notes[0]

    def test_a_set_whose_answers_are_not_there_is_refused(self, museum: QA) -> None:
        with pytest.raises(QuestionSetError, match="not in the corpus"):
            evaluate(museum, [Question("x", "Why?", True, ("nowhere",))])

    def test_an_empty_set_is_refused(self, museum: QA) -> None:
        with pytest.raises(QuestionSetError, match="no questions"):
            evaluate(museum, [])


class TestAnySystem:
    """A system that is a function, with passages of its own making."""

    @staticmethod
    def answer(*spans: tuple[str, int, int], quote: tuple[str, int, int] | None = None) -> Answer:
        documents = {document.id: document for document in CORPUS}
        hits = tuple(
            RetrievedPassage(rank, 1 / rank, Passage.of(documents[id_], (Span(start, end),)))
            for rank, (id_, start, end) in enumerate(spans, 1)
        )
        cited = (Citation(1, documents[quote[0]], Span(*quote[1:])),) if quote else ()
        return Answer("?", "?", 0.9, citations=cited, passages=hits)

    def test_it_is_judged_by_the_same_rules(self) -> None:
        answer = self.answer(("hours", 0, 10), ("tickets", 0, 24), quote=("tickets", 8, 24))
        run = evaluate(lambda question: answer, QUESTIONS[:1], documents=CORPUS)
        assert values(run)["MRR@10"] == 0.5
        assert values(run)["recall@5"] == 1.0
        assert values(run)["quote-hit@1"] == 1.0
        assert values(run)["citation precision"] == pytest.approx(10 / 16)
        assert run.settings["corpus"] == fingerprint(CORPUS)

    def test_without_passages_its_retrieval_is_left_out_and_not_compared(self, museum: QA) -> None:
        answer = self.answer(quote=("cats", 0, 20))
        run = evaluate(lambda question: answer, QUESTIONS[:1], documents=CORPUS)
        retrieval = {name for name, one in MEASURES.items() if one.group == "retrieval"}
        assert not values(run).keys() & retrieval
        assert run.records[0].outcome == "wrong quote"
        assert "its retrieval is not measured" in run.settings["notes"][0]
        assert "<lambda>" in run.settings["system"]
        assert platform.system() in run.settings["platform"]
        comparison = compare(evaluate(museum, QUESTIONS[:1]), run)
        assert not {one.measure for one in comparison.differences} & retrieval
        assert "quote-hit@1" in {one.measure for one in comparison.differences}
        assert any("for want of a value in both runs: hit@1" in one for one in comparison.notes)
        assert not any("its passages are not those" in one for one in comparison.notes)
        assert "not retrieved" not in html_report(run)

    def test_a_question_that_found_none_counts_0_where_others_found_some(self) -> None:
        def system(question: str) -> Answer:
            return self.answer(("tickets", 0, 24)) if "tickets" in question else self.answer()

        run = evaluate(system, QUESTIONS[:2], documents=CORPUS)
        assert values(run)["hit@1"] == 0.5

    def test_gold_that_it_did_not_retrieve_counts_as_a_passage_not_found(self) -> None:
        question = Question("q", "?", True, ("five euros", "at nine"))
        answer = self.answer(("tickets", 0, 24))
        run = evaluate(lambda question: answer, [question], documents=CORPUS)
        assert by_id(run)["q"].relevant == {"tickets:0-24": 1, "hours:17-24": 1}
        assert values(run)["recall@5"] == 0.5

    def test_it_is_given_the_history_if_it_takes_one(self) -> None:
        asked: list[object] = []

        def with_history(text: str, *, history: tuple[str, ...]) -> Answer:
            asked.append((text, history))
            return self.answer()

        def without(text: str) -> Answer:
            asked.append(text)
            return self.answer()

        question = Question("q", "And?", True, ("at nine",), history=("When?",))
        for system in (with_history, without):
            evaluate(system, [question], documents=CORPUS)
        assert asked == [("And?", ("When?",)), "And?"]

    def test_its_corpus_is_that_of_the_set_where_none_is_named(self) -> None:
        questions = QuestionSet("set", tuple(QUESTIONS[:1]), documents=tuple(CORPUS))
        run = evaluate(lambda question: self.answer(), questions)
        assert run.settings["documents"] == 3

    def test_without_a_corpus_nothing_can_be_judged(self) -> None:
        with pytest.raises(QuestionSetError, match="which corpus is asked"):
            evaluate(lambda question: self.answer(), QUESTIONS)

    def test_a_question_that_it_refuses_is_missed(self) -> None:
        def refuse(question: str) -> Answer:
            raise QuestionError("not that one")

        run = evaluate(refuse, QUESTIONS[:1], documents=CORPUS)
        assert run.records[0].error == "not that one"
        assert values(run)["hit@1"] == 0.0

    def test_what_it_raises_is_kept_with_the_question_and_loses_no_other(self) -> None:
        def tired(question: str) -> Answer:
            if "museum" in question:
                raise TimeoutError("too slow")
            return self.answer(quote=("tickets", 8, 24))

        records = by_id(evaluate(tired, QUESTIONS[:2], documents=CORPUS))
        assert records["a"].outcome == "right"
        assert records["b"].error == "TimeoutError: too slow"
        with pytest.raises(TimeoutError):  # on the first question it may be all of them
            evaluate(tired, QUESTIONS[1:2], documents=CORPUS)

    def test_what_is_no_answer_is_refused(self) -> None:
        def careless(question: str) -> Any:
            return "five"

        with pytest.raises(TypeError, match="a system gives an Answer, and this gave a str"):
            evaluate(careless, QUESTIONS, documents=CORPUS)

    @pytest.mark.parametrize(
        "settings", [{"seed": -1}, {"top_k": 0}, {"settings": {"of": object()}}]
    )
    def test_settings_that_cannot_be_used_are_refused_beforehand(
        self, settings: dict[str, Any]
    ) -> None:
        def never(question: str) -> Answer:
            raise AssertionError("asked")

        with pytest.raises(SettingsError):
            evaluate(never, QUESTIONS, documents=CORPUS, **settings)

    def test_its_quotes_are_verified_against_the_corpus(self) -> None:
        """It quotes from an edition of the document that is not the corpus's."""
        old = Document("tickets", "Tickets cost four euros.")
        answer = Answer("?", "?", 0.9, citations=(Citation(1, old, Span(0, 24)),))
        run = evaluate(lambda question: answer, QUESTIONS[:1], documents=CORPUS)
        assert values(run)["quotes verified"] == 0.0

    def test_it_cannot_tell_its_own_time(self) -> None:
        quick = replace(self.answer(), seconds={"total": 0.0})
        run = evaluate(lambda question: quick, QUESTIONS[:1], documents=CORPUS)
        assert run.records[0].seconds["total"] > 0

    def test_only_what_it_shows_as_the_answer_counts_as_verified(self) -> None:
        answer = self.answer(quote=("tickets", 0, 24))
        both = replace(answer, near=answer.citations)
        run = evaluate(lambda question: both, QUESTIONS[:1], documents=CORPUS)
        assert values(run)["quotes verified"] == 1.0

    @pytest.mark.parametrize("confidence", [1.5, -0.1, float("nan")])
    def test_a_confidence_is_from_0_to_1(self, confidence: float) -> None:
        bold = replace(self.answer(), confidence=confidence)
        with pytest.raises(ValueError, match="it must be from 0 to 1"):
            evaluate(lambda question: bold, QUESTIONS[:1], documents=CORPUS)

    def test_where_documents_are_judged_the_ranking_is_one_of_documents(self) -> None:
        question = Question("q", "?", True, relevant=(("hours", 2), ("cats", 0)))
        answer = self.answer(("cats", 0, 4), ("cats", 5, 9), ("hours", 0, 3))
        run = evaluate(lambda question: answer, [question], documents=CORPUS)
        assert values(run)["MRR@10"] == 0.5
        assert values(run)["hit@3"] == 1.0

    def test_of_places_that_serve_any_one_is_gold(self) -> None:
        places = ((Place("tickets", 8, 12), Place("hours", 0, 3)),)
        question = Question("q", "?", True, places=places)
        answer = self.answer(quote=("hours", 0, 10))
        run = evaluate(lambda question: answer, [question], documents=CORPUS)
        assert values(run)["citation recall"] == 1.0


class TestProgress:
    def test_questions_are_counted_as_they_are_asked(self, museum: QA) -> None:
        told: list[tuple[int, int]] = []
        run = evaluate(museum, QUESTIONS, progress=lambda *done: told.append(done))
        assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
        assert [record.question_id for record in run.records] == ["a", "b", "c", "d"]

    def test_what_it_raises_stops_the_asking(self, museum: QA) -> None:
        asked: list[str] = []

        def system(question: str) -> Answer:
            asked.append(question)
            return museum.ask(question)

        def progress(done: int, total: int) -> None:
            if done == 2:
                raise QuestionError("enough")

        with pytest.raises(QuestionError, match="enough"):
            evaluate(system, QUESTIONS, documents=CORPUS, progress=progress)
        assert asked == [question.text for question in QUESTIONS[:2]]
