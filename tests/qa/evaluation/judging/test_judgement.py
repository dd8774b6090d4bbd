"""The answers of other systems, judged by documents and by gold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qa import Document
from qa.errors import AnswerFileError, LoadError, QuestionSetError
from qa.evaluation import Question, QuestionSet, compare, load_run
from qa.evaluation.judging.answers import AnyAnswer, read_answers
from qa.evaluation.judging.judgement import Judgement, judge_answers
from qa.evaluation.questions import Place

DOCUMENTS = [
    Document("tickets", "Tickets cost five euros. Children pay nothing."),
    Document("hours", "The museum opens at nine."),
]
QUESTIONS = QuestionSet(
    "museum",
    (
        Question("a", "What do tickets cost?", True, ("five euros",), answers=("five euros",)),
        Question("b", "When does it open?", True, ("at nine",)),
        Question("u", "Who painted it?", False),
    ),
)


def judged(*answers: dict[str, Any], questions: QuestionSet | None = QUESTIONS) -> Judgement:
    given = [AnyAnswer(**answer) for answer in answers]
    return judge_answers(given, DOCUMENTS, questions)


def answer(id_: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "question": "", "text": text, "has_id": True} | more


def values(judgement: Judgement) -> dict[str, float]:
    return {name: figure.value for name, figure in judgement.figures.items()}


class TestAgainstGold:
    def test_what_is_quoted_is_measured_in_characters(self) -> None:
        found = judged(
            answer("a", "Tickets cost five euros. Children pay nothing."),
            answer("b", "It opens early."),
        )
        assert values(found)["citation precision"] == pytest.approx((10 / 46 + 0) / 2, rel=0.03)
        assert values(found)["citation recall"] == 0.5
        assert values(found)["quote-hit@1"] == 0.5
        assert found.answers[0].figures["citation recall"] == 1.0

    def test_short_answers_are_looked_for_in_the_whole_answer(self) -> None:
        found = judged(answer("a", "They are five euros each."), answer("b", "?"))
        assert values(found)["answer-in-quote@1"] == 1.0
        assert values(found)["token F1"] == pytest.approx(2 * 2 / (5 + 2))

    def test_contexts_are_a_ranking(self) -> None:
        found = judged(
            answer("a", "So.", contexts=("The museum opens at nine.", "Tickets cost five euros.")),
            answer("b", "So.", contexts=("Nothing of it.",)),
        )
        assert values(found)["MRR@10"] == 0.25
        assert found.answers[0].contexts == (Place("hours", 0, 25), Place("tickets", 0, 24))
        assert found.answers[1].contexts == (None,)
        note = "contexts that stand in no document, which count as not relevant: 1"
        assert note in found.to_dict()["notes"]

    def test_without_contexts_retrieval_is_not_measured(self) -> None:
        figures = values(judged(answer("a", "Tickets cost five euros."), answer("b", "x")))
        assert not figures.keys() & {"hit@1", "nDCG@10", "span recall@5"}

    def test_without_a_confidence_or_a_time_they_are_not(self) -> None:
        figures = values(judged(answer("a", "x", abstained=False), answer("u", "", abstained=True)))
        assert not figures.keys() & {"AUROC", "ECE", "AURC", "seconds p50"}
        assert figures["abstention recall"] == 1.0

    def test_a_confidence_is_measured_if_every_answer_has_one(self) -> None:
        given = [
            answer(id_, "x", abstained=False, confidence=confidence)
            for id_, confidence in (("a", 0.9), ("b", 0.8), ("u", 0.1))
        ]
        assert values(judged(*given))["AUROC"] == 1.0

    def test_unanswerable_questions_are_left_out_if_no_answer_says_whether_it_abstains(
        self,
    ) -> None:
        found = judged(answer("a", "x"), answer("b", "x"), answer("u", "x"))
        assert "false answers" not in values(found)
        assert "false abstentions" not in values(found)
        assert "says whether it abstains: 1" in found.to_dict()["notes"][0]

    def test_a_question_without_an_answer_is_missed(self) -> None:
        found = judged(answer("a", "Tickets cost five euros."))
        assert values(found)["quote-hit@1"] == 0.5
        missed = "questions without an answer, which count as missed: 1"
        assert found.to_dict()["notes"][0] == missed

    def test_an_answer_belongs_to_the_question_of_its_words(self) -> None:
        asked = {"id": "a1", "question": "When does it open? ", "text": "The museum opens at nine."}
        assert values(judged(asked))["quote-hit@1"] == 0.5
        assert values(judged(asked | {"id": "7c2f", "has_id": True}))["quote-hit@1"] == 0.5

    def test_two_documents_of_one_id_are_refused(self) -> None:
        twins = [Document("a", "One."), Document("a", "Two.")]
        with pytest.raises(LoadError, match="two documents are called 'a'"):
            judge_answers([AnyAnswer("a", "", "One.")], twins)

    def test_two_answers_to_one_question_are_refused(self) -> None:
        with pytest.raises(AnswerFileError, match="is there several times"):
            judged(answer("a", "x"), answer("a", "y"))

    def test_answers_to_nothing_of_the_set_are_refused(self) -> None:
        with pytest.raises(AnswerFileError, match="no answer belongs to a question of museum"):
            judged(answer("z", "x"))

    def test_a_set_of_other_documents_is_refused(self) -> None:
        other = QuestionSet("museum", QUESTIONS.questions, corpus="0" * 64)
        with pytest.raises(QuestionSetError, match="--any-corpus"):
            judged(answer("a", "x"), questions=other)

    def test_two_systems_can_be_compared(self, tmp_path: Path) -> None:
        runs = []
        for name, text in (("good", "Tickets cost five euros."), ("bad", "Children pay nothing.")):
            found = judged(answer("a", text), answer("b", "x"))
            assert found.run is not None
            runs.append(load_run(found.run.save(tmp_path / name)))
        comparison = compare(*runs, measures=["quote-hit@1", "hit@1"])
        assert [one.measure for one in comparison.differences] == ["quote-hit@1"]
        assert [flip.before.question_id for flip in comparison.flips] == ["a"]
        assert any("for want of a value in both runs: hit@1" in one for one in comparison.notes)


class TestWithoutGold:
    def test_sentences_and_what_is_not_there_are_counted(self) -> None:
        found = judged(
            answer("a", "Tickets cost five euros. Or 7."),
            answer("b", "“Perhaps so.”"),
            questions=None,
        )
        assert found.sentences == {"quote": 1, "own words": 2}
        assert found.not_there == {"number": 1, "quotation": 1}
        assert found.run is None
        assert (
            json.loads(json.dumps(found.to_dict()))["answers"][0]["sentences"][0]["support"] is None
        )


class TestFiles:
    def read(self, folder: Path, *lines: object) -> list[AnyAnswer]:
        path = folder / "answers.jsonl"
        path.write_text(
            "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
        )
        return read_answers(path)

    def test_the_names_of_other_frameworks_are_known(self, tmp_path: Path) -> None:
        ours = {"question": "Q?", "answer": "A.", "contexts": ["C."]}
        theirs = {"user_input": "Q?", "response": "A.", "retrieved_contexts": ["C."], "x": 1}
        others = {"input": "Q?", "actual_output": "A.", "retrieval_context": ["C."]}
        found = self.read(tmp_path, ours, theirs, others)
        assert [(one.question, one.text, one.contexts) for one in found] == [
            ("Q?", "A.", ("C.",))
        ] * 3
        assert [one.id for one in found] == ["a1", "a2", "a3"]

    def test_an_empty_answer_is_an_abstention(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, {"id": 7, "answer": None}, {"answer": " "}, {"answer": "A."})
        assert [one.abstained for one in found] == [True, True, None]
        assert found[0].id == "7"

    def test_bad_lines_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(AnswerFileError) as caught:
            self.read(tmp_path, {"question": "Q?"}, "{", {"answer": "A.", "confidence": 2})
        assert [fault.partition(":")[0] for fault in caught.value.faults] == [
            "line 1",
            "line 2",
            "line 3",
        ]

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(AnswerFileError, match="has no answers in it"):
            self.read(tmp_path, "")
