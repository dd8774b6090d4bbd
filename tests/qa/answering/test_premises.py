import pytest

from qa.answering.premises import is_denied

AGAINST = "It should not go ahead, despite the opposition from both China and Russia."


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Why does China support the deployment?", AGAINST),
        ("How come smoking is allowed on the balcony?", "Smoking is forbidden everywhere."),
        ("How did the harvest grow?", "The harvest fell by a third."),
    ],
)
def test_a_quote_denies_what_a_question_takes_for_granted(question: str, quote: str) -> None:
    assert is_denied(question, quote)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Does China support the deployment?", AGAINST),
        ("Why does China oppose the deployment?", AGAINST),
        ("Why are pets not allowed?", "The food licence forbids pets."),
        ("Why aren't pets allowed?", "The food licence forbids pets."),
        ("Why do they support it?", "They support it, as the others reject everything."),
        ("When does the museum open?", "It is closed on Mondays."),
    ],
    ids=["asks whether", "the same", "negated", "negated shortly", "both", "takes nothing"],
)
def test_other_quotes_deny_nothing(question: str, quote: str) -> None:
    assert not is_denied(question, quote)
