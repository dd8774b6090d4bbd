from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from embeddings import StoreError, VectorStore, open_store
from embeddings.stores import Segment, ivf_store, segments
from embeddings.stores.exact import ExactStore
from embeddings.stores.segments import Segments
from tests.embeddings.test_stores import (
    DIM,
    Ids,
    Vectors,
    assert_finds_the_same,
    ids_for,
    unit_vectors,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have large segments begin at 50 vectors."""
    monkeypatch.setattr(segments, "FLAT_MOST", 50)


class Folder:
    """Segments in a folder, changed step by step, and an exact store that is changed alike."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current: list[Segment] = []
        self.deleted: list[int] = []
        self.written: list[list[str]] = []
        self.exact = ExactStore(DIM)

    def open(self) -> Segments:
        return Segments.load(self.path, self.current, DIM, self.deleted)

    def change(self, ids: Ids, vectors: Vectors, remove: Ids) -> None:
        store = self.open()
        for changed in (store, self.exact):
            assert changed.remove(remove) == len(remove)
            changed.add(ids, vectors)
        before = {path.name for path in self.path.iterdir()}
        self.current = store.write(self.path, f"vectors-{len(self.written)}")
        self.deleted = store.deleted
        self.written.append(sorted({path.name for path in self.path.iterdir()} - before))
        names = {segment.name for segment in self.current}
        for path in self.path.iterdir():
            if path.name not in names:
                path.unlink()

    @property
    def kinds(self) -> list[str]:
        return [segment.kind for segment in self.current]


def some(*ids: int) -> Ids:
    return np.array(ids, dtype=np.int64)


def added(folder: Folder, count: int, first: int, remove: Ids | None = None) -> None:
    vectors = unit_vectors(count, seed=first)
    folder.change(ids_for(vectors, first=first), vectors, some() if remove is None else remove)


def test_after_any_changes_they_find_what_the_exact_store_finds(tmp_path: Path) -> None:
    chance, folder, queries = random.Random(0), Folder(tmp_path), unit_vectors(4, seed=99)
    first = 1
    for _ in range(25):
        there = folder.exact.ids.tolist()
        count = chance.choice([0, 1, 5, 30, 120])
        gone = chance.sample(there, min(len(there), chance.choice([0, 0, 3, 40])))
        added(folder, count, first, some(*gone))
        first += count
        store = folder.open()
        assert len(store) == len(folder.exact)
        assert sorted(store.ids.tolist()) == sorted(folder.exact.ids.tolist())
        for top_k in (1, 10, 5_000):
            assert_finds_the_same(store, folder.exact, queries, top_k)
        among = some(*chance.sample(range(1, first + 5), min(first, 60)))
        scores, ids = store.search(queries, 7, among)
        expected, expected_ids = folder.exact.search(queries, 7, among)
        assert ids.tolist() == expected_ids.tolist()
        assert scores.tobytes() == expected.tobytes()
        ids = folder.exact.ids[::-3]
        assert store.vectors(ids).tobytes() == folder.exact.vectors(ids).tobytes()
        assert store.scores(queries[0], ids).tobytes() == (
            folder.exact.scores(queries[0], ids).tobytes()
        )
        assert len(folder.current) <= 4
        store.close()


def test_few_vectors_are_one_flat_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 30, 1)
    added(folder, 20, 31)
    assert folder.kinds == ["faiss"]
    assert folder.current[0].name == "vectors-1"


def test_a_change_leaves_a_large_segment_as_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    assert folder.kinds == ["ivf"]
    large = (tmp_path / "vectors-0").read_bytes()
    for n in range(3):
        added(folder, 10, 501 + 10 * n, some(n + 1))
    assert folder.kinds == ["ivf", "faiss"]
    assert folder.written[1:] == [["vectors-1"], ["vectors-2"], ["vectors-3"]]
    assert (tmp_path / "vectors-0").read_bytes() == large
    assert folder.deleted == [1, 2, 3]


def test_few_new_vectors_are_written_without_many_that_have_no_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_SMALL", 20)
    folder = Folder(tmp_path)
    added(folder, 45, 1)
    for n in range(3):
        added(folder, 1, 46 + n)
    assert folder.kinds == ["faiss", "faiss"]
    assert folder.current[0].name == "vectors-0"
    assert len(folder.open()) == 48


def test_removing_from_a_large_segment_writes_no_vectors(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    added(folder, 0, 501, some(7, 9))
    assert folder.written == [["vectors-0"], []]
    assert folder.deleted == [7, 9]
    assert len(folder.open()) == 498


def test_a_large_segment_is_taken_in_once_much_is_new(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    added(folder, 60, 501, some(1, 510 - 500))
    assert folder.kinds == ["ivf", "ivf"]
    added(folder, 100, 561, some(505))
    assert folder.kinds == ["ivf"]
    assert folder.deleted == []
    assert len(folder.open()) == 657


def test_a_segment_of_which_most_is_dead_is_written_anew(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    added(folder, 0, 501, np.arange(1, 260, dtype=np.int64))
    assert folder.written[-1] == ["vectors-1"]
    assert folder.deleted == []
    assert len(folder.open()) == 241


def test_everything_can_be_removed(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    added(folder, 0, 501, folder.exact.ids)
    assert folder.kinds == ["faiss"]
    assert folder.open().search(unit_vectors(2), 3)[1].shape == (2, 0)


def test_the_same_vectors_are_written_the_same(tmp_path: Path) -> None:
    files = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        folder = Folder(tmp_path / name)
        added(folder, 3_000, 1)
        files.append((tmp_path / name / "vectors-0").read_bytes())
    assert files[0] == files[1]


class TestManyNewVectors:
    """Those that wait in a file without a name."""

    @staticmethod
    def filled(folder: Path, firsts: range) -> tuple[Segments, ExactStore]:
        store, exact = Segments.load(folder, [], DIM), ExactStore(DIM)
        for first in firsts:
            vectors = unit_vectors(30, seed=first)
            for each in (store, exact):
                each.add(ids_for(vectors, first=first), vectors)
        return store, exact

    def test_they_are_found_as_others_are(self, tmp_path: Path) -> None:
        store, exact = self.filled(tmp_path, range(1, 400, 30))
        for each in (store, exact):
            assert each.remove(some(5, 200, 1_000)) == 2
        assert len(store) == len(exact) == 418
        assert_finds_the_same(store, exact, unit_vectors(4, seed=99), 10)
        among = some(5, 7, 8, 300, 418, 2_000)
        assert store.search(unit_vectors(1), 9, among)[1].tolist() == (
            exact.search(unit_vectors(1), 9, among)[1].tolist()
        )
        ids = exact.ids[::-3]
        assert store.vectors(ids).tobytes() == exact.vectors(ids).tobytes()

    def test_few_of_them_are_in_memory(self, tmp_path: Path) -> None:
        store, _ = self.filled(tmp_path, range(1, 400, 30))
        assert len(store._fresh) <= 50
        assert [*tmp_path.iterdir()] == []

    def test_an_id_is_taken_once(self, tmp_path: Path) -> None:
        store, _ = self.filled(tmp_path, range(1, 400, 30))
        with pytest.raises(StoreError, match="such as 7"):
            store.add(some(7), unit_vectors(1))
        with pytest.raises(StoreError, match="not in the store"):
            store.vectors(some(7, 1_000))

    def test_ids_may_fall(self, tmp_path: Path) -> None:
        store, exact = self.filled(tmp_path, range(400, 0, -30))
        assert_finds_the_same(store, exact, unit_vectors(4, seed=99), 10)
        (segment,) = store.write(tmp_path, "vectors")
        assert_finds_the_same(
            Segments.load(tmp_path, [segment], DIM), exact, unit_vectors(4, seed=99), 10
        )


def test_a_missing_segment_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    added(folder, 500, 1)
    (tmp_path / "vectors-0").unlink()
    with pytest.raises(StoreError, match="vectors-0"):
        folder.open()


def test_a_segment_that_is_swept_away_is_still_searched(tmp_path: Path) -> None:
    folder, queries = Folder(tmp_path), unit_vectors(3, seed=9)
    added(folder, 500, 1)
    store = folder.open()
    (tmp_path / "vectors-0").unlink()
    assert_finds_the_same(store, folder.exact, queries, 5)


class TestAmongVeryMany:
    """Where a search reads a share of the lists."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VectorStore:
        monkeypatch.setattr(ivf_store, "_PROBED", 2)
        monkeypatch.setattr(ivf_store, "_LEAST_IN_A_LIST", 20)
        store = open_store("ivf", dim=DIM)
        store.add(np.arange(2_000), unit_vectors(2_000))
        store.save(tmp_path / "vectors")
        return open_store("ivf", dim=DIM, path=tmp_path / "vectors")

    def test_what_is_found_is_scored_exactly_and_in_order(self, store: VectorStore) -> None:
        queries = unit_vectors(20, seed=1)
        scores, ids = store.search(queries, 10)
        for query, theirs, found in zip(queries, scores, ids, strict=True):
            assert theirs.tobytes() == store.scores(query, found).tobytes()
            assert (np.diff(theirs) <= 0).all()
        exact = open_store("exact", dim=DIM)
        exact.add(np.arange(2_000), unit_vectors(2_000))
        assert not np.array_equal(ids, exact.search(queries, 10)[1])

    def test_a_vector_finds_itself(self, store: VectorStore) -> None:
        assert store.search(unit_vectors(2_000)[::40], 1)[1][:, 0].tolist() == [
            *range(0, 2_000, 40)
        ]

    def test_more_lists_are_read_until_there_are_enough(self, store: VectorStore) -> None:
        _, ids = store.search(unit_vectors(3, seed=1), 1_999)
        assert ids.shape == (3, 1_999)
        among = np.arange(0, 2_000, 100)
        assert sorted(store.search(unit_vectors(1, seed=1), 50, among)[1][0]) == among.tolist()

    def test_what_is_removed_is_never_found(self, store: VectorStore) -> None:
        query = unit_vectors(1, seed=1)
        (before,) = store.search(query, 20)[1]
        assert store.remove(before[:10]) == 10
        (after,) = store.search(query, 20)[1]
        assert after[:10].tolist() == before[10:].tolist()

    def test_damaged_lists_are_refused_by_the_first_search(
        self, store: VectorStore, tmp_path: Path
    ) -> None:
        whole = (tmp_path / "vectors").read_bytes()
        at = 32 + 2_000 * (8 + 4 * DIM)
        (tmp_path / "other").write_bytes(whole[:at] + bytes(len(whole) - at))
        other = open_store("ivf", dim=DIM, path=tmp_path / "other")
        with pytest.raises(StoreError, match="other"):
            other.search(unit_vectors(1), 1)
