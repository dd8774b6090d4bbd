from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import QuestionError
from qa.follow_ups.dependence import Dependence
from qa.follow_ups.rewriting import Rewriting, rewrite

WHEN = "When was the Belt and Road Initiative proposed?"


def read(*questions: str) -> str:
    """Read the last of some questions."""
    return rewrite(questions[-1], questions[:-1]).query


class TestPronouns:
    @pytest.mark.parametrize(
        ("before", "question", "query"),
        [
            (WHEN, "Who proposed it?", "Who proposed the Belt and Road Initiative?"),
            (
                WHEN,
                "And what is its core idea?",
                "What is the Belt and Road Initiative's core idea?",
            ),
            ("Who is Dr. Kissinger?", "When was he born?", "When was Dr. Kissinger born?"),
            ("Who is Dr. Kissinger?", "and his brother?", "Dr. Kissinger's brother?"),
            ("Where did the Chagos live?", "Who hurt them?", "Who hurt the Chagos?"),
            ("What is throat cancer?", "Is it treatable?", "Is throat cancer treatable?"),
            ("Where was Marie Curie born?", "Who met her first?", "Who met Marie Curie first?"),
            ("Where was Curie born?", "What was her last book?", "What was Curie's last book?"),
            ("Who were the Beatles?", "Where is their home?", "Where is the Beatles' home?"),
        ],
    )
    def test_what_a_pronoun_stands_for_takes_its_place(
        self, before: str, question: str, query: str
    ) -> None:
        assert read(before, question) == query

    def test_where_it_may_stand_for_several_they_are_put_in_brackets(self) -> None:
        before = "What did President Trump say about the one-China policy?"
        assert read(before, "Is it negotiable?") == (
            "Is it negotiable? (President Trump say about the one-China policy)"
        )

    def test_it_is_not_a_person(self) -> None:
        assert read("Who is Marie Curie?", "Where is it?") == "Where is it? (Marie Curie)"

    def test_it_goes_on_standing_for_the_same(self) -> None:
        told = ["Who is Dr. Kissinger?", "What did he say about China in public?"]
        assert read(*told, "When was he born?") == "When was Dr. Kissinger born?"

    def test_it_is_not_what_he_stood_for(self) -> None:
        told = ["Who is Dr. Kissinger?", "What did he say about China?"]
        assert read(*told, "Where is it?") == "Where is China?"
        assert read("Where is Rome?", "Is it walled?", "Was he happy?") == (
            "Was he happy? (Rome walled)"
        )

    def test_what_was_named_in_brackets_alone_is_not_enough(self) -> None:
        told = ["When did the Byzantine Empire fall?", "What was the capital?"]
        assert read(*told, "Who built it?") == (
            "Who built it? (the capital, the Byzantine Empire fall)"
        )

    def test_a_new_subject_takes_over(self) -> None:
        told = ["What is throat cancer?", "Is it treatable?", "Tell me about lung cancer."]
        assert read(*told, "What are its symptoms?") == "What are lung cancer's symptoms?"


class TestEllipsis:
    @pytest.mark.parametrize(
        ("before", "question", "query"),
        [
            ("Why does China oppose THAAD?", "And Russia?", "Why does Russia oppose THAAD?"),
            (
                "How many people lived in Rome in 1900?",
                "and in 1950?",
                "How many people lived in Rome in 1950?",
            ),
            (
                "How many people lived in Rome in 1900?",
                "What about Paris?",
                "How many people lived in Paris in 1900?",
            ),
            ("What is throat cancer?", "How about lung cancer?", "What is lung cancer?"),
        ],
    )
    def test_a_thing_takes_the_place_of_its_like(
        self, before: str, question: str, query: str
    ) -> None:
        assert read(before, question) == query

    @pytest.mark.parametrize(
        "question", ["And Japan?", "And THAAD?", "What about the other one?", "And his?"]
    )
    def test_without_one_like_it_it_is_put_in_brackets(self, question: str) -> None:
        before = "Why does China oppose THAAD in Korea?"
        assert read(before, question) == f"{question} (China oppose THAAD in Korea)"

    def test_half_a_question_is_not_asked_again(self) -> None:
        told = ["What is the GDP of France?", "What about its population?"]
        assert read(*told, "And Germany's?") == "And Germany's? (the GDP of France's population)"

    @pytest.mark.parametrize(
        ("before", "question", "query"),
        [
            (WHEN, "Why?", "Why was the Belt and Road Initiative proposed?"),
            ("Is it an alliance of Rome?", "why?", "Why is it an alliance of Rome?"),
            ("What did Obama study?", "And where?", "Where did Obama study?"),
            ("Where was Dr. Kissinger born?", "When?", "When was Dr. Kissinger born?"),
            ("Who opposes THAAD?", "Why?", "Why? (opposes THAAD)"),
        ],
    )
    def test_a_bare_question_word_asks_the_question_before_it(
        self, before: str, question: str, query: str
    ) -> None:
        assert read(before, question) == query


class TestChains:
    def test_a_chain_goes_back_to_where_it_began(self) -> None:
        told = ["Compare Python and Rust.", "Which is faster?", "Which one should I learn first?"]
        assert read(*told, "And why so?") == "And why so? (learn, Python and Rust)"

    def test_a_question_that_surely_leans_leans_on_the_last_that_stands_alone(self) -> None:
        assert read("Who built Rome?", "Why does China oppose THAAD?", "Is this new?") == (
            "Is this new? (China oppose THAAD)"
        )

    def test_one_in_doubt_may_lean_on_the_one_before_that_as_well(self) -> None:
        rewriting = rewrite("What is the cost?", ["Who built Rome?", "Why does China fear THAAD?"])
        assert rewriting.is_ambiguous
        assert rewriting.context == "China fear THAAD, built Rome"

    def test_one_in_doubt_is_noted_by_name_alone(self) -> None:
        assert rewrite("What is the cost?", [WHEN]).context == "the Belt and Road Initiative"
        assert rewrite("Is this new?", [WHEN]).context == "the Belt and Road Initiative proposed"

    def test_a_note_does_not_say_the_same_thing_twice(self) -> None:
        told = [WHEN, "What is its core?", "What is the cost?"]
        assert rewrite(told[-1], told[:-1]).context == "the Belt and Road Initiative's core"

    def test_a_note_is_short_however_much_was_said(self) -> None:
        words = " ".join(letter * 5 for letter in "abcdefghijklmnop")
        told = [f"Why did Rome {words} {number}?" for number in range(8)]
        rewriting = rewrite("What is the reaction?", told)
        assert rewriting.query.startswith("What is the reaction? (Rome aaaaa bbbbb")
        assert len(rewriting.context.split()) == 10

    def test_only_the_last_few_questions_are_looked_at(self) -> None:
        told = [f"Who is Emperor {name}?" for name in "ABCDEFGHIJ"]
        assert "Emperor J" in read(*told, "When was he born?")
        assert read("Who is Nero?", *["Does Rome have gold?"] * 8, "Is he old?") == ("Is Rome old?")

    def test_what_is_further_back_is_not_even_looked_at(self) -> None:
        history = ["Who is Nero?", 7, *["Thanks!"] * 8]
        assert rewrite("Is he old?", history).query == "Is he old?"  # type: ignore[arg-type]

    def test_what_is_no_question_is_passed_over(self) -> None:
        assert read("Who is Nero?", "Thanks!", "", " ", "Is he old?") == "Is Nero old?"


class TestANewSubject:
    def test_is_what_the_next_pronoun_stands_for(self) -> None:
        told = [WHEN, "And what about populism?"]
        assert read(*told, "Who opposes it?") == "Who opposes populism?"
        assert read(*told, "Who opposes it?", "Tell me more", "Is it new?") == "Is populism new?"
        assert read("deposit", "When is it due?") == "When is deposit due?"

    def test_is_not_what_a_pronoun_beside_it_stands_for(self) -> None:
        told = ["What is SSML?", "What about elements?"]
        assert read(*told, "What elements does it support?").startswith(
            "What elements does it support? ("
        )

    def test_is_told(self) -> None:
        assert rewrite("And populism?", [WHEN]).subject == "populism"
        assert rewrite("Who proposed it?", [WHEN]).subject == ""

    @pytest.mark.parametrize("question", ["And what is sold in the shop?", "The west branch"])
    def test_what_says_something_by_itself_may_stand_alone(self, question: str) -> None:
        assert rewrite(question, [WHEN]).may_stand_alone

    @pytest.mark.parametrize("question", ["Why?", "Which one is cheaper?", "Who proposed it?"])
    def test_what_points_back_may_not(self, question: str) -> None:
        assert not rewrite(question, [WHEN]).may_stand_alone


def test_a_question_that_stands_alone_is_left_as_it_is() -> None:
    question = " When Putin visited  China, what did he say? "
    rewriting = rewrite(question, [WHEN])
    assert rewriting == Rewriting(question, question)
    assert not rewriting.is_ambiguous


@pytest.mark.parametrize("history", [[], (), ["", " ", "?!"], ["Why?"], ["And then?"]])
def test_without_anything_to_lean_on_a_question_is_left_as_it_is(history: list[str]) -> None:
    assert rewrite("Why so?", history) == Rewriting("Why so?", "Why so?")


def test_what_was_done_is_told() -> None:
    rewriting = rewrite("Who proposed it?", [WHEN])
    assert rewriting.question == "Who proposed it?"
    assert rewriting.context == "the Belt and Road Initiative"
    assert rewriting.dependence is Dependence.DEPENDENT
    with pytest.raises(FrozenInstanceError):
        rewriting.query = "Who?"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (WHEN, "not a list"),
        (None, "not a list"),
        ({WHEN}, "not a list"),
        ([WHEN, 7], "of type int"),
    ],
)
def test_a_history_that_is_no_list_of_texts_is_refused(history: object, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        rewrite("Why?", history)  # type: ignore[arg-type]


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_anything_can_be_read(question: str, history: list[str]) -> None:
    rewriting = rewrite(question, history)
    assert rewriting.question == question
    assert rewriting == rewrite(question, history)
    assert (rewriting.query == question) == (rewriting.context == "")


@pytest.mark.parametrize(
    "long", ["and " * 50_000, "it " * 50_000, "a" * 200_000, "A. " * 50_000, "is it " * 40_000]
)
def test_a_huge_history_is_read_in_part(long: str) -> None:
    assert len(read(*[long] * 1_000, "Why is it so?")) < 1_000
