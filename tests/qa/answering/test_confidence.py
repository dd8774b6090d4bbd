from __future__ import annotations

import numpy as np

from qa.answering.candidates import candidates
from qa.answering.confidence import CONFIDENCE_FEATURES, confidence, confidence_features
from qa.answering.late_interaction import Reading
from tests.qa.answering.test_candidates import WEIGHTS, passage, scored


def test_even_odds_are_a_half() -> None:
    assert confidence({"maxsim_idf": 0.5}, {"intercept": -1.0, "maxsim_idf": 2.0}) == 0.5


def test_questions_that_seldom_have_an_answer_lower_it() -> None:
    features, weights = {"maxsim_idf": 0.5}, {"intercept": -1.0, "maxsim_idf": 2.0}
    assert confidence(features, weights, answerable=0.5) == 0.3  # even odds, and not 7 to 3


def test_it_is_never_out_of_bounds() -> None:
    assert confidence({"maxsim_idf": 1.0}, {"intercept": 0.0, "maxsim_idf": 600.0}) == 1
    assert confidence({"maxsim_idf": 1.0}, {"intercept": 0.0, "maxsim_idf": -600.0}) == 0


def test_an_answer_shows_better_signs_than_what_is_merely_near() -> None:
    passages = [passage("The tower closed in May after a fire. Cats are not let in.")]

    def found(question: str) -> dict[str, float]:
        return confidence_features(candidates(scored(passages, question), WEIGHTS))

    good, bad = found("When did the tower close in May?"), found("Who painted the tower green?")
    assert set(good) == set(CONFIDENCE_FEATURES)
    assert good["maxsim_mean"] > bad["maxsim_mean"]
    assert good["cosine"] > bad["cosine"]


def test_the_reader_counts_wherever_it_finds_something() -> None:
    passages = [passage("The tower closed last week. Cats are not let in.")]
    given = scored(passages, "When did the tower close?")
    read = [given[0]._replace(reading=Reading(np.array([-3, 2], np.float32)))]
    assert confidence_features(candidates(read, WEIGHTS))["reader_logit"] == 2
