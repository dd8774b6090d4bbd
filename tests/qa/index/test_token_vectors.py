"""Tokens of passages that are kept in the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import Tokens
from embeddings.tokens import packed, unit, unpacked
from qa import QA
from qa.errors import IndexDamaged
from qa.index import Index, update_index
from qa.index.transaction import transaction
from tests.fakes import FakeEncoder, corpus, state_of


class Counting(FakeEncoder):
    """Lists the passages whose tokens were asked for alone."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self.asked += texts
        return super().passage_tokens(texts)

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[np.ndarray, list[Tokens]]:
        return self.encode_passages(texts), super().passage_tokens(texts)


def texts_of(index: Index) -> list[str]:
    return [p.text_in_context for id_ in index.document_ids() for p in index.passages_of(id_)]


def encoded_anew(folder: Path) -> list[str]:
    """Ask for the tokens of all passages, and give those that had to be encoded."""
    encoder, index = Counting(), Index.open(folder)
    index.passage_tokens(texts_of(index), encoder)
    index.close()
    return encoder.asked


class TestPacked:
    @given(st.integers(0, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
    def test_are_nearly_what_they_were(self, count: int, dim: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        spans = random.integers(0, 2**31, (count, 2))
        tokens = Tokens(unit(random.standard_normal((count, dim)).astype(np.float32)), spans)
        found = unpacked(packed(tokens), dim)
        assert found.vectors.dtype == np.float32
        assert (found.spans == spans).all()
        assert np.abs(found.vectors - tokens.vectors).max(initial=0) < 0.01
        assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(np.ones(count), abs=1e-6)

    def test_what_is_not_whole_is_a_value_error(self) -> None:
        stored = packed(FakeEncoder().query_tokens("a red plum"))
        for broken in (stored[:-1], stored[:-64], stored[:-1] + b"!", b""):
            with pytest.raises(ValueError, match="dimension 64"):
                unpacked(broken, 64)


class TestKept:
    def test_no_kept_passage_is_encoded_when_asking(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("ab"), encoder=Counting())
        assert encoded_anew(tmp_path) == []

    def test_are_those_that_are_encoded_when_asking(self, tmp_path: Path) -> None:
        encoder = Counting()
        for name, most in (("kept", 1_000), ("none", 0)):
            update_index(tmp_path / name, corpus("ab"), encoder=encoder, token_vectors=most)
        kept, none = Index.open(tmp_path / "kept"), Index.open(tmp_path / "none")
        texts = texts_of(kept)
        assert encoder.asked == []
        for one, other in zip(
            kept.passage_tokens(texts, encoder), none.passage_tokens(texts, encoder), strict=True
        ):
            assert (one.vectors == other.vectors).all()
            assert (one.spans == other.spans).all()
        assert encoder.asked == texts
        kept.close()
        none.close()

    def test_are_of_so_many_passages_as_are_wanted(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("ab"), encoder=Counting(), token_vectors=3)
        index = Index.open(tmp_path)
        texts = texts_of(index)
        index.close()
        assert encoded_anew(tmp_path) == texts[3:]
        update_index(tmp_path, corpus("c"), encoder=Counting())
        assert len(encoded_anew(tmp_path)) == len(texts) + len(texts) // 2 - 3
        update_index(tmp_path, corpus("d"), encoder=Counting(), token_vectors=5)
        assert len(encoded_anew(tmp_path)) == len(texts) + len(texts) - 5

    def test_go_with_their_passages(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("ab"), encoder=Counting(), token_vectors=3)
        update_index(tmp_path, [], encoder=Counting(), remove=["a"], token_vectors=3)
        with transaction(tmp_path) as connection:
            assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (0,)

    def test_make_no_difference_to_what_is_found(self, tmp_path: Path) -> None:
        for name, most in (("kept", 1_000), ("none", 0)):
            update_index(tmp_path / name, corpus("ab"), encoder=Counting(), token_vectors=most)
        assert state_of(tmp_path / "kept") == state_of(tmp_path / "none")

    def test_answers_do_not_depend_on_them(self, tmp_path: Path) -> None:
        answers = []
        for name, most in (("kept", 1_000), ("none", 0)):
            encoder = Counting()
            update_index(tmp_path / name, corpus("ab"), encoder=encoder, token_vectors=most)
            with QA(Index.open(tmp_path / name), encoder) as qa:
                answers.append(qa.ask("What is part 7 of b about?"))
            assert bool(encoder.asked) == (most == 0)
        assert answers[0].to_dict() | {"seconds": {}} == answers[1].to_dict() | {"seconds": {}}

    def test_damaged_ones_are_named(self, tmp_path: Path) -> None:
        update_index(tmp_path, corpus("a"), encoder=Counting())
        with transaction(tmp_path) as connection:
            connection.execute("UPDATE tokens SET vectors = x'00'")
            connection.execute("COMMIT")
        with pytest.raises(IndexDamaged, match="not those of tokens"):
            encoded_anew(tmp_path)
