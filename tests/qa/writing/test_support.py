"""The score of support, and what it is learnt from."""

from __future__ import annotations

import random

import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.damage import DAMAGES, damaged
from benchmarks.support_examples import claim_pairs, everyday_pairs
from benchmarks.support_questions import statement
from qa.writing.support import ENOUGH, SupportScorer, scorer

RULES = "Guests of Anna Holm may use the boat on Mondays before noon, unless the lake is closed."


@pytest.mark.model
def test_statements_that_hold_score_above_close_ones_that_do_not() -> None:
    pairs = random.Random(1).sample(everyday_pairs(apart=True), 160)
    scores = scorer().score([(pair.premise, pair.statement) for pair in pairs])
    assert all(0 <= score <= 1 for score in scores)
    assert roc_auc_score([pair.label == "supported" for pair in pairs], scores) > 0.7


@pytest.mark.model
def test_numbers_may_be_words_or_digits() -> None:
    prices = "A wash costs 2 euros, drying 1.50."
    words, digits, wrong = scorer().score(
        [(prices, f"A wash costs {price} euros.") for price in ("two", "2", "three")]
    )
    assert min(words, digits) > ENOUGH > wrong


@pytest.mark.model
def test_a_score_does_not_depend_on_its_batch() -> None:
    pairs = [
        (RULES, "Guests may use the boat."),
        ("x", "y"),
        (RULES, "z " * 400),
        (RULES * 40, RULES),
    ]
    together = scorer().score(pairs)
    assert together == pytest.approx([scorer().score([pair])[0] for pair in pairs], abs=1e-3)
    assert SupportScorer.load().score([]) == []


def test_documents_kept_apart_are_not_learnt_from() -> None:
    for of in (everyday_pairs, claim_pairs):
        learnt, apart = ({pair.premise for pair in of(apart=each)} for each in (False, True))
        assert len(apart) > len(learnt) / 5
        assert not learnt & apart


def test_a_premise_stands_under_its_headings() -> None:
    premises = [pair.premise for pair in everyday_pairs(apart=True)]
    assert sum(" > " in premise.split("\n")[0] for premise in premises) > len(premises) / 4
    assert not any("**" in premise for premise in premises)


@pytest.mark.parametrize("kind", DAMAGES)
def test_each_damage_changes_a_statement(kind: str) -> None:
    said = (
        "Guests of Anna Holm may all use 2 boats before noon in Bern, which is open to the public."
    )
    changed = DAMAGES[kind](said, f"Otto Berg and {said}", random.Random(2))
    assert changed
    assert changed != said


def test_what_has_no_place_for_damage_stays() -> None:
    assert damaged("Yes", "Yes", random.Random(1), {}) is None


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("how many seats does the bus have", "49", "the bus have 49 seats"),
        ("When did the war end?", "in 1918", "the war end in 1918"),
        ("who wrote Hamlet", "Shakespeare", "Shakespeare wrote Hamlet"),
        ("What is the capital of France?", "Paris", "Paris is the capital of France"),
        ("and where can I park", "behind the barn", "I can park behind the barn"),
        ("where is the key", "under the mat", "the key is under the mat"),
        ("maximum weight", "90 kg", "maximum weight: 90 kg"),
        ("Is it open?", "yes", None),
        ("why is it shut", "snow", None),
    ],
)
def test_questions_become_statements(question: str, answer: str, said: str | None) -> None:
    assert statement(question, answer) == said
