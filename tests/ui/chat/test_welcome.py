"""An overview in quotes, and questions to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.user_documents import AllUserDocuments
from ui.chat.welcome import WelcomeHandlers
from ui.visitors.uploads import Upload

GATE = "The northern gate was painted red in 1902 by the guild of the city. It is shut at night."


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", GATE)], encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as qa:
        yield qa


@pytest.fixture
def all_documents(qa: QA, tmp_path: Path) -> Iterator[AllUserDocuments]:
    with AllUserDocuments(qa, tmp_path) as all_documents:
        yield all_documents


def test_a_document_is_told_of_in_its_own_words(qa: QA, all_documents: AllUserDocuments) -> None:
    begun = WelcomeHandlers(qa, all_documents, ["Who painted the gate?"]).welcome({})

    assert begun["questions"] == ["Who painted the gate?"]
    assert begun["quotes"]
    assert all(GATE[one["start"] : one["end"]] == one["text"] for one in begun["quotes"])


def test_a_visitors_newest_document_is_told_of(
    qa: QA, all_documents: AllUserDocuments, tmp_path: Path
) -> None:
    mine = all_documents.new()
    welcome = WelcomeHandlers(qa, all_documents, ["Who painted the gate?"])
    asked = {"own": True, "token": mine.token}
    assert "you have no documents here" in welcome.welcome(asked)["error"].lower()
    for name in ("pier.txt", "mill.txt"):
        path = tmp_path / name
        path.write_text(f"The {name} stands at the river and is closed in every winter.")
        mine.add(Upload(path, name))

        begun = welcome.welcome(asked)

        assert {one["document"] for one in begun["quotes"]} == {name}
        assert "Who painted the gate?" not in begun["questions"]
