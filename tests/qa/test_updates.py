"""An open `QA`, while others change its index, and after it was closed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from logging import NullHandler
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings import StoreError, open_store
from embeddings.stores.exact import ExactStore
from qa import QA, Document, QAError
from qa.answering import Answer, ExtractiveAnswerer
from qa.errors import IndexMismatch, IndexMissing, SettingsError, StoredIndexError
from qa.filters import Filter
from qa.index import Index, update_index
from qa.retrieval import RetrievedPassage
from tests.fakes import FakeEncoder

FIVE, SIX = (Document("a", f"Tickets cost {many} euros.") for many in ("five", "six"))
OPENING = Document("b", "The museum opens at nine.")
PRICE = "What do tickets cost?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    update_index(tmp_path / "index", [FIVE], encoder=FakeEncoder())
    return tmp_path / "index"


def opened(folder: Path, **options: Any) -> QA:
    encoder = FakeEncoder()
    answerer = ExtractiveAnswerer(encoder, threshold=0)
    return QA(Index.open(folder), encoder, **{"answerer": answerer} | options)


def changed(folder: Path, *documents: Document) -> None:
    update_index(folder, documents, encoder=FakeEncoder())


def quoted(qa: QA) -> str:
    return qa.ask(PRICE).citations[0].quote


class TestRefreshing:
    def test_shows_what_was_changed(self, folder: Path) -> None:
        with opened(folder) as qa:
            changed(folder, SIX, OPENING)
            assert quoted(qa) == FIVE.text
            assert qa.refresh()
            assert quoted(qa) == SIX.text
            assert qa.index.document_ids() == ["a", "b"]

    def test_keeps_to_the_documents_that_are_asked(self, folder: Path) -> None:
        changed(folder, OPENING)
        with QA(Index.open(folder, Filter.of(["b"])), FakeEncoder()) as qa:
            changed(folder, Document("c", "Tickets cost seven euros."))
            assert qa.refresh()
            assert qa.index.document_ids() == ["b"]

    def test_follows_no_change_that_takes_out_all_documents_that_are_asked(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        changed(folder, OPENING)
        with QA(Index.open(folder, Filter.of(["b"])), FakeEncoder(), follow=True) as qa:
            update_index(folder, [], encoder=FakeEncoder(), remove=["b"])
            assert {hit.passage.document_id for hit in qa.retrieve("opens at nine")} == {"b"}
        assert "no document matches 'b'" in caplog.text

    def test_does_nothing_where_nothing_was_changed(self, folder: Path) -> None:
        with opened(folder) as qa:
            index = qa.index
            changed(folder, FIVE)
            assert not qa.refresh()
            assert qa.index is index

    def test_sees_an_index_that_was_made_anew(self, folder: Path) -> None:
        with opened(folder) as qa:
            shutil.rmtree(folder)
            changed(folder, SIX)
            assert qa.refresh()
            assert quoted(qa) == SIX.text

    def test_keeps_the_open_index_where_the_new_one_cannot_be_opened(self, folder: Path) -> None:
        with opened(folder) as qa:
            shutil.rmtree(folder)
            with pytest.raises(IndexMissing, match="is not an inquote index"):
                qa.refresh()
            assert quoted(qa) == FIVE.text
            update_index(folder, [SIX], encoder=FakeEncoder(model="other"))
            with pytest.raises(IndexMismatch, match="made with model other"):
                qa.refresh()
            assert quoted(qa) == FIVE.text

    def test_lets_a_question_go_on_with_the_index_as_it_was(self, folder: Path) -> None:
        asked, may_go_on = Event(), Event()

        class Slow(ExtractiveAnswerer):
            def answer(
                self, question: str, query: str, passages: Sequence[RetrievedPassage], *rest: Any
            ) -> Answer:
                asked.set()
                assert may_go_on.wait(30)
                return super().answer(question, query, passages, *rest)

        qa = opened(folder, answerer=Slow(FakeEncoder(), threshold=0))
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(quoted, qa)
            assert asked.wait(30)
            before = qa.index
            changed(folder, SIX)
            assert qa.refresh()
            qa.close()
            assert before.document("a").text == FIVE.text
            may_go_on.set()
            assert answer.result() == FIVE.text
        with pytest.raises(QAError, match="is closed: open it again"):
            before.document("a")


class TestFollowing:
    def test_asks_each_question_of_the_newest_index(self, folder: Path) -> None:
        with opened(folder, follow=True) as qa:
            assert quoted(qa) == FIVE.text
            changed(folder, SIX)
            assert quoted(qa) == SIX.text
            changed(folder, OPENING)
            assert len(qa.retrieve(PRICE)) == 2
            assert qa.ask_many([PRICE])[0].citations[0].quote == SIX.text
            assert len(qa.overview().citations) == 2

    def test_goes_on_with_the_open_index_where_it_is_gone_and_says_so_in_the_log(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with opened(folder, follow=True) as qa, caplog.at_level(logging.WARNING, "inquote"):
            shutil.rmtree(folder)
            assert quoted(qa) == FIVE.text
        assert "is not followed" in caplog.text

    def test_is_left_out_unless_it_is_asked_for(self, folder: Path) -> None:
        with opened(folder) as qa:
            changed(folder, SIX)
            assert quoted(qa) == FIVE.text


@pytest.mark.parametrize(
    "use",
    [
        lambda qa: qa.ask(PRICE),
        lambda qa: qa.retrieve(PRICE),
        lambda qa: qa.ask_many([PRICE]),
        lambda qa: qa.retrieve_many([]),
        lambda qa: qa.overview(),
        lambda qa: qa.refresh(),
        lambda qa: qa.index.document("a"),
    ],
)
@pytest.mark.parametrize("follow", [False, True])
def test_what_is_closed_says_so(folder: Path, use: Callable[[QA], object], follow: bool) -> None:
    qa = opened(folder, follow=follow)
    qa.close()
    qa.close()
    with pytest.raises(StoredIndexError, match=f"the index in {folder} is closed: open it again"):
        use(qa)


class RecordingStore(ExactStore):
    """A store that lists what it is searched for."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.searched: list[int] = []

    def search(
        self,
        vectors: NDArray[np.float32],
        top_k: int,
        among: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        self.searched.append(top_k)
        return super().search(vectors, top_k, among)


class TestAStoreOfOnesOwn:
    @pytest.fixture
    def store(self) -> RecordingStore:
        return RecordingStore(FakeEncoder().dim)

    def test_finds_what_the_index_finds(self, folder: Path, store: RecordingStore) -> None:
        changed(folder, OPENING)
        with opened(folder) as own, opened(folder, store=store) as qa:
            assert qa.retrieve(PRICE) == own.retrieve(PRICE)
            assert qa.retrieve(PRICE, documents=["b"]) == own.retrieve(PRICE, documents=["b"])
        assert len(store.searched) == 2
        assert len(store) == 2  # it is not closed

    def test_finds_only_the_documents_that_are_asked(
        self, folder: Path, store: RecordingStore
    ) -> None:
        changed(folder, OPENING)
        with QA(Index.open(folder, Filter.of(["b"])), FakeEncoder(), store=store) as qa:
            assert {hit.passage.document_id for hit in qa.retrieve(PRICE)} == {"b"}

    def test_follows_the_index(self, folder: Path, store: RecordingStore) -> None:
        with opened(folder, store=store, follow=True) as qa:
            before = store.ids.tolist()
            changed(folder, SIX, OPENING)
            assert quoted(qa) == SIX.text
            assert isinstance(qa.index, Index)
            assert sorted(store.ids.tolist()) == sorted(qa.index._store.ids.tolist())
            assert not {*before} & {*store.ids.tolist()}

    def test_keeps_what_it_has(self, folder: Path, store: RecordingStore) -> None:
        opened(folder, store=store).close()
        added: list[object] = []
        store.add = lambda ids, vectors: added.append(ids)  # type: ignore[method-assign]
        opened(folder, store=store).close()
        assert added == []

    def test_is_refused_with_the_vectors_of_other_passages(
        self, folder: Path, store: RecordingStore
    ) -> None:
        store.add(np.array([1]), FakeEncoder().encode_queries(["Something else."]))
        with pytest.raises(SettingsError, match="vectors of other passages than the index"):
            opened(folder, store=store)

    def test_is_refused_with_another_dimension(self, folder: Path) -> None:
        with pytest.raises(SettingsError, match="vectors of 3 numbers, and the index of 64"):
            opened(folder, store=open_store("exact", dim=3))

    def test_finds_nothing_that_the_index_has_not(
        self, folder: Path, store: RecordingStore
    ) -> None:
        with opened(folder, store=store) as qa:
            store.add(np.array([99]), FakeEncoder().encode_queries([PRICE]))
            assert [hit.passage.text for hit in qa.retrieve(PRICE)] == [FIVE.text]

    def test_that_fails_is_no_damage_of_the_index(
        self, folder: Path, store: RecordingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise StoreError("the server is gone")

        with opened(folder, store=store) as qa:
            monkeypatch.setattr(store, "search", fail)
            with pytest.raises(StoreError, match="the server is gone"):
                qa.ask(PRICE)


class TestTheLog:
    @pytest.fixture
    def log(self, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
        with caplog.at_level(logging.DEBUG, "inquote"):
            yield caplog

    @pytest.mark.usefixtures("no_model")
    def test_tells_what_was_indexed_and_opened_without_a_word_of_it(
        self, tmp_path: Path, log: pytest.LogCaptureFixture
    ) -> None:
        with QA.open(FIVE, index=tmp_path / "new"):
            changed(tmp_path / "new", OPENING)
        assert [(record.levelname, record.name) for record in log.records] == [
            ("INFO", "inquote")
        ] * 3
        assert log.messages == [
            f"indexed into {tmp_path / 'new'}: "
            "1 added, 0 updated, 0 removed, 0 unchanged; 1 passages encoded",
            f"opened {tmp_path / 'new'}: 1 passages",
            f"indexed into {tmp_path / 'new'}: "
            "1 added, 0 updated, 0 removed, 0 unchanged; 1 passages encoded",
        ]

    def test_tells_what_was_asked_to_whoever_debugs(
        self, folder: Path, log: pytest.LogCaptureFixture
    ) -> None:
        with opened(folder) as qa:
            qa.ask(PRICE)
        (record,) = log.records
        assert record.levelname == "DEBUG"
        assert record.getMessage().startswith(f"asked {PRICE!r}, read as {PRICE!r}: answered, ")

    def test_is_silent_unless_somebody_listens(
        self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The command line listens, and other tests of this process may have called it.
        only_own = [h for h in logging.getLogger("inquote").handlers if type(h) is NullHandler]
        assert only_own
        monkeypatch.setattr(logging.getLogger("inquote"), "handlers", only_own)
        with opened(folder, follow=True) as qa:
            shutil.rmtree(folder)
            qa.ask(PRICE)
        assert capfd.readouterr() == ("", "")
