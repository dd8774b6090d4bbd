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
from qa.evaluation.report import html_report
from tests.sample_runs import AFTER, COMPARISON, HOSTILE, RUN, hostile_run
from ui.evaluation import view
from ui.evaluation.evaluating import Evaluated
from ui.visitors.background import Step


class Reader(HTMLParser):
    """Reads the text of elements of class `iq-eval-exact`, and the names of all elements."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.exact: list[str] = []
        self._open: list[bool] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
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
    assert not shown.tags & {"script", "img", "style", "iframe"}
    assert not any(name.startswith("on") for name in shown.attributes)
    for there in (f"{words}!", words, f"{words}?"):
        assert there in shown.exact


@pytest.mark.parametrize("words", HOSTILE)
def test_a_title_and_a_failure_are_text(words: str) -> None:
    assert words in Reader(view.introduction(words, None)).exact
    assert Reader(view.failure(words)).exact == [words]


def test_what_no_browser_can_hold_is_replaced() -> None:
    assert "a\ufffdb" in view.failure("a\ud800b")


def test_figures_are_shown_with_their_intervals_and_how_many_questions_count() -> None:
    shown = view.results(Evaluated(RUN, "", b""))
    (row,) = re.findall(r'<tr data-measure="quote-hit@1">(.*?)</tr>', shown)
    for there in ("Right quote first", "quote-hit@1", ">0.250<", ">0.000–0.500<", ">4<", "<svg"):
        assert there in row
    assert "2 questions gained" not in shown
    assert "Against the run before" not in shown


def test_a_change_is_shown_with_its_verdict() -> None:
    shown = view.results(Evaluated(AFTER, "", b"", COMPARISON))
    rows = dict(re.findall(r'<tr data-measure="([^"]*)">(.*?)</tr>', shown.partition("Before:")[2]))
    assert "✓ better" in rows["hit@5"]
    assert "✗ worse" in rows["ECE"]
    assert "– no evidence" in rows["quote-hit@1"]
    assert ">0.500<" in rows["hit@5"]
    assert ">+0.250<" in rows["hit@5"]
    assert "1 question gained, 1 lost." in shown


def test_each_miss_is_shown_with_what_was_said_and_what_was_expected() -> None:
    shown = view.results(Evaluated(RUN, "", b""))
    misses = re.findall(r"<details class=\"iq-eval-miss\"(.*?)</details>", shown)
    assert [re.findall(r"</i>([a-z ]+),", miss) for miss in misses] == [
        ["not retrieved"],
        ["wrong quote"],
        ["false abstention"],
        ["wrongly answered"],
    ]
    wrong, refused, unanswerable = misses[1:]
    said, expected = wrong.split("<h4>Expected</h4>")
    assert "Cats are not let in." in said
    assert "five euros" in expected
    assert "Abstained; the nearest was" in refused
    assert "<mark>five euros</mark>" in refused
    assert "The text does not say." in unanswerable
    assert [" open" in miss.partition(">")[0] for miss in misses] == [True, False, False, False]


def test_no_more_misses_are_shown_than_a_reader_reads_and_the_rest_is_told() -> None:
    many = replace(
        RUN, records=tuple(replace(RUN.records[2], question_id=str(n)) for n in range(45))
    )
    shown = view.results(Evaluated(many, "", b""))
    assert shown.count('iq-eval-miss"') == 20
    assert "And 25 more, in the report." in shown


def test_without_a_miss_that_is_said() -> None:
    shown = view.results(Evaluated(replace(RUN, records=RUN.records[:2]), "", b""))
    assert "None: every question came out right." in shown


def test_report_and_run_are_downloaded_from_the_page_itself() -> None:
    report = html_report(RUN)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("run/run.json", "{}")
    shown = view.results(Evaluated(RUN, report, archive.getvalue()))
    found = dict(re.findall(r'download="([^"]*)" href="data:[a-z/]*;base64,([^"]*)"', shown))
    assert base64.b64decode(found["report.html"]).decode() == report
    assert base64.b64decode(found["run.zip"]) == archive.getvalue()


def test_a_report_is_in_a_frame_that_may_run_its_script_and_no_more() -> None:
    class Frames(HTMLParser):
        found: dict[str, str | None]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "iframe":
                self.found = dict(attrs)

    page = html_report(hostile_run(HOSTILE[0]))
    frames = Frames()
    frames.feed(view.report(page))
    assert frames.found["sandbox"] == "allow-scripts"
    assert frames.found["srcdoc"] == page
    assert "<iframe" not in view.report("x" * 9_000_000)


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
