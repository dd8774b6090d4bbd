from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import QA, Document, QAError
from qa.answering import ExtractiveAnswerer
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

ANY: Any = None  # what a program without types may give


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("a", "Tickets cost five.")], encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as opened:
        yield opened


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda qa: qa.ask(None), "the question is None: give a text"),
        (lambda qa: qa.retrieve(b"Who?"), "the question is of the type bytes: give a text"),
        (lambda qa: qa.ask("Who?", top_k="3"), "top_k is the text '3': give a whole number"),
        (lambda qa: qa.retrieve("Who?", top_k=2.5), "top_k is 2.5: give a whole number"),
        (lambda qa: qa.ask("Who?", history="Why?"), "history is the text 'Why?': give a list"),
        (lambda qa: qa.ask("Who?", history=[1]), "history has 1 in it: give a list of texts"),
        (lambda qa: qa.ask("Who?", documents="a"), "documents is the text 'a': give a list of ids"),
        (lambda qa: qa.ask("Who?", documents=7), "documents is 7: give a list of ids"),
        (lambda qa: qa.overview(["a"], sentences="2"), "sentences is the text '2'"),
        (lambda qa: qa.ask_many("Who?"), "questions is the text 'Who?': give a list of texts"),
        (lambda qa: qa.retrieve_many(["Who?", None]), "questions has None in it"),
    ],
)
def test_an_argument_of_a_wrong_type_is_told_in_a_sentence(
    qa: QA, use: Callable[[Any], object], said: str
) -> None:
    with pytest.raises(QAError) as caught:
        use(qa)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"source": 5}, r"the source is 5: give a list, such as \[\"notes/\", Document"),
        ({"source": [5, "notes"]}, "a document is 5: give a path or a Document"),
        ({"index": 5}, "index is 5: give the path of a folder"),
        ({"threshold": "high"}, "threshold is the text 'high': give a number"),
        ({"chunking": 96}, "chunking is 96: give a Chunking"),
        ({"source": ""}, "no document is named: name a file or a folder"),
        ({"model": 5}, "model is 5: give a folder, or a name on the Hub"),
        ({"reranker": 5}, "reranker is 5: give a folder, or a name on the Hub"),
        ({"encoding": 5}, 'encoding is 5: give a name, such as "big5"'),
        ({"token_vectors": "5"}, "token_vectors is the text '5': give a whole number"),
        ({"progress": 5}, "progress is 5: give a function"),
        ({"unreadable": []}, "unreadable is of the type list: give a function"),
        ({"answerer": 5}, "answerer is 5: give an object that has a method answer"),
        ({"store": 5}, "store is 5: give an object that has a method search"),
        (
            {"answerer": ExtractiveAnswerer(FakeEncoder()), "threshold": 0.5},
            "threshold is not for an answerer of your own",
        ),
    ],
)
@pytest.mark.usefixtures("no_model")
def test_opening_says_what_it_cannot_use(named: dict[str, Any], said: str) -> None:
    with pytest.raises(QAError, match=said):
        QA.open(**named)


@pytest.mark.parametrize(
    ("folder", "documents", "said"),
    [
        ("index", "text", "documents is the text 'text': give a list, such as"),
        (ANY, [], "the folder is None: give the path of a folder"),
        ("index", [5], "a document is 5: give a path or a Document"),
    ],
)
def test_an_index_is_not_updated_with_what_is_no_document(
    folder: Any, documents: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QAError) as caught:
        update_index(folder, documents, encoder=FakeEncoder())
    assert str(caught.value).startswith(said)
    assert not Path("index").exists()


def test_an_index_is_not_updated_without_an_encoder(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="encoder is None: give an object that has a method"):
        update_index(tmp_path, [Document("a", "Text.")], encoder=ANY)


@pytest.mark.parametrize(("id_", "text", "said"), [(5, "x", "the id of"), ("a", None, "the text")])
def test_a_document_has_texts(id_: Any, text: Any, said: str) -> None:
    with pytest.raises(QAError, match=said):
        Document(id_, text)
