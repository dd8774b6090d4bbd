from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from qa.asking.small_talk import is_small_talk, is_typed_at_random, topics
from qa.documents import Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder


@pytest.mark.parametrize(
    "text",
    ["hi", "Hello there!", "thanks a lot", "Hi, what can you do?", "HELP", "ok bye", "???", "🙂"],
)
def test_small_talk_is_told(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "Who says hi?",
        "thanks to whom was it built?",
        "help with the rent",
        "hi " * 50,
        "test results",
    ],
)
def test_a_question_is_no_small_talk(text: str) -> None:
    assert not is_small_talk(text)


@pytest.mark.parametrize("word", ["asdf", "qwertz".replace("z", "y"), "xxxx", "hahaha", "sdkfjh"])
def test_keys_hit_at_random_are_told(word: str) -> None:
    assert is_typed_at_random(word)


@pytest.mark.parametrize("word", ["landlady", "wifi", "Zelenskyy"])
def test_an_unknown_word_is_not_random(word: str) -> None:
    assert not is_typed_at_random(word)


def test_topics_are_the_names_that_a_document_has_most_often(tmp_path: Path) -> None:
    text = "The Elm Society met. The Elm Society has gardens, gardens and Elm Street."
    update_index(tmp_path / "index", [Document("a", text)], encoder=FakeEncoder())
    with closing(Index.open(tmp_path / "index")) as index:
        assert topics(index) == ["Elm Society", "gardens"]
        assert topics(index, ["other"]) == []
