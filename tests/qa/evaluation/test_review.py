"""Judging questions on a small corpus, with an encoder that needs no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.cli.review import review_in_terminal
from qa.errors import QuestionSetError
from qa.evaluation.formats import load_questions, save_questions
from qa.evaluation.questions import NOT_JUDGED, Question, QuestionSet, fingerprint
from qa.evaluation.records import Excerpt
from qa.evaluation.review import Pending, Review, read_drafts
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

CORPUS = [
    Document("cats", "Cats are not let in on Mondays."),
    Document("hours", "The museum opens at nine.\nOn Mondays it is shut."),
    Document("tickets", "Tickets cost five euros."),
]
PRICE = Excerpt("tickets", 0, 24, "Tickets cost five euros.")
OPENING = Excerpt("hours", 0, 25, "The museum opens at nine.")
OPENING_WORDS = Excerpt("hours", 0, 24, "The museum opens at nine")
SHUT = Excerpt("hours", 26, 48, "On Mondays it is shut.")


def draft(id_: str, text: str) -> Question:
    return Question(id_, text, False, tags=(NOT_JUDGED,))


COST = draft("q1", "What do tickets cost?")
OPEN = draft("q2", "The museum opens when?")
ZEBRA = draft("q3", "Zebra quagga okapi?")
DRAFTS = QuestionSet("drafts", (COST, OPEN, ZEBRA))

Start = Callable[..., Review]


@pytest.fixture
def museum(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", CORPUS, encoder=encoder)
    answerer = ExtractiveAnswerer(encoder, threshold=0.1)
    with QA(Index.open(tmp_path / "index"), encoder, answerer) as qa:
        yield qa


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "mine.jsonl"


@pytest.fixture
def start(museum: QA, out: Path) -> Start:
    def start(*questions: Question) -> Review:
        return Review(museum, QuestionSet("some", questions) if questions else DRAFTS, out)

    return start


def saved(out: Path) -> list[Question]:
    return list(load_questions(out)) if out.exists() else []


class TestDrafts:
    def test_a_text_file_has_a_question_a_line_none_judged(self, tmp_path: Path) -> None:
        path = tmp_path / "drafts.txt"
        path.write_text("\ufeffWhat do tickets cost?\n\n  Open?  \n", encoding="utf-8")
        assert read_drafts(path) == QuestionSet(
            "drafts", (COST, Question("q2", "Open?", False, tags=(NOT_JUDGED,)))
        )

    def test_a_text_file_without_questions(self, tmp_path: Path) -> None:
        path = tmp_path / "drafts.txt"
        path.write_text("\n \n")
        with pytest.raises(QuestionSetError, match="write one a line"):
            read_drafts(path)

    def test_a_row_of_a_table_may_be_judged_or_not(self, tmp_path: Path) -> None:
        path = tmp_path / "drafts.csv"
        path.write_text("question,answerable,quote\na?,,\nb?,no,\nc?,,x\n")
        assert [question.tags for question in read_drafts(path)] == [(NOT_JUDGED,), (), ()]

    def test_any_question_set_will_do(self, out: Path) -> None:
        save_questions(out, [Question("a", "Why?", False)])
        assert read_drafts(out) == load_questions(out)


class TestWhatIsPending:
    def test_drafts_are_asked_in_order_with_what_may_answer_them(self, start: Start) -> None:
        review = start()
        assert [one.question for one in review.pending] == [COST, OPEN, ZEBRA]
        assert {one.reason for one in review.pending} == {"not judged yet"}
        assert review.pending[0].candidates[0] == PRICE
        assert review.pending[1].candidates[0] == OPENING
        for one in review.pending:  # all four sentences are found, each once
            assert len(one.candidates) == len(set(one.candidates)) >= 4
            assert {PRICE, OPENING, SHUT} <= set(one.candidates)

    def test_questions_are_counted_until_that_stops_it(self, museum: QA, out: Path) -> None:
        told: list[tuple[int, int]] = []
        judged = Question("j", "What do tickets cost?", True, ("five euros",))

        def progress(*done: int) -> None:
            told.append((done[0], done[1]))
            if done == (1, 2):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Review(museum, QuestionSet("drafts", (judged, COST)), out, progress=progress)
        assert (told, out.exists()) == ([(0, 2), (1, 2)], False)

    def test_judged_questions_without_a_doubt_are_taken_over_as_they_are(
        self, start: Start, out: Path
    ) -> None:
        sure = [
            Question("a", COST.text, True, ("five euros",), tags=("plain",), answers=("5",)),
            Question("b", ZEBRA.text, False),
            Question("c", OPEN.text, True, relevant=(("hours", 1),)),
        ]
        review = start(*sure)
        assert review.pending == []
        assert saved(out) == sure
        assert load_questions(out).corpus == fingerprint(CORPUS)

    @pytest.mark.parametrize(
        ("question", "reason"),
        [
            (
                Question("a", ZEBRA.text, True, ("Cats",)),
                "the answer is an abstention, and the set has a quote",
            ),
            (
                Question("a", COST.text, True, ("costs five euros",)),
                "“costs five euros” is not in the corpus; "
                "nearest, in tickets line 1: “cost five euros”",
            ),
            (Question("a", COST.text, True, ("Cats",)), "the first quote is not the gold one"),
            (
                Question("a", COST.text, True, relevant=(("cats", 1),)),
                "the first quote is not the gold one",
            ),
            (
                Question("a", COST.text, True, relevant=(("gone", 1),)),
                "there is no document “gone” in the corpus",
            ),
            (
                Question("a", "?!", False),
                "it cannot be asked: ask a question about the documents, for example about "
                '"Mondays" or "museum"',
            ),
        ],
    )
    def test_a_judged_question_is_asked_with_the_doubt(
        self, start: Start, out: Path, question: Question, reason: str
    ) -> None:
        (one,) = start(question).pending
        assert (one.question, one.reason) == (question, reason)
        assert saved(out) == []

    def test_an_answer_where_the_set_has_none_is_told_with_its_confidence(
        self, start: Start, museum: QA
    ) -> None:
        (one,) = start(Question("a", COST.text, False)).pending
        confidence = museum.ask(COST.text).confidence
        assert one.reason == (
            f"answered with confidence {confidence:.2f}, and the set says that the corpus "
            "does not answer it"
        )

    def test_the_quotes_of_the_set_are_candidates(self, start: Start) -> None:
        (one,) = start(Question("a", COST.text, True, ("not let in", "it are shut"))).pending
        assert one.candidates[0] == PRICE
        assert Excerpt("cats", 9, 19, "not let in") in one.candidates
        assert Excerpt("hours", 37, 47, "it is shut") in one.candidates

    def test_in_an_abstention_what_is_near_comes_first(self, museum: QA, out: Path) -> None:
        answerer = ExtractiveAnswerer(museum.encoder, threshold=1.0, tentative=1.0)
        shut = draft("a", "On Mondays it is shut?")
        review = Review(QA(museum.index, museum.encoder, answerer), QuestionSet("x", (shut,)), out)
        assert review.pending[0].candidates[:2] == (SHUT, OPENING)

    def test_a_quote_that_nothing_is_like_is_no_candidate(self, start: Start) -> None:
        (one,) = start(Question("a", COST.text, True, ("zebra",))).pending
        assert one.reason == "“zebra” is not in the corpus"
        assert len(one.candidates) == 4


class TestDeciding:
    def test_excerpts_become_the_quotes(self, start: Start, out: Path) -> None:
        review = start()
        review.accept(review.pending[1].question, [OPENING, SHUT])
        assert saved(out) == [Question("q2", OPEN.text, True, (OPENING.text, SHUT.text))]
        assert [one.question.id for one in review.pending] == ["q1", "q3"]

    def test_what_was_known_of_another_answer_is_let_go(self, start: Start, out: Path) -> None:
        before = ("Cats",), ("Is it open?",), ("plain",), ("5",)
        known = Question("a", COST.text, True, *before, relevant=(("cats", 1),))
        review = start(known)
        review.accept(known, [PRICE])
        assert saved(out) == [
            Question("a", COST.text, True, (PRICE.text,), ("Is it open?",), ("plain",), ("5",))
        ]
        review.unanswerable(known)
        assert saved(out) == [Question("a", COST.text, False, (), ("Is it open?",), ("plain",))]

    def test_every_decision_is_kept_at_once_in_the_order_of_the_set(
        self, start: Start, out: Path
    ) -> None:
        review = start()
        review.unanswerable(ZEBRA)
        assert [question.id for question in saved(out)] == ["q3"]
        review.accept(COST, [PRICE])
        assert [question.id for question in saved(out)] == ["q1", "q3"]
        assert review.judged == 2

    def test_what_is_skipped_is_asked_the_next_time(self, start: Start, out: Path) -> None:
        review = start()
        review.skip(COST)
        assert saved(out) == []
        assert [one.question for one in review.pending] == [OPEN, ZEBRA]
        assert [one.question for one in start().pending] == [COST, OPEN, ZEBRA]

    def test_what_the_set_says_may_be_kept_if_it_says_something(
        self, start: Start, out: Path
    ) -> None:
        doubtful = Question("a", COST.text, True, ("Cats",))
        review = start(doubtful, COST)
        review.keep(doubtful)
        assert saved(out) == [doubtful]
        with pytest.raises(ValueError, match="nothing to keep"):
            review.keep(COST)

    def test_an_answer_needs_an_excerpt(self, start: Start) -> None:
        with pytest.raises(ValueError, match="without an excerpt"):
            start().accept(COST, [])

    def test_typed_words_are_looked_for_first_where_a_candidate_is(self, start: Start) -> None:
        review = start(COST, OPEN)
        review.pending = [Pending(OPEN, "", (SHUT,)), Pending(COST, "", (PRICE,))]
        assert review.accept_words(OPEN, "Mondays").document_id == "hours"
        assert review.accept_words(COST, "Mondays").document_id == "cats"

    def test_typed_words_are_found_verbatim_or_else_the_nearest(
        self, start: Start, out: Path
    ) -> None:
        review = start()
        assert review.accept_words(COST, " five euros ") == Excerpt("tickets", 13, 23, "five euros")
        assert review.accept_words(COST, "the museem opens at nine") == OPENING_WORDS
        assert review.accept_words(COST, "euro") == Excerpt("tickets", 18, 23, "euros")
        with pytest.raises(QuestionSetError, match="nothing like “zebra” is in the corpus"):
            review.accept_words(COST, "zebra")
        assert saved(out) == []
        assert review.line(SHUT) == 2


class TestGoingOn:
    def test_what_is_judged_is_not_asked_again(self, start: Start, out: Path) -> None:
        start().accept(OPEN, [OPENING])
        review = start()
        assert [one.question.id for one in review.pending] == ["q1", "q3"]
        review.unanswerable(ZEBRA)
        assert [question.id for question in saved(out)] == ["q2", "q3"]

    def test_a_line_put_in_between_shifts_ids_but_not_judgements(
        self, start: Start, out: Path
    ) -> None:
        start().accept(OPEN, [OPENING])
        review = start(COST, draft("q2", "Are cats let in?"), draft("q3", OPEN.text))
        assert [(one.question.id, one.question.text) for one in review.pending] == [
            ("q1", COST.text),
            ("q2-2", "Are cats let in?"),
        ]

    def test_a_question_that_is_asked_twice_is_judged_twice(self, start: Start) -> None:
        start(COST, draft("q2", COST.text)).unanswerable(COST)
        (one,) = start(COST, draft("q2", COST.text)).pending
        assert one.question.text == COST.text
        assert one.question.id == "q2"

    def test_the_name_that_the_set_was_given_stays(self, start: Start, out: Path) -> None:
        save_questions(out, [Question("x", "Why?", False)], name="Museum")
        start().unanswerable(ZEBRA)
        assert load_questions(out).name == "Museum"
        assert [question.id for question in saved(out)] == ["x", "q3"]

    def test_a_set_on_another_corpus_is_not_gone_on_with(self, start: Start, out: Path) -> None:
        save_questions(out, [Question("x", "Why?", False)], corpus="0" * 64)
        before = out.read_bytes()
        with pytest.raises(
            QuestionSetError, match=r"cannot be gone on with: .* for the corpus 0000"
        ):
            start()
        assert out.read_bytes() == before

    @pytest.mark.parametrize("name", ["mine.csv", "no folder/mine.jsonl"])
    def test_a_file_that_cannot_be_made(self, museum: QA, tmp_path: Path, name: str) -> None:
        with pytest.raises(QuestionSetError, match="mine"):
            Review(museum, DRAFTS, tmp_path / name)


class TestInATerminal:
    @staticmethod
    def run(review: Review, *lines: str) -> Result:
        command = click.Command("review", callback=lambda: review_in_terminal(review))
        result = CliRunner().invoke(command, input="".join(f"{line}\n" for line in lines))
        assert result.exception is None, result.output
        return result

    def test_it_shows_the_question_why_it_is_asked_and_what_may_answer(self, start: Start) -> None:
        question = Question("a", "Tickets cost what?", True, ("Cats",), ("Open?",))
        output = self.run(start(question), "q").output
        for shown in (
            "before: Open?",
            "1 of 1: Tickets cost what?",
            "(the first quote is not the gold one)",
            "  1  Tickets cost five euros.\n     tickets, line 1",
            "     hours, line 2",
            "  k  keep what the set says",
        ):
            assert shown in output

    def test_numbers_mark_quotes_and_letters_decide(self, start: Start, out: Path) -> None:
        review = start()
        two = review.pending[1].candidates[:2]
        result = self.run(review, "1", "1, 2", "n")
        assert saved(out) == [
            Question("q1", COST.text, True, (PRICE.text,)),
            Question("q2", OPEN.text, True, (two[0].text, two[1].text)),
            Question("q3", ZEBRA.text, False),
        ]
        assert result.output.endswith(f"3 judged, 0 left; the set has 3 questions: {out}\n")

    def test_it_stops_when_told_to_and_when_the_input_ends(self, start: Start, out: Path) -> None:
        assert "1 judged, 2 left" in self.run(start(), "1", "q").output
        assert "1 judged, 1 left" in self.run(start(), "n").output
        assert [question.id for question in saved(out)] == ["q1", "q2"]

    def test_what_cannot_be_meant_is_asked_again(self, start: Start, out: Path) -> None:
        result = self.run(start(COST), "x", "0", "9", "k", "99999999999", "S")
        assert result.output.count("Type numbers, or one of: n, t, s, q") == 2
        assert result.output.count("Type numbers from 1 to 4") == 3
        assert "0 judged, 0 left" in result.output
        assert saved(out) == []

    def test_what_the_set_says_may_be_kept(self, start: Start, out: Path) -> None:
        doubtful = Question("a", COST.text, True, ("Cats",))
        self.run(start(doubtful), "k")
        assert saved(out) == [doubtful]

    def test_words_may_be_typed(self, start: Start, out: Path) -> None:
        lines = ["t", "five euros", "t", "zebra", "t", "the museem opens at nine", "n"]
        result = self.run(start(COST, OPEN), *lines, "t", "the museem opens at nine", "y")
        assert "nothing like “zebra” is in the corpus" in result.output
        found = "The museum opens at nine\n     hours, line 1\nIs that it? [y/N]: "
        assert result.output.count(found) == 2
        assert [question.quotes for question in saved(out)] == [
            ("five euros",),
            ("The museum opens at nine",),
        ]

    def test_no_text_can_steer_the_terminal(self, museum: QA, out: Path) -> None:
        question = draft("a", "What do \x1b[2J tickets cost?")
        review = Review(museum, QuestionSet("some", (question,)), out)
        steering = Excerpt("tickets", 0, 4, "\x1b]0;x\x07")
        review.pending = [Pending(question, "\x9b2J", (steering,))]
        output = self.run(review, "q").output
        assert "What do \\x1b[2J tickets cost?" in output
        assert not {"\x1b", "\x07", "\x9b"} & set(output)


class TestASetThatIsThere:
    def test_it_is_not_touched_before_anything_is_decided(self, start: Start, out: Path) -> None:
        save_questions(out, [Question("old", "When?", True, ("at nine",))])
        before = out.read_bytes()
        review = start()
        assert out.read_bytes() == before
        review.unanswerable(review.pending[0].question)
        assert saved(out)[0].id == "old"

    def test_one_about_another_corpus_is_refused_and_left_alone(
        self, start: Start, out: Path
    ) -> None:
        save_questions(out, [Question("old", "When?", True, ("at ten",))])
        before = out.read_bytes()
        with pytest.raises(QuestionSetError, match="is about another corpus"):
            start()
        assert out.read_bytes() == before
