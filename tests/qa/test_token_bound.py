from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import Encoder
from qa.token_bound import TokenBound
from tests.fakes import FakeEncoder, documents_of_any_kind


class Asked(FakeEncoder):
    """Lists the texts whose tokens it counted; each has two special ones."""

    def __init__(self) -> None:
        super().__init__(max_tokens=40)
        self.counted: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self.counted += texts
        return [count + 2 for count in super().count_tokens(texts)]


def test_a_word_counts_for_its_bytes_until_its_tokens_are_known() -> None:
    bound = TokenBound(Asked())
    assert bound.of("unknowable für") == 11 + 5
    bound.learn("unknowable für")
    assert bound.of("unknowable für") == 3 + 1
    assert bound.of("für words") == 1 + 6


def test_each_word_is_counted_once() -> None:
    encoder = Asked()
    bound = TokenBound(encoder)
    for _ in range(3):
        bound.learn("a word\nand a word")
    assert sorted(encoder.counted) == ["", " a", " and", " word"]


def test_an_eighth_of_what_the_encoder_reads_is_left_for_other_tokenizers() -> None:
    bound = TokenBound(Asked())
    assert bound.allows(35)
    assert not bound.allows(36)


def test_words_are_forgotten_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.token_bound._MOST", 3)
    bound = TokenBound(Asked())
    for word in ("unknowable", "forgettable", "memorable"):
        bound.learn(word)
    assert [bound.of(word) for word in ("unknowable", "memorable")] == [11, 3]


@pytest.mark.model
@given(text=documents_of_any_kind(), known=st.booleans())
def test_no_text_has_more_tokens_than_its_words(
    real_encoder: Encoder, text: str, known: bool
) -> None:
    bound = TokenBound(real_encoder)
    if known:
        bound.learn(text)
    special, count = real_encoder.count_tokens(["", text])
    assert count - special <= bound.of(text)
