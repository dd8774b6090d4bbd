"""Written answers in evaluations and comparisons, also where the language model does not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.answering import Answer
from qa.answering.statements import NO_SENTENCE, Statement, Written
from qa.errors import SettingsError, WritingError
from qa.evaluation import Run, compare, evaluate
from qa.evaluation.report import html_report, markdown_summary
from tests.qa.evaluation import test_evaluating
from tests.qa.evaluation.comparison.test_comparing import record, run
from tests.qa.evaluation.test_evaluating import CORPUS, QUESTIONS

answer_of = test_evaluating.TestAnySystem.answer


class TestWriting:
    """A system with a language model between quotes, which may not answer."""

    SAID = Written((Statement("It costs five euros.", (1,), 0.9),), "m", "h:1")
    SLOW = Written((), "m", "h:1", problem="the language model at h:1 took too long")
    GONE = Written((), "m", "h:1", problem="the language model's endpoint h:1 refuses")
    EMPTY = Written((), "m", "h:1", problem=NO_SENTENCE)
    CUT = replace(SAID, problem=SLOW.problem)

    def run(self, *written: Written | None) -> Run:
        left = list(written)
        questions = [replace(QUESTIONS[0], id=str(n)) for n in range(len(written))]

        def system(question: str) -> Answer:
            answer = answer_of(quote=("tickets", 0, 24))
            return replace(answer, written=left.pop(0))

        try:
            run = evaluate(system, questions, documents=CORPUS)
        finally:
            self.asked = len(written) - len(left)
        return run

    def test_an_answer_that_could_not_be_written_is_left_out_and_told_of(self) -> None:
        run = self.run(self.SAID, self.SLOW, self.EMPTY, self.CUT, self.SLOW)
        slow = "the language model took too long"
        assert run.settings["notes"][1:] == [
            f"statements are measured without 2 answers that could not be written: {slow}",
            f"1 answer may lack statements: {slow}",
            "1 answer stayed in quotes, as nothing that the language model wrote was shown",
        ]
        assert [record.is_unwritten for record in run.records] == [False, True, False, False, True]
        recall = run.figures["written-citation-recall"]
        assert recall.value == pytest.approx(2 / 3)
        assert recall.questions == 3
        assert run.figures["quote-hit@1"].questions == 5
        page = html_report(run)
        assert page.count(f'Not written: <span class="exact" dir="auto">{slow}') == 2
        assert page.count(f'Cut short: <span class="exact" dir="auto">{slow}') == 1
        assert slow in markdown_summary(run)

    @pytest.mark.parametrize(
        ("written", "asked", "told"),
        [
            ([SLOW] * 5, 3, "no answer could be written: the language model took too long"),
            ([None, SLOW], 2, "took too long"),
            ([SLOW, SLOW, GONE, SLOW], 4, r"took too long \(3\), .* endpoint refuses \(1\)"),
        ],
    )
    def test_where_none_could_be_written_there_is_no_run(
        self, written: list[Written | None], asked: int, told: str
    ) -> None:
        with pytest.raises(WritingError, match=told):
            self.run(*written)
        assert self.asked == asked

    @pytest.mark.parametrize("first", [SAID, EMPTY])
    def test_a_model_that_wrote_once_is_asked_on(self, first: Written) -> None:
        self.run(first, *[self.SLOW] * 4)
        assert self.asked == 5

    def test_what_no_question_can_be_asked_without_is_raised(self) -> None:
        def system(question: str) -> Answer:
            raise SettingsError("written answers need the extra 'llm'")

        with pytest.raises(SettingsError, match="need the extra"):
            evaluate(system, QUESTIONS, documents=CORPUS)


def test_statements_are_compared_where_both_runs_have_some() -> None:
    """One model is worse on what the other could not be asked for."""
    right, wrong = Statement("It is gold.", (1,), 0.9), Statement("It is lead.", (), 0.1, "name")
    easy = [record(n, statements=(right,)) for n in range(4)]
    hard = [record(n, statements=(wrong,)) for n in range(4, 8)]
    unasked = [replace(one, statements=None, problem="it took too long") for one in hard]
    for runs in (
        (run("asked", easy + hard), run("unasked", easy + unasked)),
        (run("unasked", easy + unasked), run("asked", easy + hard)),
    ):
        comparison = compare(*runs, measures=["statements-supported", "quote-hit@1"])
        statements, quotes = sorted(comparison.differences, key=lambda one: one.questions)
        assert (statements.baseline, statements.value, statements.questions) == (1, 1, 4)
        assert quotes.questions == 8
        assert any("without 4 of 8 answers" in note for note in comparison.notes)
