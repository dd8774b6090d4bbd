from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from embeddings import Tokens
from qa import Document, Passage
from qa.answering.late_interaction import Match, Matcher
from qa.documents import Span
from qa.text.sentences import split_sentences
from tests.fakes import FakeEncoder

TOWER = "The tower has steps. It was closed in May. The café sells soup."


def passage(text: str, *, context: str = "", before: str = "") -> Passage:
    """Make a passage of a whole text that stands behind another in its document."""
    document = Document("a.txt", before + text)
    spans = [s for s in split_sentences(document.text) if s.start >= len(before)]
    return Passage.of(document, tuple(spans), context)


def match(question: str, *passages: Passage) -> list[Match]:
    matcher = Matcher(FakeEncoder())
    return matcher.match(matcher.encode_query(question, passages), passages)


class TestWeights:
    def test_add_up_to_1_and_are_those_of_content_words(self) -> None:
        query = Matcher(FakeEncoder()).encode_query("Is the tower closed?", [passage(TOWER)])
        assert query.weights.sum() == pytest.approx(1)
        assert [w > 0 for w in query.weights] == [False, False, True, True]

    def test_rare_words_weigh_more(self) -> None:
        query = Matcher(FakeEncoder()).encode_query(
            "tower soup", [passage("A tower stands. The tower fell. We ate soup.")]
        )
        assert query.weights[1] > query.weights[0] > 0

    def test_a_question_without_content_words_is_weighed_evenly(self) -> None:
        query = Matcher(FakeEncoder()).encode_query("Who are you?", [passage(TOWER)])
        assert query.weights.tolist() == pytest.approx([1 / 3] * 3)

    def test_words_that_were_put_in_weigh_half(self) -> None:
        query = Matcher(FakeEncoder()).encode_query("cost tower", [], "What does it cost?")
        assert query.weights.tolist() == pytest.approx([2 / 3, 1 / 3])

    def test_the_tokens_of_a_word_share_its_weight(self) -> None:
        class Pieces(FakeEncoder):
            def query_tokens(self, text: str) -> Tokens:
                return Tokens(np.ones((3, 2), np.float32), np.array([[0, 3], [3, 5], [6, 10]]))

        query = Matcher(Pieces()).encode_query("tower soup", [])
        assert query.weights.tolist() == pytest.approx([0.25, 0.25, 0.5])


class TestAMatch:
    def test_finds_for_each_token_the_likest_of_each_sentence(self) -> None:
        (found,) = match("tower soup", passage(TOWER))
        assert found.sentences.shape == (3, 2)
        assert found.sentences[0, 0] == pytest.approx(1)
        assert found.sentences[2, 1] == pytest.approx(1)
        assert found.sentences[1].max() < 0.9

    def test_looks_at_all_tokens_of_the_sentence_and_at_no_other(self) -> None:
        three = Document("a.txt", "The tower has steps … It was closed in May")
        spans = (Span(0, 19), Span(20, 21), Span(22, len(three.text)))
        for each in (passage(TOWER), passage(TOWER, context="A tower"), Passage.of(three, spans)):
            query = Matcher(FakeEncoder()).encode_query("May steps", [each])
            (found,) = Matcher(FakeEncoder()).match(query, [each])
            similarity = query.tokens.vectors @ found.tokens.vectors.T
            for row, mask in zip(found.sentences, found.sentence_mask, strict=True):
                expected = similarity[:, mask].max(axis=1) if mask.any() else np.zeros(2)
                assert np.array_equal(row, expected)

    def test_of_the_passage_is_that_of_its_best_sentences(self) -> None:
        (found,) = match("tower soup", passage(TOWER))
        assert found.max_similarity.tolist() == pytest.approx([1, 1])

    def test_holds_wherever_the_passage_stands(self) -> None:
        (first,) = match("closed soup", passage(TOWER))
        (later,) = match("closed soup", passage(TOWER, before="Long ago, people came. "))
        assert np.array_equal(first.sentences, later.sentences)
        assert np.array_equal(first.sentence_mask, later.sentence_mask)

    def test_the_context_counts_for_the_passage_and_for_no_sentence(self) -> None:
        (found,) = match("museum", passage(TOWER, context="The museum"))
        assert found.max_similarity[0] == pytest.approx(1)
        assert found.sentences.max() < 0.9
        assert not found.sentence_mask[:, :2].any()

    def test_a_passage_without_tokens_is_met_by_nothing(self) -> None:
        (found,) = match("soup", passage("…"))
        assert found.max_similarity.tolist() == [0]
        assert found.sentences.tolist() == [[0]]
        assert found.cosines.tolist() == [0]


class TestKnownPassages:
    def test_are_not_encoded_again(self) -> None:
        encoder = Counting()
        matcher = Matcher(encoder)
        one, other = passage(TOWER), passage("We ate soup.")
        for question in ("tower", "soup"):
            matcher.match(matcher.encode_query(question, [one, other, one]), [one, other, one])
        assert encoder.tokens_of == [one.text, other.text]

    def test_are_no_more_than_were_asked_for(self) -> None:
        encoder = Counting()
        matcher = Matcher(encoder, most=2)
        first, second, third = (passage(text) for text in ("One.", "Two.", "Three."))
        for each in (first, second, third, third, first):
            matcher.match(matcher.encode_query("one", [each]), [each])
        assert encoder.tokens_of == ["One.", "Two.", "Three.", "One."]


class Counting(FakeEncoder):
    """Lists the passages whose tokens it encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens_of: list[str] = []

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self.tokens_of += texts
        return super().passage_tokens(texts)
