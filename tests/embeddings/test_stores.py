from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings import StoreError, VectorStore, open_store
from embeddings.stores.segments import Segments

DIM = 24
Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


def unit_vectors(count: int, *, seed: int = 0, dim: int = DIM) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def ids_for(vectors: Vectors, *, first: int = 1) -> Ids:
    return np.arange(first, first + len(vectors), dtype=np.int64)


def filled(backend: str, vectors: Vectors, ids: Ids | None = None) -> VectorStore:
    """Make a store of these; one that searches its file in another way is read from one."""
    store = open_store(backend, dim=vectors.shape[1])
    store.add(ids_for(vectors) if ids is None else ids, vectors)
    if backend != "ivf":
        return store
    with tempfile.TemporaryDirectory() as folder:
        store.save(Path(folder) / "vectors")
        store = open_store(backend, dim=vectors.shape[1], path=Path(folder) / "vectors")
        if len(store):
            store.search(vectors[:1], 1)  # reads the lists
    return store


def brute_force(vectors: Vectors, ids: Ids, query: Vectors, top_k: int) -> list[int]:
    scored = [
        (-float(np.float32(sum(float(a) * float(b) for a, b in zip(query, row, strict=True)))), id_)
        for row, id_ in zip(vectors, ids.tolist(), strict=True)
    ]
    return [id_ for _, id_ in sorted(scored)[:top_k]]


def assert_finds_the_same(
    store: VectorStore | Segments, reference: VectorStore, queries: Vectors, top_k: int
) -> None:
    scores, ids = store.search(queries, top_k)
    expected_scores, expected_ids = reference.search(queries, top_k)
    assert ids.dtype == expected_ids.dtype == np.int64
    assert scores.dtype == expected_scores.dtype == np.float32
    assert ids.shape == scores.shape == (len(queries), min(top_k, len(reference)))
    assert ids.tolist() == expected_ids.tolist()
    assert scores.tobytes() == expected_scores.tobytes()


@pytest.mark.parametrize("backend", ["exact", "faiss", "ivf"])
class TestEveryStore:
    @pytest.mark.parametrize("size", [1, 2, 17, 100, 1_000])
    @pytest.mark.parametrize("queries", [1, 40])
    @pytest.mark.parametrize("top_k", [1, 5, 64, 5_000])
    def test_finds_bit_for_bit_what_the_exact_store_finds(
        self, backend: str, size: int, queries: int, top_k: int
    ) -> None:
        vectors = unit_vectors(size)
        store, reference = filled(backend, vectors), filled("exact", vectors)
        assert_finds_the_same(store, reference, unit_vectors(queries, seed=1), top_k)

    def test_finds_what_plain_arithmetic_finds(self, backend: str) -> None:
        vectors, query = unit_vectors(60), unit_vectors(1, seed=2)
        scores, ids = filled(backend, vectors).search(query, 10)
        assert ids[0].tolist() == brute_force(vectors, ids_for(vectors), query[0], 10)
        assert scores[0] == pytest.approx(vectors[ids[0] - 1] @ query[0], abs=1e-6)
        assert (np.diff(scores[0]) <= 0).all()

    def test_finds_the_same_at_the_dimension_of_the_bundled_model(self, backend: str) -> None:
        vectors = unit_vectors(300, dim=384)
        store, reference = filled(backend, vectors), filled("exact", vectors)
        assert_finds_the_same(store, reference, unit_vectors(5, seed=1, dim=384), 10)

    def test_a_vector_scores_1_with_itself(self, backend: str) -> None:
        vectors = unit_vectors(50)
        scores, ids = filled(backend, vectors).search(vectors, 1)
        assert ids[:, 0].tolist() == ids_for(vectors).tolist()
        assert scores[:, 0] == pytest.approx(1.0, abs=1e-6)

    @pytest.mark.parametrize("top_k", [1, 3, 10, 99, 100, 150])
    def test_equal_scores_stand_in_order_of_id_even_at_the_cut_off(
        self, backend: str, top_k: int
    ) -> None:
        twin, others = unit_vectors(1), unit_vectors(50, seed=3)
        vectors = np.concatenate([np.repeat(twin, 100, axis=0), others])
        ids = np.random.default_rng(4).permutation(ids_for(vectors))
        store, reference = filled(backend, vectors, ids), filled("exact", vectors, ids)
        _, found = store.search(twin, top_k)
        twins = sorted(ids[:100].tolist())
        assert found[0, :100].tolist() == twins[:top_k]
        assert_finds_the_same(store, reference, twin, top_k)

    def test_ties_below_the_best_are_cut_off_in_order_of_id(self, backend: str) -> None:
        best, twin = unit_vectors(2)
        vectors = np.stack([twin] * 40 + [best] + [twin] * 40)
        store = filled(backend, vectors, ids_for(vectors)[::-1].copy())
        _, found = store.search(best[None], 4)
        assert found[0].tolist() == [41, 1, 2, 3]

    def test_near_ties_closer_than_float32_sums_are_told_apart_alike(self, backend: str) -> None:
        base = np.repeat(unit_vectors(1, dim=384), 400, axis=0)
        noise = np.random.default_rng(5).standard_normal(base.shape).astype(np.float32)
        vectors = base + noise * np.float32(1e-8)
        store, reference = filled(backend, vectors), filled("exact", vectors)
        assert_finds_the_same(store, reference, base[:1], 7)

    def test_negative_scores_are_found_when_nothing_is_nearer(self, backend: str) -> None:
        vectors = unit_vectors(30)
        query = -vectors.mean(axis=0, keepdims=True)
        against = np.repeat(vectors[:1], 5, axis=0) + unit_vectors(5, seed=1) * np.float32(0.1)
        store = filled(backend, against)
        scores, _ = store.search(-vectors[:1], 5)
        assert (scores < 0).all()
        assert_finds_the_same(store, filled("exact", against), query, 5)

    def test_ids_far_apart_are_kept(self, backend: str) -> None:
        ids = np.array([2**62, 7, 10**12, 1], dtype=np.int64)
        vectors = unit_vectors(4)
        _, found = filled(backend, vectors, ids).search(vectors, 1)
        assert found[:, 0].tolist() == ids.tolist()

    def test_an_empty_store_finds_nothing(self, backend: str) -> None:
        store = open_store(backend, dim=DIM)
        scores, ids = store.search(unit_vectors(3), 5)
        assert scores.shape == ids.shape == (3, 0)
        assert len(store) == 0

    def test_no_queries_find_nothing(self, backend: str) -> None:
        scores, ids = filled(backend, unit_vectors(9)).search(np.empty((0, DIM), np.float32), 5)
        assert scores.shape == ids.shape == (0, 5)

    def test_vectors_added_in_several_calls_are_found_like_those_of_one(self, backend: str) -> None:
        vectors = unit_vectors(90)
        ids = ids_for(vectors)
        store = open_store(backend, dim=DIM)
        for part in np.array_split(np.arange(90), 7):
            store.add(ids[part], vectors[part])
        assert len(store) == 90
        assert_finds_the_same(store, filled("exact", vectors), unit_vectors(4, seed=1), 20)

    def test_removed_vectors_are_not_found_and_the_rest_as_before(self, backend: str) -> None:
        vectors, queries = unit_vectors(200), unit_vectors(6, seed=1)
        ids = ids_for(vectors)
        store = filled(backend, vectors)
        gone = ids[::3]
        assert store.remove(gone) == len(gone)
        kept = ~np.isin(ids, gone)
        assert len(store) == kept.sum()
        assert_finds_the_same(store, filled("exact", vectors[kept], ids[kept]), queries, 30)

    def test_removing_what_is_not_there_is_passed_over(self, backend: str) -> None:
        store = filled(backend, unit_vectors(5))
        assert store.remove(np.array([3, 99], dtype=np.int64)) == 1
        assert store.remove(np.array([3], dtype=np.int64)) == 0
        assert store.remove(np.array([], dtype=np.int64)) == 0
        assert len(store) == 4

    def test_a_removed_id_can_be_given_to_another_vector(self, backend: str) -> None:
        vectors = unit_vectors(20)
        store = filled(backend, vectors)
        store.remove(np.array([4], dtype=np.int64))
        store.add(np.array([4], dtype=np.int64), vectors[:1] * np.float32(-1))
        _, found = store.search(vectors[:1] * np.float32(-1), 1)
        assert found.tolist() == [[4]]

    def test_everything_can_be_removed(self, backend: str) -> None:
        vectors = unit_vectors(20)
        store = filled(backend, vectors)
        assert store.remove(ids_for(vectors)) == 20
        assert store.search(vectors, 3)[1].shape == (20, 0)

    @pytest.mark.parametrize("top_k", [1, 7, 60, 500])
    @pytest.mark.parametrize("chosen", [1, 3, 40, 300])
    def test_among_some_it_finds_what_a_store_of_those_alone_finds(
        self, backend: str, top_k: int, chosen: int
    ) -> None:
        vectors, queries = unit_vectors(300), unit_vectors(6, seed=1)
        ids = np.random.default_rng(2).permutation(ids_for(vectors, first=10**12))
        some = np.random.default_rng(3).permutation(300)[:chosen]
        store, alone = filled(backend, vectors, ids), filled("exact", vectors[some], ids[some])
        scores, found = store.search(queries, top_k, ids[some])
        expected_scores, expected = alone.search(queries, top_k)
        assert found.shape == scores.shape == (6, min(top_k, chosen))
        assert found.tolist() == expected.tolist()
        assert scores.tobytes() == expected_scores.tobytes()

    def test_among_some_even_the_farthest_are_found(self, backend: str) -> None:
        vectors, (query,) = unit_vectors(400), unit_vectors(1, seed=1)
        store = filled(backend, vectors)
        farthest = store.search(query[None], 400)[1][0, -20:]
        assert store.search(query[None], 20, farthest[::-1].copy())[1][0].tolist() == (
            farthest.tolist()
        )

    def test_among_some_equal_scores_stand_in_order_of_id(self, backend: str) -> None:
        twin = unit_vectors(1)
        store = filled(backend, np.repeat(twin, 100, axis=0))
        even = np.arange(100, 0, -2, dtype=np.int64)
        assert store.search(twin, 4, even)[1].tolist() == [[2, 4, 6, 8]]

    def test_ids_that_are_not_there_or_named_twice_are_found_as_if_they_were_not(
        self, backend: str
    ) -> None:
        vectors = unit_vectors(9)
        store = filled(backend, vectors)
        store.remove(np.array([5], dtype=np.int64))
        among = np.array([7, 5, 99, 2, 7], dtype=np.int64)
        assert sorted(store.search(vectors[:1], 5, among)[1][0].tolist()) == [2, 7]
        for nothing in (among[:0], among[2:3]):
            assert store.search(vectors[:3], 5, nothing)[1].shape == (3, 0)

    def test_a_search_among_some_leaves_the_next_one_free(self, backend: str) -> None:
        vectors = unit_vectors(30)
        store = filled(backend, vectors)
        store.search(vectors, 3, np.array([1], dtype=np.int64))
        assert_finds_the_same(store, filled("exact", vectors), vectors, 3)

    def test_scores_by_id_are_those_that_a_search_gives(self, backend: str) -> None:
        vectors, (query,) = unit_vectors(50), unit_vectors(1, seed=1)
        store = filled(backend, vectors, ids_for(vectors, first=1_000))
        (scores,), (ids,) = store.search(query[None, :], 50)
        assert store.scores(query, ids).tobytes() == scores.tobytes()
        assert store.scores(query, ids[[7, 3, 3]]).tolist() == scores[[7, 3, 3]].tolist()
        assert store.scores(query, ids[:0]).shape == (0,)

    def test_scores_of_an_id_that_is_not_there_are_refused(self, backend: str) -> None:
        store = filled(backend, unit_vectors(5))
        with pytest.raises(StoreError, match=r"not in the store|no vector 99"):
            store.scores(unit_vectors(1)[0], np.array([3, 99], dtype=np.int64))

    def test_a_saved_store_is_read_back_the_same(self, backend: str, tmp_path: Path) -> None:
        vectors, queries = unit_vectors(150), unit_vectors(3, seed=1)
        ids = ids_for(vectors)
        store = filled(backend, vectors)
        store.remove(ids[:10])
        store.save(tmp_path / "vectors")
        assert [path.name for path in tmp_path.iterdir()] == ["vectors"]
        again = open_store(backend, dim=DIM, path=tmp_path / "vectors")
        assert len(again) == 140
        assert_finds_the_same(again, filled("exact", vectors[10:], ids[10:]), queries, 15)
        again.add(ids[:10], vectors[:10])
        again.remove(ids[-1:])
        assert_finds_the_same(again, filled("exact", vectors[:-1], ids[:-1]), queries, 15)

    def test_an_empty_store_is_read_back_empty(self, backend: str, tmp_path: Path) -> None:
        open_store(backend, dim=DIM).save(tmp_path / "vectors")
        again = open_store(backend, dim=DIM, path=tmp_path / "vectors")
        assert len(again) == 0
        again.add(np.array([5], dtype=np.int64), unit_vectors(1))
        assert again.search(unit_vectors(1), 3)[1].tolist() == [[5]]

    def test_saving_never_writes_over_what_is_there(self, backend: str, tmp_path: Path) -> None:
        (tmp_path / "theirs").write_bytes(b"theirs")
        (tmp_path / "link").symlink_to(tmp_path / "theirs")
        (tmp_path / "nowhere").symlink_to(tmp_path / "new")
        for name in ("theirs", "link", "nowhere"):
            with pytest.raises(FileExistsError):
                filled(backend, unit_vectors(3)).save(tmp_path / name)
        assert (tmp_path / "theirs").read_bytes() == b"theirs"
        assert not (tmp_path / "new").exists()

    def test_a_link_is_not_read(self, backend: str, tmp_path: Path) -> None:
        filled(backend, unit_vectors(3)).save(tmp_path / "vectors")
        (tmp_path / "link").symlink_to(tmp_path / "vectors")
        with pytest.raises(StoreError, match="a link"):
            open_store(backend, dim=DIM, path=tmp_path / "link")

    def test_saving_where_nothing_can_be_written_is_an_os_error(
        self, backend: str, tmp_path: Path
    ) -> None:
        with pytest.raises(OSError, match="missing"):
            filled(backend, unit_vectors(3)).save(tmp_path / "missing" / "vectors")

    def test_an_id_that_is_there_is_refused_and_nothing_added(self, backend: str) -> None:
        store = filled(backend, unit_vectors(5))
        with pytest.raises(StoreError, match="such as 5"):
            store.add(np.array([6, 5], dtype=np.int64), unit_vectors(2))
        assert len(store) == 5

    def test_an_id_twice_in_one_call_is_refused(self, backend: str) -> None:
        store = open_store(backend, dim=DIM)
        with pytest.raises(StoreError, match="twice"):
            store.add(np.array([6, 6], dtype=np.int64), unit_vectors(2))
        assert len(store) == 0

    def test_ids_and_vectors_of_other_numbers_are_refused(self, backend: str) -> None:
        with pytest.raises(StoreError, match="2 vectors"):
            open_store(backend, dim=DIM).add(np.array([6], dtype=np.int64), unit_vectors(2))

    @pytest.mark.parametrize("shape", [(2, DIM - 1), (2, DIM + 1), (DIM,), (1, 1, DIM)])
    def test_another_shape_is_refused(self, backend: str, shape: tuple[int, ...]) -> None:
        store = filled(backend, unit_vectors(5))
        with pytest.raises(StoreError, match="shape"):
            store.add(np.array([8, 9], dtype=np.int64), np.zeros(shape, np.float32))
        with pytest.raises(StoreError, match="shape"):
            store.search(np.zeros(shape, np.float32), 3)
        assert len(store) == 5

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_numbers_that_are_not_finite_are_refused(self, backend: str, number: float) -> None:
        store = filled(backend, unit_vectors(5))
        vectors = unit_vectors(1, seed=1)
        vectors[0, 3] = number
        with pytest.raises(StoreError, match="not finite"):
            store.add(np.array([8], dtype=np.int64), vectors)
        with pytest.raises(StoreError, match="not finite"):
            store.search(vectors, 3)
        assert len(store) == 5

    def test_a_file_cut_short_anywhere_is_refused(self, backend: str, tmp_path: Path) -> None:
        path = tmp_path / "vectors"
        filled(backend, unit_vectors(8)).save(path)
        whole = path.read_bytes()
        for length in [*range(0, len(whole), 37), len(whole) - 1]:
            path.write_bytes(whole[:length])
            with pytest.raises(StoreError, match="vectors"):
                open_store(backend, dim=DIM, path=path)

    def test_garbage_is_refused(self, backend: str, tmp_path: Path) -> None:
        path = tmp_path / "vectors"
        filled(backend, unit_vectors(8)).save(path)
        size = path.stat().st_size
        np.save(tmp_path / "array.npy", unit_vectors(8))
        for garbage in [
            b"not vectors " * 50,
            bytes(size),
            random.Random(1).randbytes(size),
            path.read_bytes()[40:],
            (tmp_path / "array.npy").read_bytes(),
        ]:
            path.write_bytes(garbage)
            with pytest.raises(StoreError, match="vectors"):
                open_store(backend, dim=DIM, path=path)

    def test_a_missing_file_or_a_folder_is_refused(self, backend: str, tmp_path: Path) -> None:
        for path in (tmp_path / "nothing", tmp_path):
            with pytest.raises(StoreError, match="cannot be read"):
                open_store(backend, dim=DIM, path=path)

    def test_a_file_of_another_dimension_is_refused(self, backend: str, tmp_path: Path) -> None:
        filled(backend, unit_vectors(8)).save(tmp_path / "vectors")
        with pytest.raises(StoreError, match="vectors"):
            open_store(backend, dim=DIM + 1, path=tmp_path / "vectors")


def test_a_store_of_another_backend_is_refused(tmp_path: Path) -> None:
    for written, read in (("exact", "faiss"), ("faiss", "exact")):
        filled(written, unit_vectors(8)).save(tmp_path / written)
        with pytest.raises(StoreError, match="cannot be read"):
            open_store(read, dim=DIM, path=tmp_path / written)


def test_a_faiss_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    import faiss

    faiss.write_index(faiss.IndexFlatIP(DIM), str(tmp_path / "flat"))
    with pytest.raises(StoreError, match="of an unknown kind"):
        open_store("faiss", dim=DIM, path=tmp_path / "flat")


def test_an_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(StoreError, match="faiss, ivf, exact"):
        open_store("annoy", dim=DIM)
