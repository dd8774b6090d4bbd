"""What the page asks of the server, from a browser that is believed in nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from tests.pdf_files import pages_of
from tests.schemas import assert_valid
from tests.ui.uploading import VISITOR, sent, visiting
from ui.chat.feedback import Feedback
from ui.chat.handlers import ChatHandlers
from ui.chat.user_documents import AllUserDocuments
from ui.visitors import limits
from ui.visitors.uploads import Uploads

TEXT = "The northern gate was painted red in 1902. Its keeper is called Ilse."
TOO_LONG = "This conversation is too long to be checked and shown: begin a new one"
QUESTION = "When was the northern gate painted?"


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


@pytest.fixture
def handlers(tmp_path: Path, uploads: Uploads) -> Iterator[ChatHandlers]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", TEXT)], encoder=encoder)
    qa = QA(Index.open(tmp_path / "index"), encoder, ExtractiveAnswerer(encoder, threshold=0))
    with qa, AllUserDocuments(qa, tmp_path) as all_documents:
        feedback = Feedback(tmp_path / "thumbs.jsonl", qa)
        yield ChatHandlers(qa, "the gate", all_documents, feedback, uploads)


def event(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def asked(handlers: ChatHandlers, **data: Any) -> dict[str, Any]:
    return handlers.ask(event(id="one", question=QUESTION) if not data else event(**data))


def test_the_page_is_given_answers_as_their_schema_says(handlers: ChatHandlers) -> None:
    assert_valid(asked(handlers)["turn"]["answer"], "answer")


def test_small_talk_is_given_a_hint_and_no_error(handlers: ChatHandlers) -> None:
    reply = asked(handlers, id="one", question="hi")
    assert reply["hint"].startswith("Ask a question about the documents")
    assert "error" not in reply


def added(handlers: ChatHandlers, *files: object, token: str | None = None) -> dict[str, Any]:
    return list(handlers.bring(event(files=list(files), token=token), visiting(VISITOR)))[-1]


def test_an_answer_is_given_as_data_and_rendered(handlers: ChatHandlers) -> None:
    told = asked(handlers)
    assert told["id"] == "one"
    assert told["turn"]["answer"]["citations"][0]["quote"] in TEXT
    assert 'data-state="verified"' in told["html"]


def test_an_abstention_says_what_was_asked(
    handlers: ChatHandlers, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    answerer = handlers._qa.answerer
    for name in ("threshold", "tentative"):
        monkeypatch.setattr(answerer, name, 1.0)
    told = asked(handlers)
    assert "I found nothing in “gate” that says this." in told["html"]
    assert handlers.restore({"turns": [told["turn"]]})["turns"][0]["html"] == told["html"]
    files = [sent(uploads, f"{name}.txt", name.encode()) for name in ("pier", "quay")]
    token = added(handlers, *({"token": file} for file in files))["token"]
    own = {"id": "one", "question": QUESTION, "own": True, "token": token}
    told = asked(handlers, **own)
    assert "I found nothing in the documents that says this." in told["html"]
    assert "I found nothing in “quay”" in asked(handlers, **own, documents=["quay.txt"])["html"]
    gone = handlers.restore({"turns": [told["turn"]]})["turns"][0]["html"]
    assert "I found nothing that says this." in gone


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "one"},
        {"id": "<b>", "question": QUESTION},
        {"id": "one", "question": 5},
        {"id": "one", "question": QUESTION, "history": [1]},
        {"id": "one", "question": QUESTION, "history": ["x"] * 500},
        {"id": "one", "question": QUESTION, "documents": "gate.txt"},
    ],
)
def test_what_is_no_question_gets_one_sentence(
    handlers: ChatHandlers, data: dict[str, Any]
) -> None:
    told = handlers.ask(gr.EventData(None, data))
    assert told["error"].startswith("The page sent what cannot be read")
    assert "\n" not in told["error"]


def test_documents_of_nobody_are_told_to_be_gone(handlers: ChatHandlers) -> None:
    told = asked(handlers, id="one", question=QUESTION, own=True, token="guessed")
    assert told["error"].startswith("Your documents are no longer here")
    assert told["question"] == QUESTION


def test_an_upload_is_added_to_the_documents_of_its_visitor(
    handlers: ChatHandlers, uploads: Uploads
) -> None:
    token = sent(uploads, "pier.txt", b"The eastern pier is closed in winter.")
    told = added(handlers, {"token": token})
    assert [one["id"] for one in told["own"]] == ["pier.txt"]
    assert told["problems"] == []
    documents = handlers.user_documents({"token": told["token"]})
    assert documents["own"] == told["own"]
    assert handlers.user_documents({"token": None})["own"] == []
    place = {"document": "pier.txt", "own": True}
    assert handlers.document_part({**place, "token": told["token"]})["blocks"][0][1].startswith(
        "The eastern"
    )
    assert "no longer here" in handlers.document_part({**place, "token": "guessed"})["error"]


@pytest.mark.process
def test_the_pages_of_a_visitors_pdf_are_shown_to_that_visitor_while_it_is_there(
    handlers: ChatHandlers, uploads: Uploads
) -> None:
    token = sent(uploads, "pier.pdf", pages_of(["The eastern pier.", "It is closed."]))
    told = added(handlers, {"token": token})
    place = {"document": "pier.pdf", "own": True, "token": told["token"]}
    part = handlers.document_part(place | {"page": 2})
    assert part["images"]
    assert part["pages_in_all"] == 2
    read = handlers._reading
    assert read.page_image(place | {"page": 2, "width": 400})["text"] == "It is closed."
    for other in ({"token": "guessed"}, {"own": False}, {"document": "../pier.pdf"}):
        assert (
            "no longer here" in read.page_image(place | {"page": 2, "width": 400} | other)["error"]
        )
    handlers.remove({"token": told["token"], "document": "pier.pdf"})
    assert "no longer here" in read.document_pages(place)["error"]


def test_an_upload_is_added_once_and_by_its_visitor_alone(
    handlers: ChatHandlers, uploads: Uploads
) -> None:
    one, two = (sent(uploads, "pier.txt", text) for text in (b"The pier.", b"The quay."))
    stolen = list(handlers.bring(event(files=[{"token": one}]), visiting("b" * 32)))[-1]
    assert stolen["error"].startswith("A file is no longer here")
    assert "error" in added(handlers, {"token": one}, {"token": "guessed"})
    assert added(handlers, {"token": one}, {"token": two})["problems"] == []
    assert "error" in added(handlers, {"token": one})


@pytest.mark.parametrize("file", [{"path": "/etc/passwd", "name": "a.txt"}, "/etc/passwd", {}])
def test_a_path_is_no_upload(handlers: ChatHandlers, file: object) -> None:
    assert added(handlers, file)["error"].startswith("The page sent what cannot be read")


def test_kept_turns_are_restored_and_what_is_none_is_left_out(handlers: ChatHandlers) -> None:
    turn = asked(handlers)["turn"]
    told = handlers.restore({"turns": [turn, {"id": "two"}, {**turn, "id": "three"}]})
    assert [each["id"] for each in told["turns"]] == ["one", "three"]
    assert all("iq-verified" in each["html"] for each in told["turns"])


@pytest.mark.parametrize(
    ("start", "end"), [(0, 5_001), (0, 10**9), (5, 5), (5, 0), (-1, 3), (0, 1.5)]
)
@pytest.mark.parametrize("rows", ["passages", "sentences"])
def test_a_turn_that_claims_a_large_part_of_a_document_is_none(
    handlers: ChatHandlers, rows: str, start: int, end: int
) -> None:
    turn = asked(handlers)["turn"]
    turn["found"][rows][0] |= {"start": start, "end": end}
    assert handlers.restore({"turns": [turn]}) == {"turns": []}


@pytest.mark.parametrize("rows", ["passages", "sentences"])
def test_a_turn_that_claims_many_parts_of_a_document_is_none(
    handlers: ChatHandlers, rows: str
) -> None:
    turn = asked(handlers)["turn"]
    turn["found"][rows] = turn["found"][rows][:1] * 51
    assert handlers.restore({"turns": [turn]}) == {"turns": []}


def test_no_kept_question_is_longer_than_one_that_can_be_asked(handlers: ChatHandlers) -> None:
    for name in ("question", "query"):
        turn = asked(handlers)["turn"]
        turn["answer"][name] = "x" * 2_001
        assert handlers.restore({"turns": [turn]}) == {"turns": []}
        assert "error" in handlers.markdown({"title": "", "turns": [turn]})
    assert "error" in handlers.markdown({"title": "x" * 2_001, "turns": []})


@pytest.mark.parametrize(("name", "value"), [("RESTORE_SECONDS", -1), ("MAX_RESTORED", 5_000)])
def test_a_conversation_that_is_too_long_to_be_shown_is_told_so(
    handlers: ChatHandlers, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(limits, name, value)
    turn = asked(handlers)["turn"]
    told = handlers.restore({"turns": [turn] * 5})
    assert told == {"error": TOO_LONG}


def test_so_many_quotes_are_checked_in_one_call_and_no_more(handlers: ChatHandlers) -> None:
    turn = asked(handlers)["turn"]
    turn["answer"]["near"] = turn["answer"]["citations"] * 100
    assert handlers.restore({"turns": [turn] * 50}) == {"error": TOO_LONG}


def test_only_answers_that_verify_can_be_rated(handlers: ChatHandlers) -> None:
    turn = asked(handlers)["turn"]
    assert handlers.rate({"turn": turn, "good": True}) == {"saved": True}
    turn["answer"]["citations"][0]["quote"] = "The gate was never painted."
    assert "error" in handlers.rate({"turn": turn, "good": True})
    turn["own"] = True
    assert "error" in handlers.rate({"turn": turn, "good": True})


def test_a_part_of_a_document_is_given_by_place(handlers: ChatHandlers) -> None:
    given = handlers.document_part({"document": "gate.txt", "at": 10})
    assert "".join(text for _, text, *_ in given["blocks"]) == TEXT
    assert "no longer here" in handlers.document_part({"document": "../gate.txt"})["error"]
    assert "error" in handlers.document_part({"document": 5})
    assert "error" in handlers.document_part(None)
