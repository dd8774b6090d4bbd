from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from embeddings import Encoder, ModelError, ModelNotFetched, Reranker, Tokens
from qa import QA, Answer, Chunking, Citation, Document, QAError, retrieve
from qa.answering import ExtractiveAnswerer
from qa.answering.candidates import Candidate
from qa.answering.extractive import Answerer, FindDocument
from qa.answering.late_interaction import TokensOf
from qa.bundled import essay_path
from qa.documents import Span
from qa.errors import IndexMismatch, IndexNotWritten, LoadError, StoredIndexError
from qa.index import Index, update_index
from qa.opening import open_corpus
from qa.retrieval import RetrievedPassage
from tests.fakes import FakeEncoder, FakeReranker, edit_database, vectors_of

BELT = "When was the Belt and Road proposed?"


@pytest.fixture(autouse=True)
def fake_model(fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    def load(model: str | None = None, **_: object) -> Encoder:
        return FakeEncoder(model=model) if model not in (None, "fake") else fake_encoder

    monkeypatch.setattr("qa.opening.load_encoder", load)
    return fake_encoder


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("Tickets cost five euros.")
    (folder / "sub" / "two.md").write_text("The museum opens at nine.")
    return folder


def test_without_a_source_the_essay_is_opened() -> None:
    with QA.open() as qa:
        assert qa.index.document_ids() == ["essay.txt"]
        assert qa.index.document("essay.txt").text == essay_path().read_text(encoding="utf-8")


def test_a_corpus_is_indexed_once_and_reused(notes: Path, fake_model: FakeEncoder) -> None:
    QA.open(notes).close()
    assert len(fake_model.encoded) == 2
    QA.open(notes).close()
    assert len(fake_model.encoded) == 2


def test_a_changed_corpus_is_brought_up_to_date(notes: Path, fake_model: FakeEncoder) -> None:
    QA.open(notes).close()
    (notes / "one.txt").write_text("Tickets cost six euros.")
    (notes / "sub" / "two.md").unlink()
    (notes / "three.txt").write_text("Cats are not let in.")
    fake_model.encoded.clear()
    with QA.open(notes, threshold=0) as qa:
        assert sorted(fake_model.encoded) == ["Cats are not let in.", "Tickets cost six euros."]
        assert sorted(qa.index.document_ids()) == ["one.txt", "three.txt"]
        assert qa.ask("What do tickets cost?").citations[0].quote == "Tickets cost six euros."


def test_a_damaged_index_in_the_cache_is_made_anew(notes: Path) -> None:
    with closing(open_corpus(notes).index) as opened:
        folder = Path(opened.folder)
    vectors_of(folder).write_bytes(b"")
    with QA.open(notes) as qa:
        assert len(qa.index) == 2


def test_a_damaged_index_in_the_cache_that_cannot_be_removed_is_told(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with QA.open(notes) as qa:
        folder = Path(qa.index.folder)
    vectors_of(folder).write_bytes(b"short")

    def refusing(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    told = f"the damaged index in {folder} cannot be removed"
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", refusing)
        with pytest.raises(StoredIndexError, match=rf"{told} \(Permission denied\): remove it"):
            QA.open(notes)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoredIndexError, match=rf"{told} \(it is a link\): remove it"):
        QA.open(notes)
    assert (tmp_path / "elsewhere").is_dir()


def test_a_cache_folder_that_cannot_be_written_is_named(notes: Path, cache_folder: Path) -> None:
    cache_folder.write_text("a file")
    with pytest.raises(IndexNotWritten) as caught:
        QA.open(notes)
    assert str(caught.value) == (
        f"the index in the cache folder {cache_folder} could not be written and was not changed: "
        "a part of its path is a file: name another folder; INQUOTE_CACHE can name another"
    )


@pytest.mark.parametrize("table", ["passages", "postings", "documents", "word_segments"])
def test_a_damaged_row_in_the_cache_is_met_at_opening_and_made_anew(
    notes: Path, table: str
) -> None:
    with closing(open_corpus(notes).index) as opened:
        folder = Path(opened.folder)
    edit_database(folder, f"UPDATE {table} SET checksum = x'00'")
    with QA.open(notes, threshold=0) as qa:
        assert qa.ask("What do tickets cost?").citations[0].quote == "Tickets cost five euros."


def test_an_index_of_ones_own_grows_and_is_opened_by_its_folder(
    notes: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    QA.open(notes / "one.txt", index=index).close()
    QA.open(notes / "sub" / "two.md", index=index).close()
    for opened in (QA.open(index), QA.open(index=index)):
        with opened as qa:
            assert qa.index.document_ids() == ["one.txt", "two.md"]


def test_what_is_read_and_what_is_asked_may_be_chosen(notes: Path) -> None:
    (notes / "bad.txt").write_bytes(b"\0\1\2")
    (notes / "latin.txt").write_bytes("Füße".encode("latin-1"))
    told: list[LoadError] = []
    with QA.open(notes, only="*.txt", encoding="windows-1251", unreadable=told.append) as qa:
        assert sorted(qa.index.document_ids()) == ["latin.txt", "one.txt"]
        assert qa.index.document("latin.txt").text == "FьЯe"
        assert {hit.passage.document_id for hit in qa.retrieve("What?")} == {"latin.txt", "one.txt"}
    assert [error.source for error in told] == [str(notes / "bad.txt")]
    with pytest.raises(LoadError, match=r"bad\.txt"):
        QA.open(notes)


def test_documents_are_taken_as_they_are(tmp_path: Path) -> None:
    documents = [Document("a", "Tickets cost five euros."), Document("b", "Nine o'clock.")]
    with QA.open(documents, threshold=0) as qa:
        citation = qa.ask("What do tickets cost?").citations[0]
    assert (citation.document_id, citation.source) == ("a", None)


def test_an_index_opens_with_the_model_that_made_it(notes: Path, tmp_path: Path) -> None:
    QA.open(notes, index=tmp_path / "index", model="other").close()
    with QA.open(index=tmp_path / "index") as qa:
        assert qa.encoder.model == "other"
    with pytest.raises(IndexMismatch, match=r"other.*fake"):
        QA.open(index=tmp_path / "index", model="fake")


def test_a_model_that_an_index_names_is_only_taken_if_it_is_here(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    QA.open(notes, index=tmp_path / "index", model="evil/model").close()

    def load(model: str | None = None, *, only_fetched: bool = False, **_: object) -> Encoder:
        if only_fetched:
            raise ModelNotFetched("it is not here", model=model or "")
        return FakeEncoder(model=model or "")

    monkeypatch.setattr("qa.opening.load_encoder", load)
    for use in (QA.open, lambda index: open_corpus(notes, index=index)):
        with pytest.raises(IndexMismatch, match=r"model 'evil/model', .* name it with --model"):
            use(index=tmp_path / "index")
    with QA.open(index=tmp_path / "index", model="evil/model") as qa:
        assert qa.encoder.model == "evil/model"


def test_an_index_opened_with_another_chunking_is_refused(notes: Path, tmp_path: Path) -> None:
    QA.open(notes, index=tmp_path / "index").close()
    with pytest.raises(
        IndexMismatch,
        match=r"at most 96 tokens with an overlap of 1 sentence, not passages of at most 32",
    ):
        QA.open(index=tmp_path / "index", chunking=Chunking(32))


def test_top_k_passages_are_given_best_first() -> None:
    found = retrieve(BELT, top_k=3)
    assert [hit.rank for hit in found] == [1, 2, 3]
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    for hit in found:
        passage = hit.passage
        assert essay_path().read_text(encoding="utf-8")[passage.start : passage.end] == passage.text


def test_a_reranker_that_is_named_is_used(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(model: str) -> Reranker:
        loaded.append(model)
        return FakeReranker(museum=1)

    monkeypatch.setattr("qa.engine.load_reranker", load)
    assert retrieve("What do tickets cost?", notes)[0].passage.document_id == "one.txt"
    assert loaded == []
    by_it = retrieve("What do tickets cost?", notes, reranker="some/cross-encoder", top_k=1)
    assert by_it[0].passage.text == "The museum opens at nine."
    with QA.open(notes, reranker="some/cross-encoder") as qa:
        assert qa.ask("What do tickets cost?").passages[0].rerank_score == 1
    assert loaded == ["some/cross-encoder"] * 2


def test_a_reranker_that_is_not_there_is_told_before_anything_is_indexed(
    notes: Path, fake_model: FakeEncoder
) -> None:
    with pytest.raises(ModelError, match="there is no model folder"):
        QA.open(notes, reranker=str(notes / "no such"))
    assert fake_model.encoded == []


def test_no_source_at_all_is_told_apart_from_none_named() -> None:
    with pytest.raises(QAError, match="no document is named"):
        QA.open([])


def test_more_passages_than_there_are_give_all(notes: Path) -> None:
    assert len(retrieve("tickets", notes, top_k=100)) == 2


@pytest.mark.parametrize("question", ["", " ", "?!", "x" * 2_001, "why \ud800"])
def test_a_question_that_cannot_be_asked_is_refused(question: str) -> None:
    with QA.open() as qa:
        with pytest.raises(QAError, match="question"):
            qa.ask(question)
        with pytest.raises(QAError, match="question"):
            qa.retrieve(question)


def test_no_passages_cannot_be_asked_for() -> None:
    with pytest.raises(QAError, match="top_k"):
        retrieve(BELT, top_k=0)


def test_what_a_history_makes_too_long_is_asked_without_it(fake_model: FakeEncoder) -> None:
    question = "Why is it so?"
    fake_model.max_tokens = fake_model.count_tokens([question])[0]
    with QA.open(Document("a", "It is.")) as qa:
        assert qa.ask(question, history=[BELT]).query == question


def test_a_history_that_cannot_be_searched_for_is_left_out() -> None:
    with QA.open() as qa:
        assert qa.ask("Why is it so?", history=["Why \ud800?"]).query == "Why is it so?"


class SureOf:
    """An answerer that is as sure of a query as it is told, by a word in it; else 0.5.

    `quoting` says likewise what it considers. `asked` lists queries with the passages' ids.
    """

    def __init__(
        self, quoting: Mapping[str, tuple[Candidate, ...]] | None = None, **confidence: float
    ) -> None:
        self._confidence = confidence
        self._quoting = quoting or {}
        self.asked: list[tuple[str, list[str]]] = []

    def answer(
        self,
        question: str,
        query: str,
        passages: Sequence[RetrievedPassage],
        find: FindDocument,
        tokens: TokensOf | None = None,
        shown: Sequence[Citation] = (),
    ) -> Answer:
        self.asked.append((query, [hit.passage.document_id for hit in passages]))
        sure = max((sure for word, sure in self._confidence.items() if word in query), default=0.5)
        considered = self._quoting.get("museum" if "museum" in query else "", ())
        return Answer(question, query, sure, considered=considered, passages=tuple(passages))


class Counting(FakeEncoder):
    """Counts the passages that are encoded for their tokens."""

    tokens_encoded = 0

    def passage_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self.tokens_encoded += len(texts)
        return super().passage_tokens(texts)


def test_an_answerer_that_serves_two_indexes_takes_tokens_from_the_one_that_is_asked(
    tmp_path: Path,
) -> None:
    encoder = Counting()
    update_index(tmp_path / "one", [Document("a", "The castle is of stone.")], encoder=encoder)
    update_index(tmp_path / "two", [Document("b", "The bridge is of granite.")], encoder=encoder)
    answerer = ExtractiveAnswerer(encoder, threshold=0)
    encoder.tokens_encoded = 0
    for folder, quote in (("one", "The castle is of stone."), ("two", "The bridge is of granite.")):
        with QA(Index.open(tmp_path / folder), encoder, answerer) as qa:
            assert qa.ask("What is it of?").citations[0].quote == quote
    assert encoder.tokens_encoded == 0


class TestAQuestionInDoubt:
    QUESTION, HISTORY = "What is the price?", ("Who built the museum?",)
    READ = "What is the price? (built the museum)"
    TEXTS = ("Tickets have a price.", "Kings built the museum.")

    def ask(self, answerer: Answerer, question: str = QUESTION) -> Answer:
        texts = [Document(f"d{number}", text) for number, text in enumerate(self.TEXTS)]
        with QA.open(texts) as opened:
            qa = QA(opened.index, opened.encoder, answerer)
            return qa.ask(question, history=self.HISTORY, top_k=1)

    def test_is_read_with_what_came_before_where_that_answer_is_surer(self) -> None:
        answer = self.ask(SureOf(museum=0.9))
        assert (answer.question, answer.query) == (self.QUESTION, self.READ)

    def test_is_read_by_itself_where_that_answer_is_no_less_sure(self) -> None:
        answer = self.ask(SureOf(museum=0.54))
        assert answer.query == answer.question == self.QUESTION
        assert {"query", "retrieval", "answer", "total"} == {*answer.seconds}

    @pytest.mark.parametrize(("behind", "query"), [(1.9, READ), (2.1, QUESTION)])
    def test_is_read_by_itself_where_the_surer_quote_does_not_answer_it(
        self, behind: float, query: str
    ) -> None:
        first, other = (Candidate("d", Span(at, at + 5), 0, "…", 10.0, {}) for at in (0, 9))
        alone = (first, replace(other, score=10.0 - behind))
        assert self.ask(SureOf({"": alone, "museum": (other,)}, museum=0.9)).query == query

    def test_is_answered_by_itself_as_if_nothing_came_before(self) -> None:
        with QA.open([Document("d", text) for text in self.TEXTS[:1]], threshold=0) as qa:
            assert qa.ask(self.QUESTION, history=self.HISTORY) == qa.ask(self.QUESTION)

    @pytest.mark.parametrize(
        "question", ["Who founded it?", "Why did Rome fight Carthage?"], ids=["leans", "alone"]
    )
    def test_any_other_question_is_answered_once(self, question: str) -> None:
        answerer = SureOf()
        self.ask(answerer, question)
        assert len(answerer.asked) == 1


def test_the_backend_and_the_precision_that_are_named_are_taken(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, str]] = []

    def load(model: str | None = None, *, backend: str, precision: str, **_: object) -> Encoder:
        taken.append((backend, precision))
        return FakeEncoder()

    monkeypatch.setattr("qa.opening.load_encoder", load)
    QA.open(notes).close()
    QA.open(notes, backend="torch").close()
    QA.open(notes, precision="bfloat16").close()
    open_corpus(notes, index=notes.parent / "index", backend="openvino", precision="bfloat16")
    assert taken == [
        ("auto", "auto"),
        ("torch", "auto"),
        ("auto", "bfloat16"),
        ("openvino", "bfloat16"),
    ]


@pytest.mark.parametrize(
    ("history", "checked"),
    [
        ((), ["Who opposes it?"]),
        (("What is THAAD?",), ["Who opposes it?", "Who opposes THAAD?"]),
    ],
)
def test_a_question_and_its_rewriting_are_checked_once_each(
    monkeypatch: pytest.MonkeyPatch, history: Sequence[str], checked: list[str]
) -> None:
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(text for text in texts if text.endswith("?"))
        return [1] * len(texts)

    with QA.open(Document("notes", "Russia opposes THAAD.")) as qa:
        monkeypatch.setattr(qa.encoder, "count_tokens", count)
        qa.ask("Who opposes it?", history=history)
    assert counted == checked
