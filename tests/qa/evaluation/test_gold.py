from __future__ import annotations

from typing import Any

import pytest

from qa import Document
from qa.errors import QuestionSetError
from qa.evaluation.gold import Gold, check_corpus, locate
from qa.evaluation.questions import Place, Question, QuestionSet, fingerprint

PRICES = Document("prices.md", "Tickets cost five euros.\nFive euros is not much.\n")
HOURS = Document("hours", "The museum opens at nine.")
CORPUS = [PRICES, HOURS]
# In PRICES, "five euros" is [13, 23), "Five euros" [25, 35), and in HOURS "at nine" is [17, 24).


def asked(**known: Any) -> Question:
    return Question("a", "Which?", True, **known)


def gold(question: Question, corpus: list[Document] = CORPUS) -> Gold:
    return locate([question], corpus)["a"]


def faults(*questions: Question, corpus: list[Document] = CORPUS) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        locate(questions, corpus)
    return caught.value.faults


class TestQuotes:
    def test_a_quote_is_a_part_wherever_it_stands(self) -> None:
        documents = [Document("1", "in 2013, and in 2013"), Document("2", "No. But in 2013.")]
        assert gold(asked(quotes=("in 2013", "But")), documents) == Gold(
            (
                (Place("1", 0, 7), Place("1", 13, 20), Place("2", 8, 15)),
                (Place("2", 4, 7),),
            )
        )

    def test_its_places_do_not_overlap_and_are_found_from_the_left(self) -> None:
        assert gold(asked(quotes=("aba",)), [Document("1", "ababa aba")]).parts == (
            (Place("1", 0, 3), Place("1", 6, 9)),
        )

    def test_of_its_places_those_count_that_the_question_names(self) -> None:
        documents = [Document("1", "in 2013, and in 2013")]
        meant = asked(quotes=("in 2013",), places=((Place("1", 15, 17),),))
        assert gold(meant, documents).parts == ((Place("1", 13, 20),),)
        elsewhere = asked(quotes=("in 2013",), places=((Place("zz", 15, 17),),))
        assert gold(elsewhere, documents).parts == ((Place("1", 0, 7), Place("1", 13, 20)),)

    def test_a_quote_that_is_nowhere_is_shown_with_what_is_nearest(self) -> None:
        missing = Question("q7", "How much?", True, quotes=("Five euros isn't much", "five euros"))
        assert faults(missing) == (
            "q7: “Five euros isn't much” is not in the corpus; "
            "nearest, in prices.md line 2: “Five euros is not much”",
        )

    def test_what_differs_by_white_space_alone_can_be_seen(self) -> None:
        assert faults(asked(quotes=("euros. Five euros",))) == (
            "a: “euros. Five euros” is not in the corpus; "
            "nearest, in prices.md line 1: “euros.\\nFive euros”",
        )

    def test_all_quotes_that_are_nowhere_are_named(self) -> None:
        questions = [Question(f"q{n}", "?", True, quotes=(f"{n} zebras", "at")) for n in range(30)]
        with pytest.raises(QuestionSetError) as caught:
            locate(questions, [HOURS])
        assert str(caught.value).startswith("30 answers of the question set are not in the corpus:")
        assert str(caught.value).endswith("q29: “29 zebras” is not in the corpus")
        assert caught.value.faults[29] == "q29: “29 zebras” is not in the corpus"


class TestPlaces:
    def test_places_are_the_parts(self) -> None:
        places = ((Place("prices.md", 13, 23), Place("prices.md", 25, 35)), (Place("hours", 0, 3),))
        assert gold(asked(places=places)) == Gold(places)

    def test_a_document_is_found_without_its_suffix(self) -> None:
        corpus = [PRICES, Document("in/depth.v2.txt", "Cats are not let in.")]
        assert gold(asked(places=((Place("prices", 13, 23),),)), corpus).parts == (
            (Place("prices.md", 13, 23),),
        )
        for name in ("in/depth.v2", "depth.v2"):
            assert gold(asked(places=((Place(name, 0, 4),),)), corpus).parts == (
                (Place("in/depth.v2.txt", 0, 4),),
            )

    def test_but_not_where_two_are_meant(self) -> None:
        two = [PRICES, Document("prices.txt", "Tickets cost five euros.")]
        assert faults(asked(places=((Place("prices", 0, 4),),)), corpus=two) == (
            "a: there is no document “prices” in the corpus",
        )

    def test_with_usable_places_no_document_counts(self) -> None:
        both = asked(places=((Place("hours", 0, 3),),), relevant=(("hours", 1),))
        assert gold(both) == Gold(((Place("hours", 0, 3),),))

    @pytest.mark.parametrize("place", [Place("zz", 0, 3), Place("hours", 20, 26)])
    def test_with_places_that_are_not_in_the_corpus_documents_count(self, place: Place) -> None:
        both = asked(places=((Place("hours", 0, 3),), (place,)), relevant=(("hours", 1),))
        assert gold(both) == Gold((), {"hours": 1})

    def test_what_is_in_no_document_is_a_fault(self) -> None:
        assert faults(
            asked(places=((Place("hours", 20, 26),),)),
            Question("b", "?", True, places=((Place("zz", 0, 1),),), relevant=(("hours#1", 1),)),
        ) == (
            "a: [20, 26) is not a span of “hours”, which has 25 characters",
            "b: there is no document “zz” in the corpus",
        )


class TestDocuments:
    def test_documents_count_with_their_grades(self) -> None:
        judged = asked(relevant=(("hours", 2), ("prices", 0), ("gone", 0)))
        assert gold(judged) == Gold((), {"hours": 2, "prices.md": 0})

    def test_a_relevant_document_that_is_missing_is_a_fault(self) -> None:
        assert faults(asked(relevant=(("hours", 2), ("gone", 1)))) == (
            "a: there is no document “gone” in the corpus",
        )

    def test_short_answers_in_relevant_documents_are_the_part(self) -> None:
        judged = asked(answers=("five euros", "nine"), relevant=(("prices.md", 1), ("hours", 0)))
        assert gold(judged) == Gold(((Place("prices.md", 13, 23),),), {"prices.md": 1, "hours": 0})

    def test_an_answer_in_other_case_is_found_if_none_is_as_it_is(self) -> None:
        judged = asked(answers=("FIVE EUROS", "much"), relevant=(("prices.md", 1),))
        # The first stands in either case, at 13 and 25; the second is in "not much", at 43.
        assert gold(judged).parts == (
            (
                Place("prices.md", 13, 23),
                Place("prices.md", 25, 35),
                Place("prices.md", 43, 47),
            ),
        )

    def test_a_letter_that_is_two_in_lower_case_moves_nothing(self) -> None:
        document = Document("d", "İİİ the ART")
        judged = asked(answers=("art",), relevant=(("d", 1),))
        assert gold(judged, [document]).parts == ((Place("d", 8, 11),),)

    def test_an_answer_is_not_found_within_a_word(self) -> None:
        document = Document("d", "A party of artists; $3 art, and art3.")
        judged = asked(answers=("art", "$3"), relevant=(("d", 1),))
        assert gold(judged, [document]).parts == ((Place("d", 23, 26), Place("d", 20, 22)),)

    def test_answers_that_are_nowhere_give_no_part(self) -> None:
        assert gold(asked(answers=("zebra",), relevant=(("hours", 1),))) == Gold((), {"hours": 1})

    def test_of_very_many_places_the_first_fifty_serve(self) -> None:
        judged = asked(answers=("x", "x", "y"), relevant=(("d", 1),))
        ((*places,),) = gold(judged, [Document("d", "x " * 45 + "y " * 45)]).parts
        assert len(places) == 50
        assert places[44:46] == [Place("d", 88, 89), Place("d", 90, 91)]


def test_an_unanswerable_question_has_no_gold() -> None:
    assert locate([Question("a", "?", False, relevant=(("gone", 0),))], CORPUS) == {"a": Gold()}


def test_a_set_says_if_it_was_made_for_another_corpus() -> None:
    questions = (Question("a", "?", False),)
    assert check_corpus(QuestionSet("mine", questions), CORPUS) is None
    assert check_corpus(QuestionSet("mine", questions, fingerprint(CORPUS)), CORPUS[::-1]) is None
    told = check_corpus(QuestionSet("mine", questions, fingerprint([HOURS])), CORPUS)
    assert told == (
        f"mine was made for the corpus {fingerprint([HOURS])[:12]}, and this is "
        f"{fingerprint(CORPUS)[:12]}: what answers a question may have changed"
    )
