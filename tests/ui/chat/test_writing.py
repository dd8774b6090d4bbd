"""How the page has answers written: step by step, stopped at once, and sealed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from qa import QA, Answer, Document
from qa.answering import ExtractiveAnswerer
from qa.answering.statements import Statement, Written
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from tests.qa.writing.scripted import Script, scripted
from tests.schemas import assert_valid
from tests.ui.chat.test_user_documents import upload
from tests.ui.serving import eventually
from tests.ui.uploading import VISITOR, visiting
from ui.chat.asking import Answered
from ui.chat.export import markdown
from ui.chat.feedback import Feedback
from ui.chat.handlers import ChatHandlers
from ui.chat.render import turn as rendered
from ui.chat.seals import Seals
from ui.chat.sharing import SharedTurns, SharingHandlers
from ui.chat.turns import Checked, parse_turn
from ui.chat.user_documents import AllUserDocuments
from ui.chat.writing import WritingHandlers
from ui.visitors.drafts import Stopped, Told
from ui.visitors.fair_work import Places
from ui.visitors.uploads import Uploads

TEXT = "The northern gate was painted red in 1902. Its keeper is called Ilse."
QUESTION = "When was the northern gate painted?"
FIRST = Statement("The gate was painted in <1902>.", (1,), 0.9)
LEFT_OUT = Statement("It is blue.", (), 0.1, "unsupported")


def written(answer: Answer, *statements: Statement) -> Answer:
    return replace(answer, written=Written(statements, "a*b", "127.0.0.1:1", 1))


def in_two_steps(answered: Answered, told: Told, stopped: Stopped) -> Answer:
    told(written(answered.answer, FIRST))
    return written(answered.answer, FIRST, LEFT_OUT)


class Page:
    """The handlers of a page whose model writes as it is told."""

    def __init__(self, tmp: Path, qa: QA, all_documents: AllUserDocuments) -> None:
        self.qa = qa
        self.chat = ChatHandlers(
            qa, "the gate", all_documents, Feedback(tmp / "thumbs", qa), Uploads(tmp)
        )
        self.seals = Seals(tmp / "links.key")
        self.sharing = SharingHandlers(qa, SharedTurns(tmp / "links"), self.seals)

    def writing(self, write: Any = in_two_steps, places: Places | None = None) -> WritingHandlers:
        return WritingHandlers(self.chat.answered, write, self.seals, places)

    def turn(self) -> dict[str, Any]:
        """Return a turn that was written."""
        turn: dict[str, Any] = list(begun(self.writing()))[-1]["turn"]
        return turn


def begun(handlers: WritingHandlers, id_: str = "one") -> Iterator[dict[str, Any]]:
    event = gr.EventData(None, {"id": id_, "question": QUESTION})
    return handlers.write(event, visiting(VISITOR))


def stop(handlers: WritingHandlers, id_: str = "one") -> None:
    assert handlers.stop_writing({"id": id_}, visiting(VISITOR).username or "") == {}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", TEXT)], encoder=encoder)
    qa = QA(Index.open(tmp_path / "index"), encoder, ExtractiveAnswerer(encoder, threshold=0))
    with qa, AllUserDocuments(qa, tmp_path) as all_documents:
        yield Page(tmp_path, qa, all_documents)


def held(answered: Answered, told: Told, stopped: Stopped) -> Answer:
    """Write when it is told to stop, as a silent endpoint does."""
    eventually(stopped)
    return answered.answer


def test_a_turn_comes_with_each_statement_more(page: Page) -> None:
    first, last = begun(page.writing())
    assert (first["is_done"], last["is_done"]) == (False, True)
    counts = [len(each["turn"]["answer"]["written"]["statements"]) for each in (first, last)]
    assert counts == [1, 2]
    assert "The gate was painted in &lt;1902&gt;." in first["html"]
    assert "1 sentence was left out because no quote supports it" in last["html"]
    assert_valid(last["turn"]["answer"], "answer")


def test_no_two_signs_of_life_are_the_same(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.visitors.drafts.BEAT", 0.01)
    steps = begun(page.writing(held))
    signs = [next(steps) for _ in range(3)]
    steps.close()  # type: ignore[attr-defined]  # a generator
    assert all("turn" not in sign for sign in signs)
    assert signs[0] != signs[1] != signs[2]


@pytest.mark.model
def test_own_documents_are_written_of_by_the_same_model(page: Page, tmp_path: Path) -> None:
    script = Script(((TEXT.split(". ")[0] + ".", [1]),))
    with scripted(script) as llm:
        qa = QA(page.qa.index, page.qa.encoder, page.qa.answerer, llm=llm)
        (tmp_path / "own").mkdir()
        with AllUserDocuments(qa, tmp_path / "own") as all_documents:
            documents = all_documents.new()
            documents.add(upload(tmp_path / "own", "own.txt", TEXT))
            answer = documents.write(documents.ask(QUESTION))
    assert [one.sentence for one in answer.statements] == [TEXT.split(". ")[0] + "."]
    assert answer.citations[0].document_id == "own.txt"
    assert TEXT.split(". ")[0] in script.asked[0]["messages"][1]["content"]


def test_an_error_is_told_in_a_sentence(page: Page) -> None:
    def fails(*_: object) -> Answer:
        raise OSError("secret")

    (only,) = begun(page.writing(fails))
    assert only["is_done"]
    assert only["error"].startswith("This could not be done")
    (only,) = begun(page.writing(page.chat.written))
    assert only["error"].startswith("No language model is named")
    (only,) = page.writing().write(gr.EventData(None, {"id": "/"}), visiting(VISITOR))
    assert only["is_done"]


def test_what_is_silent_is_stopped_at_once_and_leaves_its_place_when_it_ends(page: Page) -> None:
    gate = threading.Event()

    def silent(answered: Answered, *_: object) -> Answer:
        gate.wait(10)
        return answered.answer

    places = Places(at_once=1)
    handlers = page.writing(silent, places)
    steps = begun(handlers)
    alive = next(steps)
    assert "turn" not in alive
    started = time.monotonic()
    stop(handlers)
    assert list(steps) == []
    assert time.monotonic() - started < 0.5
    assert not places.take("another")
    gate.set()
    assert eventually(lambda: places._taken.total() == 0)


def test_what_is_stopped_before_it_begins_is_not_written(page: Page) -> None:
    asked: list[Answered] = []

    def write(answered: Answered, *_: object) -> Answer:
        asked.append(answered)
        return answered.answer

    handlers = page.writing(write)
    stop(handlers)
    assert list(begun(handlers)) == []
    assert not asked
    places = Places(at_once=1)
    assert places.take("another")
    handlers = page.writing(places=places)
    steps = begun(handlers)
    assert "turn" not in next(steps)
    stop(handlers)
    assert list(steps) == []


def test_a_visitor_who_left_stops_the_model(page: Page) -> None:
    ended = threading.Event()

    def write(answered: Answered, told: Told, stopped: Stopped) -> Answer:
        told(written(answered.answer, FIRST))
        held(answered, told, stopped)
        ended.set()
        return answered.answer

    steps = begun(page.writing(write))
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert ended.wait(5)


def test_a_statement_without_its_quote_is_not_shown(page: Page) -> None:
    turn = parse_turn(page.turn())
    other = Document("gate.txt", TEXT.replace("1902", "1903"))
    assert "The gate was painted in" in rendered(Checked.against(turn, lambda _: None))
    html = rendered(Checked.against(turn, lambda _: other))
    assert "The gate was painted in" not in html
    assert "1 written sentence is not shown" in html


def test_markdown_tells_statements_from_quotes(page: Page) -> None:
    text = markdown("Gate", [parse_turn(page.turn())])
    assert r"The gate was painted in \<1902\>\. \[1\]" in text
    assert r"Written by a\*b from the quotes below; checked against them, not proven." in text


@pytest.mark.parametrize(
    "change",
    [
        lambda turn: turn["answer"]["written"]["statements"][0].update(sentence="It is blue."),
        lambda turn: turn["answer"]["written"].update(model="another"),
        lambda turn: turn.update(seal=""),
        lambda turn: turn["answer"].pop("written"),
    ],
)
def test_a_link_is_made_only_to_what_was_written_here(
    page: Page, change: Callable[[dict[str, Any]], object]
) -> None:
    turn = page.turn()
    link = page.sharing.share({"turn": turn})["link"]
    assert "The gate was painted in" in page.sharing.shared({"link": link})["html"]
    change(turn)
    answer = turn["answer"]
    said = [f"{one['sentence']} [1]" for one in answer.get("written", {}).get("statements", [])][:1]
    quotes = [f"{one['quote']} [{one['number']}]" for one in answer["citations"]]
    answer["text"] = "\n\n".join(said or quotes)
    assert "was not written here" in page.sharing.share({"turn": turn})["error"]


def test_seals_outlast_the_process(page: Page, tmp_path: Path) -> None:
    turn = parse_turn(page.turn())
    assert Seals(tmp_path / "links.key").holds(turn.answer, turn.seal)
    assert not Seals(tmp_path / "other.key").holds(turn.answer, turn.seal)
    (tmp_path / "links.key").write_bytes(b"")
    assert not Seals(tmp_path / "links.key").holds(turn.answer, turn.seal)
    assert (tmp_path / "other.key").stat().st_mode & 0o777 == 0o600
