"""How questions on manuals are checked against the pages, and judged; no manual is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.manuals import (
    PACKAGES,
    ManualQuestion,
    MissingError,
    by_manual,
    by_status,
    chosen,
    fetch,
    in_this_release,
    outcome,
    pages,
    questions,
    with_pages,
)
from qa import QA, Document
from qa.index import Index, update_index
from tests.fakes import FakeEncoder

FORCE = "--force: Discard what was changed."
ASKED = ManualQuestion("git", "What does --force discard?", "git-x.html", ("what was  CHANGED",))


def test_of_a_hundred_questions_a_fifth_have_no_answer() -> None:
    asked = questions()
    assert len({one.question for one in asked}) == 100
    assert sum(not one.words for one in asked) == 20
    assert {one.manual for one in asked} == set(PACKAGES)
    assert all(bool(one.words) == bool(one.file) for one in asked)


def test_words_count_in_any_case_and_with_any_white_space() -> None:
    assert ASKED.is_answered_by("Discard what\nwas changed.")
    assert not ASKED.is_answered_by("Discard what is new.")


def test_a_quote_without_the_term_that_it_is_about_does_not_answer() -> None:
    asked = ManualQuestion("git", "Which option?", "x.html", ("what was changed",), "--force")
    assert asked.is_answered_by(FORCE)
    assert not asked.is_answered_by("Discard what was changed.")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"python/a.html": "A"}, "there is no manual of git"),
        ({"git/other.html": "A"}, "there is no page git/git-x.html"),
        ({"git/git-x.html": "A"}, "git/git-x.html says it in other words"),
    ],
)
def test_a_question_that_this_release_does_not_answer_is_left_out_and_reported(
    texts: dict[str, str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not list(in_this_release([ASKED], texts))
    assert f"left out: {ASKED.question}  ({reason})" in capsys.readouterr().out


def test_questions_without_an_answer_are_asked_of_a_manual_that_is_there() -> None:
    without = ManualQuestion("git", "What does --fly do?")
    assert list(in_this_release([ASKED, without], {"git/git-x.html": FORCE})) == [ASKED, without]


def test_pages_are_named_by_their_manual_and_not_by_the_release(tmp_path: Path) -> None:
    for name in ("python3.13/html/library/re.html", "python3.13-doc/html", "python3.13/note.txt"):
        path = tmp_path / "python/usr/share/doc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")
    assert list(pages(tmp_path, "python")) == ["python/library/re.html"]


def test_the_pages_that_are_named_come_first_and_the_others_are_the_same_every_time() -> None:
    found = [f"git/{number}.html" for number in range(50)]
    drawn = chosen(found, {"git/30.html"}, 10)
    assert "git/30.html" in drawn
    assert chosen(reversed(found), {"git/30.html"}, 10) == drawn
    assert set(drawn) < set(chosen(found, {"git/30.html"}, 20))
    assert len(chosen(found, set(), None)) == 50


def test_an_outcome_tells_where_the_words_were_found(tmp_path: Path) -> None:
    update_index(tmp_path, [Document("git/git-x.html", FORCE)], encoder=FakeEncoder())
    with QA(Index.open(tmp_path), FakeEncoder()) as qa:
        found = outcome(qa, ASKED)
        without = outcome(qa, ManualQuestion("git", "How is --force eaten?"))
    assert found.passage == 1
    assert found.quote == 1 or found.near
    assert "What does --force discard?" in found.line()
    assert (without.passage, without.quote, without.near) == (0, 0, False)
    assert "| git | 1 | 1.00 | 1.00 |" in by_manual([found, without])
    assert f"| {found.status} | 1 of 1 |" in by_status([found, without])


def test_the_package_that_has_the_pages_is_fetched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "python3-doc\n  Depends: python3.99-doc\n  Depends: libjs-jquery\n"
    monkeypatch.setattr("benchmarks.manuals.run", lambda _command: listed)
    assert with_pages("python3-doc") == ["python3-doc", "python3.99-doc"]


def test_a_manual_that_cannot_be_fetched_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="apt-cache is not installed"):
        fetch(tmp_path, "git")
    assert not list(tmp_path.iterdir())
