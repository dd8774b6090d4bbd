"""Evaluations as HTML: whatever a set or a document says stays text, and is shown as it is."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from qa.evaluation import compare
from qa.evaluation.report import html_comparison, html_report
from qa.evaluation.report.wording import main_result
from tests.sample_runs import AFTER, COMPARISON, HOSTILE, RUN, hostile_run
from ui.evaluation import view
from ui.evaluation.view import Evaluated
from ui.visitors.background import Step


class Reader(HTMLParser):
    """Reads the text of elements of class `iq-eval-exact`, the frames, and all names."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.exact: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self._open: list[bool] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "iframe":
            self.frames.append(dict(attrs))
        is_exact = "iq-eval-exact" in (dict(attrs).get("class") or "").split()
        self._open.append(is_exact)
        if is_exact:
            self.exact.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if any(self._open):
            self.exact[-1] += data


def evaluated(words: str) -> Evaluated:
    run = hostile_run(words)
    other = replace(run, name=f"{words}!", records=(replace(run.records[0], abstained=True),))
    return Evaluated(other, html_report(other), b"", compare(run, other, measures=["quote-hit@1"]))


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_a_set_or_a_document_says_becomes_markup(words: str) -> None:
    shown = Reader(view.results(evaluated(words)))
    assert shown.tags == {"section", "p", "a", "details", "summary", "iframe", "code"}
    assert not any(name.startswith("on") for name in shown.attributes)


@pytest.mark.parametrize("words", HOSTILE)
def test_a_title_and_a_failure_are_text(words: str) -> None:
    assert words in Reader(view.introduction(words, None)).exact
    assert Reader(view.failure(words)).exact == [words]


def test_what_no_browser_can_hold_is_replaced() -> None:
    assert "a\ufffdb" in view.failure("a\ud800b")


def test_report_and_run_are_downloaded_from_the_page_itself() -> None:
    report = html_report(RUN)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("run/run.json", "{}")
    shown = view.results(Evaluated(RUN, report, archive.getvalue()))
    found = dict(re.findall(r'download="([^"]*)" href="data:[a-z/]*;base64,([^"]*)"', shown))
    assert base64.b64decode(found["report.html"]).decode() == report
    assert base64.b64decode(found["run.zip"]) == archive.getvalue()


def test_the_report_is_in_a_frame_that_may_run_its_script_and_no_more() -> None:
    page = html_report(hostile_run(HOSTILE[0]))
    (frame,) = Reader(view.results(Evaluated(RUN, page, b""))).frames
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == page


def test_a_comparison_is_told_in_a_sentence_and_shown_whole_before_the_report() -> None:
    shown = view.results(Evaluated(AFTER, html_report(AFTER), b"", COMPARISON))
    assert "Against the run before: 1 question gained, 1 lost. new: better on " in shown
    compared, report = Reader(shown).frames
    assert compared["srcdoc"] == html_comparison(COMPARISON)
    assert report["srcdoc"] == html_report(AFTER)
    assert {frame["sandbox"] for frame in (compared, report)} == {"allow-scripts"}


def test_a_report_that_is_too_large_is_summed_up_in_words() -> None:
    shown = view.results(Evaluated(RUN, "x" * 8_000_001, b""))
    assert Reader(shown).exact == [
        f"{main_result(RUN)} The report is too large to be shown here: download it."
    ]
    assert not Reader(shown).frames


def test_progress_says_how_many_are_asked_and_how_long_it_takes_yet() -> None:
    shown = view.progress(Step(12, 80, 4.0))
    assert "12 of 80 questions, about 30 seconds left" in shown
    assert 'aria-valuenow="12"' in shown
    assert "width:15.0%" in shown
    assert view.progress(Step(80, 80, 9.0)).count("80 of 80 questions, working out the figures")


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Step(0, 80, 5.0), ""),
        (Step(2, 80, 5.0), ""),
        (Step(40, 80, 0.5), ""),
        (Step(40, 80, 4.0), "a few seconds left"),
        (Step(40, 80, 31.0), "about 40 seconds left"),
        (Step(40, 80, 55.0), "about a minute left"),
        (Step(40, 80, 61.0), "about 2 minutes left"),
    ],
)
def test_time_left_is_told_once_it_is_known_and_never_too_low(asked: Step, left: str) -> None:
    assert view.time_left(asked.seconds_left) == left
