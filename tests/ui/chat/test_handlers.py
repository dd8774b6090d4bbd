"""What the page asks of the server, from a browser that is believed in nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.errors import IndexUnreachable
from qa.evaluation import load_questions
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from tests.pdf_files import pages_of
from tests.schemas import assert_valid
from tests.ui.uploading import VISITOR, sent, visiting
from ui.chat.feedback import Feedback
from ui.chat.handlers import ChatHandlers
from ui.chat.user_documents import AllUserDocuments
from ui.visitors import limits
from ui.visitors.uploads import Upload, Uploads

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


def test_what_passes_is_asked_again_later(
    handlers: ChatHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise IndexUnreachable("the index on milvus cannot be used: it is away", folder="")

    monkeypatch.setattr(handlers._qa, "ask", away)
    told = asked(handlers)
    assert told["error"] == "The index on milvus cannot be used: it is away"
    assert told["again"]
    assert "again" not in asked(handlers, id="one", question=QUESTION, own=True)


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
    assert all("Exact quote" in each["html"] for each in told["turns"])


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


def written(handlers: ChatHandlers, title: str, *turns: dict[str, Any]) -> dict[str, Any]:
    return handlers.markdown({"conversations": [{"title": title, "turns": list(turns)}] * 2})


def test_conversations_are_written_as_markdown(handlers: ChatHandlers) -> None:
    text = written(handlers, "The gate", asked(handlers)["turn"])["text"]
    assert text.count("# The gate\n\n## When was the northern gate painted?\n\n> ") == 2


def test_no_kept_question_is_longer_than_one_that_can_be_asked(handlers: ChatHandlers) -> None:
    for name in ("question", "query"):
        turn = asked(handlers)["turn"]
        turn["answer"][name] = "x" * 2_001
        assert handlers.restore({"turns": [turn]}) == {"turns": []}
        assert "error" in written(handlers, "", turn)
    assert "error" in written(handlers, "x" * 2_001)


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


def test_settings_are_for_one_question_alone(handlers: ChatHandlers) -> None:
    usual = asked(handlers)["turn"]
    one = {"id": "one", "question": QUESTION}
    more = asked(handlers, **one, settings={"sure": "sure", "quotes": 5})["turn"]
    assert len(more["answer"]["citations"]) == 2 > len(usual["answer"]["citations"])
    assert more["found"]["tentative"] == more["found"]["threshold"]
    assert asked(handlers)["turn"]["answer"]["citations"] == usual["answer"]["citations"]
    for wrong in ({"sure": "quite"}, {"quotes": 11}, {"quotes": 0}, {"quotes": "3"}, 5):
        assert "cannot be read" in asked(handlers, **one, settings=wrong)["error"]


@pytest.mark.parametrize(
    ("question", "history", "follows"),
    [
        ("And its keeper?", [QUESTION], True),
        ("And its keeper?", [], False),
        ("Who is the keeper of the northern gate?", [QUESTION], False),
        ("Tell me more", [QUESTION], False),
    ],
)
def test_a_turn_tells_whether_it_was_read_with_what_came_before(
    handlers: ChatHandlers, question: str, history: list[str], follows: bool
) -> None:
    told = asked(handlers, id="one", question=question, history=history)
    assert told["turn"]["follows"] is follows
    assert ("Ask without what came before" in told["html"]) is follows


def test_ratings_of_own_documents_are_kept_with_these_alone(
    handlers: ChatHandlers, uploads: Uploads, tmp_path: Path
) -> None:
    file = sent(uploads, "pier.txt", b"The eastern pier is closed in winter. Ada guards it.")
    token = added(handlers, {"token": file})["token"]
    own = {"own": True, "token": token}
    turn = asked(handlers, id="one", question="When is the eastern pier closed?", **own)["turn"]
    nothing = "You have rated no answers about documents that are here"
    assert handlers.ratings({"token": token}) == {"error": nothing}
    span = {"document": "pier.txt", "start": 37, "end": 52}
    rating = {"turn": turn, "good": False, "fault": "wrong", "spans": [span]}
    assert "error" in handlers.rate(rating | {"token": "guessed"})
    assert handlers.rate(rating | {"token": token}) == {"saved": True}
    assert not (tmp_path / "thumbs.jsonl").exists()
    saved = tmp_path / "mine.jsonl"
    saved.write_text(handlers.ratings({"token": token})["text"])
    (kept,) = load_questions(saved)
    assert (kept.text, kept.quotes) == ("When is the eastern pier closed?", ("Ada guards it.",))
    assert handlers.ratings({"token": "guessed"}) == {"error": nothing}
    handlers.remove({"token": token, "document": "pier.txt"})
    assert handlers.ratings({"token": token}) == {"error": nothing}


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        ({"document": "other.txt", "start": 0, "end": 5}, "There is no document other.txt here"),
        ({"document": "gate.txt", "start": 5, "end": 5_000}, "not part of the document"),
        ({"document": "gate.txt", "start": -5, "end": 5}, "not part of the document"),
        ({"document": "gate.txt", "start": 42, "end": 43}, "has no words"),
        ({"document": "gate.txt", "start": "0", "end": 5}, "cannot be read"),
    ],
)
def test_only_words_of_the_documents_are_taken_as_an_answer(
    handlers: ChatHandlers, span: dict[str, Any], reason: str
) -> None:
    turn = asked(handlers)["turn"]
    told = handlers.rate({"turn": turn, "good": False, "spans": [span]})
    assert reason in told["error"]
    assert handlers.rate({"turn": turn, "good": False, "fault": "ugly"})["error"]


def test_a_part_of_a_document_is_given_by_place(handlers: ChatHandlers) -> None:
    given = handlers.document_part({"document": "gate.txt", "at": 10})
    assert "".join(text for _, text, *_ in given["blocks"]) == TEXT
    assert "no longer here" in handlers.document_part({"document": "../gate.txt"})["error"]
    assert "error" in handlers.document_part({"document": 5})
    assert "error" in handlers.document_part(None)


def test_documents_are_found_and_chosen_by_pattern(
    handlers: ChatHandlers, uploads: Uploads
) -> None:
    files = [{"token": sent(uploads, name, f"The {name}.".encode())} for name in ("a.md", "b.txt")]
    token = added(handlers, *files)["token"]
    own = {"token": token, "own": True}
    found = handlers.find_documents({**own, "text": "*.md"})
    assert found["documents"] == [{"id": "a.md", "matches": True}]
    assert handlers.find_documents({"text": "gate"})["found"] == 1
    turn = asked(handlers, id="one", question=QUESTION, only="*.md", **own)["turn"]
    assert turn["documents"] == ["a.md"]
    told = asked(handlers, id="one", question=QUESTION, only="nowhere", **own)
    assert told["error"] == "No document is chosen: choose one to ask"
    for wrong in ({"text": "x" * 201}, {"after": -1}, {"only": 5}, {"but": ["x"] * 1_001}):
        assert "error" in handlers.find_documents(wrong)


def test_a_web_page_is_added_only_where_that_is_allowed(handlers: ChatHandlers) -> None:
    asked_for = event(page="http://example.org/")
    (told,) = handlers.bring(asked_for, visiting(VISITOR))
    assert told["error"].startswith("Web pages cannot be added here")


def test_what_is_added_is_cancelled_by_its_visitor_alone(
    handlers: ChatHandlers, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"token": sent(uploads, "pier.txt", b"The eastern pier is closed in winter.")}
    states: list[str] = []
    load = Upload.load

    def read_and_cancel(upload: Upload) -> Document:
        ((token, name),) = handlers._additions
        handlers.cancel({"token": "guessed", "id": name, "file": 0})
        states.append(handlers._additions[token, name].parts[0].state)
        handlers.cancel({"token": token, "id": name, "file": 0})
        return load(upload)

    monkeypatch.setattr(Upload, "load", read_and_cancel)
    told = added(handlers, file)
    assert states == ["reading"]
    assert (told["own"], told["files"][0]["state"]) == ([], "cancelled")
    assert not handlers._additions
