from __future__ import annotations

import hashlib

from qa import Document
from qa.bundled import essay_path, questions_path
from qa.evaluation.formats import load_questions
from qa.evaluation.gold import check_corpus
from qa.evaluation.questions import Place, Question, QuestionSet, brief, fingerprint
from qa.loaders import load


def test_places_share_the_characters_that_both_have() -> None:
    place = Place("a", 10, 20)
    assert place.common(Place("a", 15, 30)) == 5
    assert place.common(Place("a", 12, 14)) == 2
    assert place.common(Place("a", 20, 30)) == 0
    assert place.common(Place("b", 10, 20)) == 0


def test_a_set_is_a_sequence_and_a_slice_of_it_is_a_set_on_the_same_corpus() -> None:
    a, b, c = (Question(id_, f"{id_}?", False) for id_ in "abc")
    questions = QuestionSet("letters", (a, b, c), corpus="0" * 64)
    assert len(questions) == 3
    assert list(questions) == [a, b, c]
    assert questions[-1] == c
    assert questions[1:] == QuestionSet("letters", (b, c), corpus="0" * 64)


def test_a_fingerprint_depends_on_the_texts_and_not_on_their_names_or_order() -> None:
    one, two = Document("1", "in 2013"), Document("2", "in 2014")
    assert fingerprint([one, two]) == fingerprint([two, Document("x", "in 2013")])
    assert fingerprint([one, two]) != fingerprint([one])
    digest = hashlib.sha256(b"in 2013").hexdigest()
    assert fingerprint([one]) == hashlib.sha256(f"{digest}\n".encode()).hexdigest()


def test_what_cannot_be_seen_is_shown_as_an_escape() -> None:
    assert brief("in\u00a02013\n“é”\u202e") == "in\\xa02013\\n“é”\\u202e"


def test_a_long_text_is_cut_short() -> None:
    assert brief("abcdefgh", 5) == "abcd…"
    assert brief("abcde", 5) == "abcde"


class TestTheShippedSet:
    questions = load_questions(questions_path())

    def test_every_quote_is_in_the_essay(self) -> None:
        essay = load(essay_path())[0]
        for question in self.questions:
            for quote in question.quotes:
                assert quote in essay.text, question.id

    def test_it_names_the_essay_as_its_corpus(self) -> None:
        assert self.questions.name == "questions"
        assert self.questions.corpus == fingerprint(load(essay_path()))
        assert check_corpus(self.questions, load(essay_path())) is None

    def test_it_has_the_kinds_of_questions_that_it_promises(self) -> None:
        def tagged(tag: str) -> int:
            return sum(tag in question.tags for question in self.questions)

        assert len(self.questions) >= 60
        assert sum(not question.answerable for question in self.questions) >= 12
        assert tagged("near-miss") >= 8
        assert tagged("paraphrase") >= 8
        assert tagged("other-words") >= 6
        assert sum(bool(question.history) for question in self.questions) >= 8

    def test_follow_ups_have_a_history_and_near_misses_no_answer(self) -> None:
        for question in self.questions:
            assert ("follow-up" in question.tags) == bool(question.history), question.id
            assert not ("near-miss" in question.tags and question.answerable), question.id
