from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from qa.asking.common_words import CommonWords
from qa.asking.spelling import Spelling
from qa.documents import Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

TEXT = """The library lends tools. It has recommendations for beginners, and a rental contract.

Monthly passes are cheap. Ring Mrs Ashdell about a common decision. The insurer pays. Rebels came.
"""

Spell = Callable[..., Spelling]


@pytest.fixture
def spelling_of(tmp_path: Path) -> Iterator[Spell]:
    with ExitStack() as opened:

        def made(*texts: str) -> Spelling:
            encoder = FakeEncoder()
            documents = [Document(f"{n}.txt", text) for n, text in enumerate(texts)]
            update_index(tmp_path / "index", documents, encoder=encoder)
            index = Index.open(tmp_path / "index")
            opened.callback(index.close)
            return Spelling(index, CommonWords(encoder))

        yield made


@pytest.fixture
def spelling(spelling_of: Spell) -> Spelling:
    return spelling_of(TEXT)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what is in the libary?", "what is in the library?"),
        ("recomendations please", "recommendations please"),
        ("the comon decison", "the common decision"),
        ("some recommnedations", "some recommendations"),
        ("the price of a montly pass", "the price of a monthly pass"),
        ("who is Ahsdell?", "who is Ashdell?"),
        ("what is in the Libary", "what is in the Library"),
        ("what is said aboutt tools", "what is said about tools"),
        ("where is the rentalcontract", "where is the rental contract"),
        ("the (libary), libary's", "the (library), library's"),
    ],
)
def test_a_typing_mistake_is_read_as_the_nearest_word(
    spelling: Spelling, typed: str, meant: str
) -> None:
    assert spelling.corrected(typed) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Is there a library with recommendations?",
        "who pays the deposit?",  # a right word that the documents do not have
        "is anybody insured?",  # "insurer" is another form, with another meaning
        "who repels them?",  # and "rebels" another word
        'what does "libary" mean?',
        "what does --libary do in libary.txt and LIBARY2?",
        "is LIBARY short for something?",
        "Wo ist die libary und was ist das?",
        "",
    ],
)
def test_what_may_be_right_is_left_alone(spelling: Spelling, question: str) -> None:
    assert spelling.corrected(question) == question


def test_of_two_words_that_are_as_near_the_frequent_one_is_taken(spelling_of: Spell) -> None:
    texts = ["The stable burned.", "A staple was there.", "Every staple.", "One staple."]
    assert spelling_of(*texts).corrected("stapple") == "staple"
    assert spelling_of(*texts).corrected("the sta ple") == "the sta ple"


def test_swapped_letters_are_nearer_than_a_wrong_one(spelling_of: Spell) -> None:
    assert spelling_of("Candles.", "A candle.", "You may cancel it.").corrected("cancle it") == (
        "cancel it"
    )


def test_a_question_of_unknown_words_alone_is_left_alone(spelling: Spelling) -> None:
    question = "libary " * 9
    assert spelling.corrected(question) == question
