from __future__ import annotations

import time

import pytest

from qa.follow_ups.requests import (
    OverviewRequest,
    asks_for_more,
    overview_request,
    subject_of,
    topic_of,
)

DOCUMENTS = ["tenancy-agreement.docx", "essay.txt"]


class TestAnOverview:
    @pytest.mark.parametrize(
        ("question", "sentences"),
        [
            ("What is this about?", None),
            ("what's the document about", None),
            ("What is this document all about?", None),
            ("Summarize", None),
            ("Please summarise this text briefly.", None),
            ("Can you give me a short summary?", None),
            ("tl;dr", None),
            ("TLDR", None),
            ("main argument?", None),
            ("What is the author's main argument?", None),
            ("3 key takeaways", 3),
            ("Summarize this in two sentences", 2),
            ("What are the key points?", None),
        ],
    )
    def test_is_asked_for_in_many_words(self, question: str, sentences: int | None) -> None:
        assert overview_request(question) == OverviewRequest(sentences)

    @pytest.mark.parametrize(
        "question",
        [
            "What is the main argument against THAAD?",
            "What is the key?",
            "Who wrote this?",
            "What is the main idea behind the Belt and Road?",
            "What are the points?",
            "x" * 100_000,
        ],
    )
    def test_is_not_asked_for_by_a_question_of_its_own(self, question: str) -> None:
        assert overview_request(question) is None

    def test_may_be_of_one_document_that_is_named(self) -> None:
        asked = overview_request("Summarize the tenancy agreement")
        assert asked
        assert asked.asks_for(DOCUMENTS) == DOCUMENTS[:1]
        other = overview_request("What was he worried about?")
        assert other is None or other.asks_for(DOCUMENTS) == []

    def test_is_of_the_only_document_if_that_is_called_by_its_kind(self) -> None:
        asked = overview_request("What is this contract about?")
        assert asked
        assert asked.asks_for(DOCUMENTS[:1]) == DOCUMENTS[:1]
        assert asked.asks_for(DOCUMENTS) == []

    def test_is_not_asked_for_where_it_speaks_of_what_came_before(self) -> None:
        assert overview_request("What is it about?", follows=False)
        assert not overview_request("What is it about?", follows=True)
        assert not overview_request("What is its core idea?", follows=True)
        assert overview_request("What is this about?", follows=True)


@pytest.mark.parametrize(
    "question",
    ["Tell me more", "tell me more about it.", "More?", "What else?", "Anything else?", "Go on!"],
)
def test_more_is_asked_for(question: str) -> None:
    assert asks_for_more(question)


@pytest.mark.parametrize("question", ["Tell me more about China", "What else did she do?", "And?"])
def test_what_names_something_else_is_no_request_for_more(question: str) -> None:
    assert not asks_for_more(question)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("deposit", "deposit"),
        ("late returns", "late returns"),
        ("THAAD?", "THAAD"),
        ("Tell me about the deposit.", "the deposit"),
        ("What about Germany's?", "Germany"),
        ("And what about populism?", "populism"),
        ("what does it say about keys", "keys"),
    ],
)
def test_a_topic_is_a_word_a_name_or_a_thing(question: str, topic: str) -> None:
    assert topic_of(question) == subject_of(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "Who opposes THAAD?",
        "And Russia?",
        "What about it?",
        "What about the other one?",
        "in 1950",
        "1950",
        "memory use of very large files",
        "Thanks!",
        "How about that?",
        "灯塔建于哪一年?",
    ],
)
def test_what_asks_something_or_points_back_has_no_topic(question: str) -> None:
    assert topic_of(question) == ""


def test_and_russia_names_a_subject() -> None:
    assert subject_of("And Russia?") == "Russia"
    assert subject_of("And in 1950?") == ""


@pytest.mark.parametrize("text", ["and " * 50_000, "tell me about " * 10_000, "?!" * 100_000])
def test_any_text_is_read_at_once(text: str) -> None:
    started = time.perf_counter()
    for cut in (text, text[:200], text[:199]):
        overview_request(cut), asks_for_more(cut), topic_of(cut), subject_of(cut)
    assert time.perf_counter() - started < 1
