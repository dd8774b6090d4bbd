from __future__ import annotations

import pytest

from qa.follow_ups.dependence import Dependence, dependence, points_outside

STANDS_ALONE = """
When was the Belt and Road Initiative proposed?
When Putin visited China, what did he say?
Why do companies sell their stock?
How did China change its policy?
were shakespeare's plays popular when he was alive
What is the proposal that Xi made at Davos?
What did Trump say he would do?
Is there a legal definition of “major powers”?
What do item and unit prices itemise?
What is it called when the sun goes behind the moon?
How long does it take to build a house?
What is throat cancer?
What is an atom?
Tell me about lung cancer.
Who opposes the deployment of THAAD in South Korea?
Thanks!
is there a toilet
is there parking
Are there any hotels nearby?
""".strip().splitlines()

LEANS = """
Who proposed it?
And what is its core idea?
What about Russia?
And Russia?
Why?
Since when?
By whom?
In what year?
Is that so?
What did he say about China in public?
How many countries have embraced it?
Which is older?
How about the other one?
and his brother?
What are its symptoms?
Can it spread to the throat?
Is it similar to rugby?
Where does this concept come from?
Is that negotiable for China?
How many people live there?
What happened next?
What else did she do?
Which one is cheaper?
What is the difference between them?
Why did the company decide to sell it?
Tell me more.
Can you give me an example?
Until 1987, what did they want?
OK, why?
How can I create one?
What is the process of applying for it?
They sound similar in function.
""".strip().splitlines()

MAY_LEAN = """
What was the reaction?
What are the symptoms?
Does the treaty still apply?
Is there evidence?
Is there something?
What other architectural styles were nearby?
The treaty mentions another port, does this matter?
So what is the capital of France?
I meant the downtown of San Francisco.
The west branch
Good treaty
Warum?
""".strip().splitlines()


@pytest.mark.parametrize("question", STANDS_ALONE)
def test_a_question_that_says_all_stands_alone(question: str) -> None:
    assert dependence(question) is Dependence.STANDALONE


@pytest.mark.parametrize("question", LEANS)
def test_a_question_that_points_back_leans(question: str) -> None:
    assert dependence(question) is Dependence.DEPENDENT


@pytest.mark.parametrize("question", MAY_LEAN)
def test_a_question_that_may_do_either_is_in_doubt(question: str) -> None:
    assert dependence(question) is Dependence.AMBIGUOUS


@pytest.mark.parametrize("question", ["他什么时候出生？", "Когда он родился?", "מתי הוא נולד?"])
def test_the_rules_keep_out_of_other_scripts(question: str) -> None:
    assert dependence(question) is Dependence.STANDALONE


def test_a_word_of_another_language_is_no_pronoun() -> None:
    assert points_outside("¿Por qué he llegado tarde?") is None


@pytest.mark.parametrize(
    "question", ["how much is it for turtles", "How long does it take from the station?"]
)
def test_an_it_that_points_ahead_is_no_pronoun(question: str) -> None:
    assert points_outside(question) is None


def test_the_pronoun_is_found_that_points_outside() -> None:
    question = "Is it true that she wrote it?"
    span = points_outside(question)
    assert span is not None
    assert question[span.start : span.end] == "she"


def test_a_long_question_brings_along_what_it_speaks_of() -> None:
    assert (
        dependence("Why did he say so? " + "This is what the letter says. " * 20)
        is Dependence.STANDALONE
    )
