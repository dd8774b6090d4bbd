from __future__ import annotations

import pytest

from qa.answering.extractive import asks_for_several


@pytest.mark.parametrize(
    "question",
    [
        "Why did it fail?",
        "What are the benefits?",
        "List the causes.",
        "How does A differ from B?",
        "Which two countries agreed?",
        "What are the ingredients?",
        "what documents do I need",
        "What should I bring?",
        "which side effects does it have",
        "what goes into the grade",
    ],
)
def test_some_questions_ask_for_several_things(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question",
    [
        "When was it?",
        "Who is he?",
        "Is it so?",
        "What is love?",
        "What does it mean?",
        "What happens then?",
        "What was its address?",
        "What do tickets cost?",
    ],
)
def test_others_ask_for_one(question: str) -> None:
    assert not asks_for_several(question)
