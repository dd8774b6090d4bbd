"""Reports of runs made by hand: what is marked, what is said, and that nothing gets out."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace

import pytest
from markupsafe import Markup, escape

from qa.evaluation.comparison.comparing import Comparison, Flip
from qa.evaluation.formatting import amount, difference, duration, interval, probability
from qa.evaluation.questions import Place
from qa.evaluation.records import OUTCOMES, Excerpt, Retrieved
from qa.evaluation.report import html_comparison, html_report, markdown_comparison, markdown_summary
from qa.evaluation.report.cards import Piece, gold_parts, misses_first, pieces, standing
from qa.evaluation.report.tables import difference_scale, sweep_rows
from qa.evaluation.report.wording import main_result
from qa.evaluation.runs import Run
from tests.sample_runs import (
    AFTER,
    COMPARISON,
    HOSTILE,
    NO_EVIDENCE,
    RECORDS,
    RUN,
    UNANSWERABLE,
    difference_of,
    excerpt,
    hostile_run,
    record,
)


def test_an_excerpt_is_cut_where_it_begins_and_ends_to_be_shared() -> None:
    # "Tickets cost five euros." holds 0 to 24; of it 8 to 12 and 13 to 17 are shared.
    found = pieces(excerpt(0, 24), [Place("museum", 13, 17), Place("museum", 8, 12)])
    assert found == (
        Piece("Tickets ", False),
        Piece("cost", True),
        Piece(" ", False),
        Piece("five", True),
        Piece(" euros.", False),
    )


def test_marks_that_overlap_or_touch_are_one() -> None:
    places = [Place("museum", 8, 14), Place("museum", 10, 12), Place("museum", 14, 17)]
    assert pieces(excerpt(0, 24), places) == (
        Piece("Tickets ", False),
        Piece("cost five", True),
        Piece(" euros.", False),
    )


def test_marks_end_where_the_excerpt_does() -> None:
    # The excerpt starts at 8; what is shared starts before it and ends after it.
    assert pieces(excerpt(8, 17), [Place("museum", 0, 100)]) == (Piece("cost five", True),)
    assert pieces(excerpt(8, 17), [Place("museum", 0, 9)]) == (
        Piece("c", True),
        Piece("ost five", False),
    )


def test_the_same_characters_of_another_document_are_not_shared() -> None:
    assert pieces(excerpt(8, 12), [Place("hours", 8, 12)]) == (Piece("cost", False),)
    assert pieces(excerpt(8, 12), [Place("museum", 12, 20)]) == (Piece("cost", False),)


def test_places_count_characters_and_not_bytes() -> None:
    text = "\U0001f468\u200d\U0001f469 \U0001d54f ok"  # 3 + 1 + 1 + 1 + 2 characters
    cut = pieces(Excerpt("d", 100, 108, text), [Place("d", 104, 105)])
    assert cut == (
        Piece("\U0001f468\u200d\U0001f469 ", False),
        Piece("\U0001d54f", True),
        Piece(" ok", False),
    )
    assert "".join(piece.text for piece in cut) == text


def test_gold_is_shown_once_with_all_its_places_the_quoted_one_first() -> None:
    same = [Excerpt("a", start, start + 4, "five") for start in (0, 10, 20)]
    other = Excerpt("b", 0, 1, "5")
    asked = record("q", gold=((*same, other),))
    (part,) = gold_parts(asked, [Excerpt("a", 21, 40, "...")])
    five, digit = part.words
    assert five.pieces == (Piece("f", False), Piece("ive", True))
    assert five.places == (Place("a", 20, 24), Place("a", 0, 4), Place("a", 10, 14))
    assert (five.right, five.more) == (True, 0)
    assert (digit.pieces, digit.right) == ((Piece("5", False),), False)


def test_more_places_and_more_wordings_are_counted() -> None:
    many = tuple(Excerpt("a", n, n + 1, "x") for n in range(6))
    words = tuple(Excerpt("b", n, n + 1, str(n)) for n in range(5))
    (part,) = gold_parts(record("q", gold=((*many, *words),)), [])
    assert (part.words[0].more, len(part.words[0].places)) == (2, 4)
    assert (len(part.words), part.more) == (3, 3)  # x, 0 and 1; not 2, 3 and 4


def test_it_is_said_where_the_first_gold_stands_in_the_ranking() -> None:
    assert standing(record("q")) == (
        "first gold passage at rank 2 of 2; the answer was made of the first 2"
    )
    lost = record("q", ranking=(Retrieved("museum", 25, 45, 0.9),))
    assert standing(lost) == "no gold passage among the 1 retrieved"
    by_document = record("q", gold=(), by_document=True, relevant={"museum": 1}, in_use=0)
    assert standing(by_document) == "first relevant document at rank 1 of 1"
    assert standing(record("q", **UNANSWERABLE)) == ""
    assert standing(record("q", error="too long")) == ""


def test_misses_come_first_in_the_order_of_the_outcomes() -> None:
    unasked = record("unasked", error="too long")
    tentative = (replace(RECORDS[0], tentative=True), replace(RECORDS[5], tentative=True))
    ordered = misses_first([*RECORDS, unasked, *tentative])
    assert [record.outcome for _, record in ordered] == list(OUTCOMES)
    assert [number for number, _ in ordered] == [7, 4, 3, 5, 6, 9, 8, 1, 2]


def test_a_question_has_the_numbers_of_its_tags() -> None:
    tagged = replace(RUN, records=(record("q", tags=("near miss", "a")), record("r", tags=("a",))))
    assert re.findall('data-tag="([^"]*)"', html_report(tagged)) == ["1 0", "0"]
    choices = re.findall('name="tag" value="([^"]*)" data-key="([^"]*)"', html_report(tagged))
    assert choices == [("a", "0"), ("near miss", "1")]


def test_the_main_result_is_told_in_words() -> None:
    assert main_result(RUN) == (
        "Of 4 answerable questions, 1 was answered with the right quote first "
        "(0.25, 95% interval 0.00 to 0.50); of the other 3, 1 got another quote though a passage "
        "held it, 1 got another as no passage held it and 1 got an abstention. "
        "Of 2 unanswerable questions, 1 got an abstention (0.50, 95% interval 0.12 to 1.00) and "
        "1 got an answer."
    )


def test_tentative_answers_are_told_apart_in_the_main_result() -> None:
    tentative = [replace(RECORDS[number], tentative=True) for number in (0, 2, 5)]
    assert main_result(replace(RUN, records=(*tentative, RECORDS[1]), figures={})) == (
        "Of 2 answerable questions, 1 was answered with the right quote first, 1 of them "
        "tentatively; of the other 1, 1 got a tentative answer with another. "
        "Of 2 unanswerable questions, 1 got an abstention and 1 got a tentative answer."
    )


def test_the_main_result_leaves_out_what_there_is_none_of() -> None:
    all_right = replace(RUN, records=RECORDS[:1], figures={})
    assert main_result(all_right) == (
        "Of 1 answerable question, 1 was answered with the right quote first."
    )
    unknown = replace(RUN, records=(record("q", gold=()),), figures={})
    assert main_result(unknown) == ""


def test_by_document_it_is_a_relevant_document_that_is_quoted() -> None:
    asked = record("q", gold=(), by_document=True, relevant={"museum": 1})
    assert "a quote of a relevant document first" in main_result(replace(RUN, records=(asked,)))


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0 ms"),
        (0.00026, "0.26 ms"),
        (0.0044, "4.4 ms"),
        (0.0638, "64 ms"),
        (0.9996, "1.00 s"),
        (12.34, "12 s"),
        (1234.5, "1,234 s"),
        (float("nan"), "–"),
    ],
)
def test_a_time_is_written_in_the_unit_it_is_read_best_in(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_numbers_are_written_as_what_they_measure() -> None:
    assert amount("hit@5", 0.5) == "0.500"
    assert amount("characters per answer", 1314.66) == "1,314.7"
    assert amount("hit@5", float("nan")) == "–"
    assert interval("seconds p50", 0.02, 0.03) == "20–30 ms"
    assert interval("seconds p50", 0.5, 1.5) == "500 ms–1.50 s"
    assert interval("hit@5", float("nan"), float("nan")) == "–"
    assert difference("hit@5", -0.0654) == "−0.065"
    assert difference("hit@5", 0.0654) == "+0.065"
    assert difference("hit@5", -0.0001) == "0.000"
    assert (probability(0.0004), probability(0.0126), probability(None)) == ("<0.001", "0.013", "–")


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_a_run_says_is_markup(words: str) -> None:
    harmless, written = html_report(hostile_run("harmless")), html_report(hostile_run(words))
    tags = re.compile(r"<(/?[a-z][a-z0-9]*)")
    assert tags.findall(written) == tags.findall(harmless)
    assert "\r" not in written
    assert escape(words).replace("\r", Markup("&#13;")) in written


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_a_comparison_says_is_markup(words: str) -> None:
    def compared(words: str) -> str:
        run = hostile_run(words)
        other = replace(run, name=f"{words}!")
        flip = Flip(other.name, run.records[0], replace(run.records[0], abstained=True))
        return html_comparison(Comparison((run, other), (), (flip,), (words,), 0.05, 0))

    tags = re.compile(r"<(/?[a-z][a-z0-9]*)")
    assert tags.findall(compared(words)) == tags.findall(compared("harmless"))
    assert escape(words).replace("\r", Markup("&#13;")) in compared(words)


def test_what_no_file_can_hold_is_replaced() -> None:
    run = replace(RUN, name="half \ud83d and \0")
    assert "<bdi>half \ufffd and \ufffd</bdi>" in html_report(run)
    assert markdown_summary(run).startswith("### half \ufffd and \ufffd\n")


def test_the_policy_lets_in_the_one_style_and_the_one_script_alone() -> None:
    written = html_report(RUN)

    def digest(tag: str) -> str:
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", written, re.DOTALL)
        return base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()

    (policy,) = re.findall('Content-Security-Policy" content="([^"]*)"', written)
    assert html.unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest('style')}'; "
        f"script-src 'sha256-{digest('script')}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert not re.findall(r'\s(?:style|on\w+)="', written)
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', written)) == {"data:,"}


def test_the_page_shows_the_shared_characters_marked_in_quote_and_gold() -> None:
    written = html_report(replace(RUN, records=RECORDS[:1]))
    assert (
        '<blockquote class="exact" dir="auto">Tickets cost <mark>five euros</mark>.</blockquote>'
    ) in written
    assert ('<blockquote class="exact" dir="auto"><mark>five euros</mark></blockquote>') in written
    assert "<bdi>museum</bdi>, characters 13–23" in written


def test_a_short_gold_quote_is_shown_with_what_is_around_it() -> None:
    gold = Excerpt("museum", 13, 23, "five euros", before="<b>Tickets cost ", after=".\r\n")
    written = html_report(replace(RUN, records=(replace(RECORDS[0], gold=((gold,),)),)))
    assert (
        '<blockquote class="exact" dir="auto"><span class="around">…&lt;b&gt;Tickets cost </span>'
        '<mark>five euros</mark><span class="around">.&#13;\n…</span></blockquote>'
    ) in written


def test_an_empty_run_still_has_a_page() -> None:
    empty = Run("nothing", {}, (), {})
    assert "nothing" in html_report(empty)
    assert markdown_summary(empty) == "### nothing\n"


def test_the_page_of_a_comparison_says_verdicts_in_words_with_a_sign() -> None:
    written = html_comparison(COMPARISON)
    assert '<td class="verdict v-better">✓ better</td>' in written
    assert '<td class="verdict v-worse">✗ worse</td>' in written
    assert '<td class="verdict v-same">– no evidence</td>' in written
    assert '<td class="verdict v-untested"> not tested</td>' in written
    kinds = re.findall(r'<article id="q\d" data-flip="(\w+)" data-run="1" data-set="(\d)"', written)
    assert kinds == [("lost", "1"), ("gained", "3")]


def test_differences_are_drawn_as_far_as_the_widest_interval_in_twentieths() -> None:
    # 0.25 + 0.125 = 0.375, of which the next twentieth is 0.4; times do not count.
    assert difference_scale(COMPARISON.differences) == 0.4
    assert difference_scale([]) == 0.05


def test_of_several_runs_the_best_is_told_only_where_a_test_speaks_for_it() -> None:
    third = replace(RUN, name="third")
    several = replace(
        COMPARISON,
        runs=(RUN, AFTER, third),
        differences=(
            difference_of("hit@5", "new", 0.5, 0.75, "better"),
            difference_of("hit@5", "third", 0.5, 0.875, "better"),
            difference_of("MAP", "new", 0.5, 0.75, NO_EVIDENCE),
            difference_of("MAP", "third", 0.5, 0.25, NO_EVIDENCE),
            difference_of("ECE", "new", 0.25, 0.5, "worse"),
            difference_of("ECE", "third", 0.25, 0.75, "worse"),
            difference_of("AURC", "new", 0.5, 0.25, "better"),
            difference_of("hit@1", "new", 0.5, 0.25, "worse"),
        ),
    )
    rows = {
        measure: [f"{cell.sign}{cell.value}{' best' * cell.best}" for cell in cells]
        for measure, cells in sweep_rows(several)
    }
    assert rows == {
        "hit@5": ["0.500", "✓0.750", "✓0.875 best"],
        "MAP": ["0.500", "0.750", "0.250"],
        "ECE": ["0.250 best", "✗0.500", "✗0.750"],
        "AURC": ["0.500", "✓0.250 best", "–"],
        "hit@1": ["0.500", "✗0.250", "–"],
    }
    assert "| hit@5 | 0.500 | ✓ 0.750 | ✓ **0.875** |" in markdown_comparison(several)
    assert 'aria-label="better">✓</span> <b>0.875</b>' in html_comparison(several)
