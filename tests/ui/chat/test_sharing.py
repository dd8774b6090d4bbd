"""Links to single answers."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from ui.chat.sharing import SharedTurns, SharingHandlers
from ui.chat.turns import Turn
from ui.visitors import limits

TEXT = "The northern gate was painted red in 1902. Its keeper is called Ilse."
QUESTION = "When was the northern gate painted?"
ADA, BERN = "account ada", "account bern"
DAY = 86_400


class Clock:
    """Tells a time that a test may change."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "links" / "gate.sqlite"


@pytest.fixture
def handlers(tmp_path: Path, path: Path, clock: Clock) -> Iterator[SharingHandlers]:
    with corpus(tmp_path) as qa:
        yield SharingHandlers(qa, SharedTurns(path, clock))


def corpus(tmp_path: Path, text: str = TEXT) -> QA:
    encoder = FakeEncoder()
    update_index(tmp_path / "index", [Document("gate.txt", text)], encoder=encoder)
    return QA(Index.open(tmp_path / "index"), encoder, ExtractiveAnswerer(encoder, threshold=0))


@pytest.fixture
def turn(handlers: SharingHandlers) -> dict[str, Any]:
    return Turn.of(handlers._qa.ask(QUESTION), "one", 0.0).to_dict()


def link(handlers: SharingHandlers, turn: dict[str, Any], client: str = ADA) -> str:
    return str(handlers.share({"turn": turn}, client)["link"])


def test_a_link_leads_to_the_answer_checked_again(
    handlers: SharingHandlers, turn: dict[str, Any], path: Path
) -> None:
    told = handlers.shared({"link": link(handlers, turn)})
    assert told["turn"] == turn
    assert 'data-state="verified"' in told["html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert ADA.encode() not in path.read_bytes()


def test_the_same_answer_keeps_its_link_and_no_two_answers_or_people_share_one(
    handlers: SharingHandlers, turn: dict[str, Any]
) -> None:
    first = link(handlers, turn)
    assert len(first) == 32
    assert link(handlers, turn) == first
    assert len({first, link(handlers, turn, BERN), link(handlers, turn | {"id": "two"})}) == 3


def test_a_link_ends_thirty_days_after_it_was_last_copied(
    handlers: SharingHandlers, turn: dict[str, Any], clock: Clock
) -> None:
    made = link(handlers, turn)
    clock.now += 29 * DAY
    link(handlers, turn)
    clock.now += 29 * DAY
    assert "turn" in handlers.shared({"link": made})
    clock.now += 2 * DAY
    assert handlers.shared({"link": made})["error"].startswith("This link leads to no answer")


@pytest.mark.parametrize("guess", ["", "x" * 32, "../gate", "x" * 101, None, 5])
def test_a_guess_leads_nowhere(handlers: SharingHandlers, guess: object, path: Path) -> None:
    assert set(handlers.shared({"link": guess})) == {"error"}
    assert not path.exists()


def test_only_answers_of_the_corpus_that_verify_get_a_link(
    handlers: SharingHandlers, turn: dict[str, Any]
) -> None:
    assert "error" in handlers.share({"turn": turn | {"own": True}}, ADA)
    assert "error" in handlers.share({"turn": {"id": "one"}}, ADA)
    turn["answer"]["citations"][0]["quote"] = "The gate was never painted."
    assert "error" in handlers.share({"turn": turn}, ADA)


def test_an_answer_whose_document_has_changed_is_not_shown(
    handlers: SharingHandlers, turn: dict[str, Any], tmp_path: Path, path: Path
) -> None:
    made = link(handlers, turn)
    with corpus(tmp_path, f"New. {TEXT}") as qa:
        told = SharingHandlers(qa, SharedTurns(path, Clock())).shared({"link": made})
    assert told["error"].startswith("The documents have changed since this answer was given")


@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [
        ("MAX_SHARED_EACH", 2, "You have links to 2 answers"),
        ("MAX_SHARED", 2, "There is no room for more links"),
        ("MAX_SHARED_CHARACTERS", 100, "This answer is too long for a link"),
    ],
)
def test_links_are_bounded(
    handlers: SharingHandlers,
    turn: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    most: int,
    reason: str,
) -> None:
    monkeypatch.setattr(limits, limit, most)
    told = [handlers.share({"turn": turn | {"id": id_}}, ADA) for id_ in ("a", "b", "c")]
    assert told[2]["error"].startswith(reason)


def test_a_file_that_cannot_be_used_is_told_in_a_sentence(
    handlers: SharingHandlers, turn: dict[str, Any], path: Path
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database, and long enough to be read as one" * 100)
    for told in (handlers.share({"turn": turn}, ADA), handlers.shared({"link": "x"})):
        assert told["error"].startswith("Links cannot be used; the terminal")
