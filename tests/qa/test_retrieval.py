from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.documents import Document
from qa.errors import SettingsError
from qa.follow_ups.dependence import Dependence
from qa.follow_ups.rewriting import Rewriting
from qa.index import Index, update_index
from qa.retrieval import RetrievedPassage, Retriever, reranked
from tests.fakes import FakeEncoder, FakeReranker, corpus

SENTENCES = [
    "Penguins dive for fish.",
    "Silver coins bought the island.",
    "The island has penguins, and penguins have the island.",
    "An iceberg calved in the night.",
    "Fish were sold for silver.",
]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    documents = [Document(f"d{n}", text) for n, text in enumerate(SENTENCES)]
    update_index(tmp_path / "index", documents, encoder=FakeEncoder())
    opened = Index.open(tmp_path / "index")
    yield opened
    opened.close()


class TestFusion:
    def test_every_number_that_is_shown_can_be_computed_again(self, index: Index) -> None:
        encoder, query = FakeEncoder(), "Which penguins dive near the island?"
        (dense,) = index.search(encoder.encode_queries([query]), 10)
        words = index.search_words(query, 10)
        hits = Retriever(index, encoder).retrieve(query, 10)
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
        numbers = {hit.passage.document_id: number for number, hit in enumerate(hits)}
        assert len(numbers) == 5
        for hit in hits:
            number = int(hit.passage.document_id[1:]) + 1
            assert (number, hit.dense_score) == dense[(hit.dense_rank or 0) - 1]
            if hit.lexical_rank is None:
                assert hit.lexical_score == 0
                assert number not in dict(words)
            else:
                assert (number, hit.lexical_score) == words[hit.lexical_rank - 1]
            assert hit.score == pytest.approx(hit.dense_score + 0.025 * hit.lexical_score)

    def test_what_either_finds_is_found(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qa.retrieval._DEPTH", 1)
        hits = Retriever(index, FakeEncoder()).retrieve("Fish for the silver iceberg?", 1)
        assert len(hits) == 1
        hits = Retriever(index, FakeEncoder()).retrieve("zebra silver", 5)
        by_words = [hit for hit in hits if hit.lexical_rank]
        assert {hit.passage.document_id for hit in by_words} == {"d1", "d4"}
        assert all("ilver" in hit.passage.text for hit in hits[:2])

    def test_more_is_found_than_the_usual_depth(self, index: Index) -> None:
        assert len(Retriever(index, FakeEncoder()).retrieve("fish", 1_000)) == 5

    def test_no_passages_are_not_to_be_asked_for(self, index: Index) -> None:
        with pytest.raises(SettingsError, match="top_k is 0"):
            Retriever(index, FakeEncoder()).retrieve("fish", 0)

    def test_the_same_again_gives_the_same(self, index: Index) -> None:
        first = Retriever(index, FakeEncoder()).retrieve("silver island", 5)
        assert Retriever(index, FakeEncoder()).retrieve("silver island", 5) == first


class TestSomeDocumentsOnly:
    @pytest.mark.parametrize("chosen", [["d3"], ["d4", "d1"], ["d0", "d1", "d2", "d3", "d4"]])
    @pytest.mark.parametrize("depth", [1, 100])
    def test_their_passages_are_found_as_they_stand_among_all(
        self, index: Index, monkeypatch: pytest.MonkeyPatch, chosen: list[str], depth: int
    ) -> None:
        retriever = Retriever(index, FakeEncoder())
        query = "Which penguins bought the silver fish?"
        everything = retriever.retrieve(query, 5)
        expected = [hit for hit in everything if hit.passage.document_id in chosen]
        monkeypatch.setattr("qa.retrieval._DEPTH", depth)
        hits = retriever.retrieve(query, len(chosen), chosen)
        assert [(hit.passage, hit.score) for hit in hits] == [
            (hit.passage, hit.score) for hit in expected
        ]
        assert [hit.rank for hit in hits] == [*range(1, len(chosen) + 1)]
        assert sorted(hit.dense_rank or 0 for hit in hits) == [*range(1, len(chosen) + 1)]

    def test_all_passages_of_a_long_document_are_looked_at(self, tmp_path: Path) -> None:
        encoder = FakeEncoder()
        update_index(tmp_path / "long", corpus("abc", parts=200), encoder=encoder)
        index = Index.open(tmp_path / "long")
        hits = Retriever(index, encoder).retrieve("All about a, part 7", 1_000, ["b"])
        assert {hit.passage for hit in hits} == {*index.passages_of("b")}
        index.close()

    def test_a_reranker_is_given_those_alone(self, index: Index) -> None:
        reranker = FakeReranker(coins=1, sold=2)
        hits = Retriever(index, FakeEncoder(), reranker).retrieve("fish", 5, ("d1", "d4"))
        assert [hit.passage.document_id for hit in hits] == ["d4", "d1"]
        ((_, texts),) = reranker.asked
        assert len(texts) == 2

    def test_a_follow_up_is_looked_for_in_those_alone(self, index: Index) -> None:
        asked = Rewriting("And the island?", "The penguins of it?", dependence=Dependence.DEPENDENT)
        hits = Retriever(index, FakeEncoder()).retrieve(asked, 5, ["d1"])
        assert [hit.passage.document_id for hit in hits] == ["d1"]

    def test_a_document_that_is_not_there_is_named_beside_those_that_are(
        self, index: Index
    ) -> None:
        with pytest.raises(SettingsError, match=r"no document 'd9' in the index; it has: d0, d1"):
            Retriever(index, FakeEncoder()).retrieve("fish", 5, ["d1", "d9"])

    @pytest.mark.parametrize("documents", [[], (), "d1"])
    def test_what_names_no_document_is_refused(
        self, index: Index, documents: Sequence[str]
    ) -> None:
        with pytest.raises(SettingsError, match="documents is"):
            Retriever(index, FakeEncoder()).retrieve("fish", 5, documents)


def found(index: Index, reranker: FakeReranker | None, top_k: int) -> list[RetrievedPassage]:
    return Retriever(index, FakeEncoder(), reranker).retrieve("silver fish", top_k)


def ids(hits: list[RetrievedPassage]) -> list[str]:
    return [hit.passage.document_id for hit in hits]


class TestReranking:
    def test_the_order_is_the_rerankers_and_the_scores_stay(self, index: Index) -> None:
        fused = {hit.passage.document_id: hit for hit in found(index, None, 5)}
        hits = found(index, FakeReranker(iceberg=3, coins=2, Penguins=1, sold=-1), 5)
        assert ids(hits) == ["d3", "d1", "d0", "d2", "d4"]
        assert [hit.rerank_score for hit in hits] == [3, 2, 1, 0, -1]
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
        for hit in hits:
            before = fused[hit.passage.document_id]
            assert before == replace(hit, rank=before.rank, rerank_score=None)

    def test_what_is_beyond_the_first_stays_in_order_behind_them(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("qa.retrieval.RERANKED", 2)
        fused = ids(found(index, None, 5))
        last = SENTENCES[int(fused[4][1:])].split()[-1]
        second = SENTENCES[int(fused[1][1:])].split()[0]
        hits = found(index, FakeReranker(**{second: 1, last: 9}), 5)
        assert ids(hits) == [fused[1], fused[0], *fused[2:]]
        assert [hit.rerank_score for hit in hits] == [1, 0, None, None, None]
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]

    def test_fewer_passages_are_the_first_of_more(self, index: Index) -> None:
        reranker = FakeReranker(iceberg=3, coins=2)
        assert ids(found(index, None, 2)) != ["d3", "d1"]
        assert ids(found(index, reranker, 2)) == ["d3", "d1"]
        assert found(index, reranker, 2) == found(index, reranker, 5)[:2]
        assert len({frozenset(texts) for _, texts in reranker.asked}) == 1

    def test_equal_scores_keep_the_order_and_so_do_those_that_differ_by_a_hair(
        self, index: Index
    ) -> None:
        fused = ids(found(index, None, 5))
        assert ids(found(index, FakeReranker(), 5)) == fused
        last = SENTENCES[int(fused[-1][1:])].split()[0]
        assert ids(found(index, FakeReranker(**{last: 1e-7}), 5)) == fused
        assert ids(found(index, FakeReranker(**{last: 1e-4}), 5))[0] == fused[-1]

    def test_a_passage_is_scored_in_its_context(self, tmp_path: Path) -> None:
        encoder, reranker = FakeEncoder(), FakeReranker()
        document = Document("tides", "It rises twice a day.", title="Tides of the sea")
        update_index(tmp_path / "tides", [document], encoder=encoder)
        index = Index.open(tmp_path / "tides")
        Retriever(index, encoder, reranker).retrieve("How often?", 1)
        index.close()
        assert reranker.asked == [("How often?", ("Tides of the sea\nIt rises twice a day.",))]

    def test_nothing_is_asked_about_nothing(self) -> None:
        reranker = FakeReranker()
        assert reranked("fish", [], reranker) == []
        assert reranker.asked == []


class TestRewritings:
    QUESTION, QUERY = "Do they dive?", "Do penguins dive?"

    def test_one_that_stands_alone_is_searched_for_as_it_is(self, index: Index) -> None:
        encoder = CountingEncoder()
        alone = Retriever(index, encoder).retrieve(Rewriting(self.QUERY, self.QUERY), 5)
        assert encoder.asked == [self.QUERY]
        assert alone == Retriever(index, encoder).retrieve(self.QUERY, 5)

    @pytest.mark.parametrize(
        ("dependence", "meaning", "words"),
        [(Dependence.AMBIGUOUS, 0.25, 0.12), (Dependence.DEPENDENT, 0.85, 0.6)],
    )
    def test_a_follow_up_is_searched_for_both_ways(
        self, index: Index, dependence: Dependence, meaning: float, words: float
    ) -> None:
        encoder = CountingEncoder()
        asked = Rewriting(self.QUESTION, self.QUERY, "penguins", dependence)
        hits = Retriever(index, encoder).retrieve(asked, 5)
        assert sorted(encoder.asked) == sorted([self.QUESTION, self.QUERY])
        question, query = encoder.encode_queries([self.QUESTION, self.QUERY])
        vector = (1 - meaning) * question + meaning * query
        vector /= np.linalg.norm(vector)
        own, added = (dict(index.search_words(text, 9)) for text in ("dive", "penguins"))
        assert {*added} - {*own}
        assert {hit.passage.document_id for hit in hits if hit.lexical_rank} == {"d0", "d2"}
        for hit in hits:
            number = int(hit.passage.document_id[1:]) + 1
            assert hit.dense_score == pytest.approx(index.cosines(vector, [number])[0], abs=1e-6)
            bm25 = own.get(number, 0.0) + words * added.get(number, 0.0)
            assert hit.lexical_score == pytest.approx(bm25)
            assert hit.score == pytest.approx(hit.dense_score + 0.025 * bm25)

    @pytest.mark.parametrize(
        ("dependence", "read"), [(Dependence.AMBIGUOUS, QUESTION), (Dependence.DEPENDENT, QUERY)]
    )
    def test_a_reranker_reads_it_where_it_surely_leans(
        self, index: Index, dependence: Dependence, read: str
    ) -> None:
        reranker = FakeReranker(iceberg=1)
        asked = Rewriting(self.QUESTION, self.QUERY, "penguins", dependence)
        hits = Retriever(index, FakeEncoder(), reranker).retrieve(asked, 2)
        assert [query for query, _ in reranker.asked] == [read]
        assert hits[0].passage.document_id == "d3"

    def test_the_ranks_by_words_are_those_of_both_together(self, index: Index) -> None:
        asked = Rewriting("fish", "fish silver island", "silver island", Dependence.DEPENDENT)
        hits = Retriever(index, FakeEncoder()).retrieve(asked, 5)
        found = sorted((hit for hit in hits if hit.lexical_rank), key=lambda h: h.lexical_rank or 0)
        scores = [hit.lexical_score for hit in found]
        assert [hit.lexical_rank for hit in found] == [1, 2, 3, 4]
        assert scores == sorted(scores, reverse=True)


class CountingEncoder(FakeEncoder):
    """Lists the queries that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return super().encode_queries(texts)


def test_a_retrieved_passage_is_plain_data(index: Index) -> None:
    (hit, *_) = Retriever(index, FakeEncoder()).retrieve("silver fish", 1)
    data = hit.to_dict()
    assert data["lexical_rank"] == 1
    assert data["passage"]["document_id"] == "d4"
    assert set(data) == {
        "rank", "score", "dense_score", "dense_rank", "lexical_score", "lexical_rank",
        "rerank_score", "passage",
    }  # fmt: skip
