"""Charts of data made by hand: every coordinate is worked out beside it.

A frame stands from 46 to 348 across (302 wide) and from 194 up to 14 (180 high).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from markupsafe import Markup

from qa.evaluation.records import Excerpt, Record, Retrieved
from qa.evaluation.report.charts import (
    Bin,
    Scale,
    hit_curve,
    operating_point,
    reliability,
    risk_coverage,
    stage_times,
)
from qa.evaluation.report.pages import environment
from qa.evaluation.runs import Figure


def draw(macro: str, *arguments: object, **named: object) -> Markup:
    chart: Markup = getattr(environment().get_template("charts.html").module, macro)(
        *arguments, **named
    )
    return chart


def scored(confidence: float, answerable: bool, abstained: bool, right: bool) -> Record:
    words = Excerpt("a", 0, 4, "gold")
    return Record(
        "q",
        "Why?",
        answerable,
        gold=((words,),) if answerable else (),
        abstained=abstained,
        confidence=confidence,
        quotes=(words if right else Excerpt("a", 5, 9, "else"),),
    )


def drawn(chart: Markup, kind: str, *classes: str) -> list[Element]:
    """Return the elements of a kind that have all the classes."""
    found = ElementTree.fromstring(chart).iter(kind)
    return [one for one in found if set(classes) <= set(one.get("class", "").split())]


def numbers(one: Element, *names: str) -> list[float]:
    return [float(one.attrib[name].removesuffix("%")) for name in names]


def said(chart: Markup, *classes: str) -> list[str]:
    return [one.text or "" for one in drawn(chart, "text", *classes)]


def record(id_: str, *found: str, relevant: tuple[str, ...] = ("gold",), **facts: Any) -> Record:
    ranking = tuple(Retrieved(document, 0, 9, 0.5) for document in found)
    known = dict.fromkeys(relevant, 1)
    return Record(id_, "Why?", True, by_document=True, relevant=known, ranking=ranking, **facts)


def test_a_scale_turns_values_into_places() -> None:
    assert Scale(0, 10, 100, 200)(2.5) == 125
    assert Scale(0, 1, 194, 14)(0.5) == 104


def test_what_a_chart_says_is_escaped() -> None:
    chart = draw("times", {'<b> & "co"': [1.0]})
    assert "<b>" not in chart
    assert said(chart, "label") == ['<b> & "co"']


def test_confidence_goes_up_for_answerable_questions_and_down_for_others() -> None:
    answerable = [scored(0.5, True, False, True)] * 4 + [scored(0.1, True, True, False)]
    others = [scored(0.5, False, False, False), scored(0.1, False, True, False)]
    chart = draw("confidence", answerable + others, None)
    # The highest bar is 4/5, so the axis runs to 0.8 both ways: 90 for 0.8, from 104.
    # A slot is 302 / 20 = 15.1 wide, less a gap of 2; that of 0.5 starts at 46 + 10 * 15.1 = 197.
    (up,) = drawn(chart, "rect", "answerable", "answered")
    assert numbers(up, "x", "y", "width", "height") == [198, 14, 13.1, 90]
    # 1 of 5 abstained from at 0.1, slot 2: 0.2 is 22.5 high; 46 + 30.2 + 1.
    (outlined,) = drawn(chart, "rect", "answerable", "abstained")
    assert numbers(outlined, "x", "y", "height") == [77.2, 81.5, 22.5]
    # 1 of 2 is 0.5: 56.25 down from 104.
    (down,) = drawn(chart, "rect", "unanswerable", "answered")
    assert numbers(down, "x", "y", "height") == [198, 104, 56.25]
    assert said(chart, "label") == ["answerable (5)", "unanswerable (2)"]


def test_what_was_abstained_from_stands_on_what_was_answered() -> None:
    scores = [scored(0.5, True, False, True), scored(0.5, True, True, False)]
    chart = draw("confidence", scores, 0.25)
    (answered,) = drawn(chart, "rect", "answered")
    (abstained,) = drawn(chart, "rect", "abstained")
    # Both fill the one slot: 0.5 each of an axis to 1, so 45 each.
    assert numbers(answered, "y", "height") == [59, 45]
    assert numbers(abstained, "y", "height") == [14, 45]
    (threshold,) = drawn(chart, "line", "mark-line")
    assert numbers(threshold, "x1", "x2") == [121.5, 121.5]  # 46 + 302 / 4


def test_tentative_answers_stand_between_the_others_and_abstentions() -> None:
    shy = replace(scored(0.5, True, False, True), tentative=True)
    scores = [scored(0.5, True, False, True), shy, scored(0.5, True, True, False)]
    chart = draw("confidence", scores * 2, 0.75, 0.25)
    bars = [drawn(chart, "rect", status)[0] for status in ("answered", "tentative", "abstained")]
    assert [numbers(bar, "y", "height") for bar in bars] == [[74, 30], [44, 30], [14, 30]]
    lines = drawn(chart, "line", "mark-line")
    assert sorted(numbers(line, "x1")[0] for line in lines) == [121.5, 272.5]


def test_reliability_shows_bins_by_size_and_how_far_they_are_from_the_diagonal() -> None:
    chart = draw("reliability", [Bin(0.25, 0.5, 4), Bin(0.75, 1.0, 1)])
    large, small = drawn(chart, "circle", "bubble")
    assert numbers(large, "cx", "cy", "r") == [121.5, 104, 11.5]  # 2.5 + 9
    assert numbers(small, "cx", "cy", "r") == [272.5, 14, 7]  # 2.5 + 9 * sqrt(1 / 4)
    first, _ = drawn(chart, "line", "gap")
    assert numbers(first, "x1", "y1", "x2", "y2") == [121.5, 149, 121.5, 104]
    assert large[0].text == "4 questions: confidence 0.25, right 0.50"


def test_a_bin_holds_its_upper_edge_and_empty_bins_are_left_out() -> None:
    scores = [
        scored(0.1, True, False, True),
        scored(0.0, True, False, False),
        scored(0.11, True, False, True),
        scored(1.0, False, False, False),
    ]
    assert reliability(scores) == [Bin(0.05, 0.5, 2), Bin(0.11, 1.0, 1), Bin(1.0, 0.0, 1)]


def test_risk_is_taken_over_the_most_confident_and_equals_come_in_together() -> None:
    scores = [
        scored(0.1, True, True, False),
        scored(0.8, True, False, False),
        scored(0.9, True, False, True),
        scored(0.8, True, False, True),
    ]
    curve = risk_coverage(scores)
    assert curve == [(0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert operating_point(scores) == pytest.approx((0.75, 1 / 3))
    chart = draw("risk", curve, (0.75, 1 / 3))
    (line,) = drawn(chart, "polyline", "curve")
    assert line.attrib["points"].split() == ["121.5,194.0", "272.5,134.0", "348.0,104.0"]
    (here,) = drawn(chart, "circle", "here")
    assert numbers(here, "cx", "cy") == [272.5, 134]
    assert here[0].text == "this run answers 75%, of which 33% is wrong"


def test_a_run_that_answers_nothing_has_no_operating_point() -> None:
    assert operating_point([scored(0.1, True, True, False)]) is None
    assert "this run" not in draw("risk", [(1.0, 1.0)], None)


def test_the_hit_curve_counts_the_questions_that_are_judged() -> None:
    records = [
        record("a", "gold", "other"),
        record("b", "other", "other", "else", "gold"),  # documents count once: rank 3
        record("c", "other"),
        record("d", "gold", relevant=()),
    ]
    assert hit_curve(records, depth=4) == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert hit_curve(records[3:]) == []


def test_hits_are_drawn_over_k_with_intervals_and_the_passages_in_use() -> None:
    chart = draw(
        "hits", [0.5, 0.75, 1.0], {"hit@1": Figure("hit@1", 0.5, 0.25, 0.75, 4)}, 2, "passages"
    )
    points = drawn(chart, "circle", "point")
    # From 56 to 338 for k from 1 to 3.
    assert [numbers(one, "cx", "cy") for one in points] == [[56, 104], [197, 59], [338, 14]]
    (whisker,) = drawn(chart, "line", "whisker")
    assert numbers(whisker, "x1", "y1", "y2") == [56, 149, 59]
    (used,) = drawn(chart, "line", "mark-line")
    assert numbers(used, "x1", "x2") == [197, 197]


def test_times_are_drawn_on_a_logarithmic_scale_with_median_and_95th_percentile() -> None:
    chart = draw("times", {"total": [0.001, 0.01, 0.1]})
    # From 12 to 348 for 1 ms to 100 ms; 40 slots of 8.4; the last holds its end.
    bars = drawn(chart, "rect", "time")
    assert [numbers(one, "x")[0] for one in bars] == [12, 180, 339.6]
    (median,) = drawn(chart, "line", "p50")
    (p95,) = drawn(chart, "line", "p95")
    assert numbers(median, "x1") == [180]
    assert numbers(p95, "x1") == [348]
    assert said(chart) == ["1 ms", "10 ms", "100 ms", "total", "p50 10 ms · p95 100 ms"]


def test_times_of_nothing_and_of_zero_are_drawn() -> None:
    assert drawn(draw("times", {"total": [0.0, 0.0]}), "rect", "time")
    assert said(draw("times", {})) == ["1 s", "10 s"]


def test_a_quantile_is_the_smallest_time_that_so_many_do_not_exceed() -> None:
    chart = draw("times", {"total": [float(seconds) for seconds in range(20, 0, -1)]})
    assert said(chart)[-1] == "p50 10 s · p95 19 s"


def test_stages_come_in_their_order_and_the_whole_last() -> None:
    one = record("a", seconds={"total": 0.3, "retrieval": 0.2})
    other = record("b", seconds={"total": 0.5, "retrieval": 0.1, "answer": 0.4})
    assert list(stage_times([one, other]).items()) == [
        ("retrieval", [0.2, 0.1]),
        ("answer", [0.4]),
        ("total", [0.3, 0.5]),
    ]


def test_an_interval_is_drawn_in_shares_of_its_place() -> None:
    chart = draw("interval", 0.5, 0.25, 1.0)
    (whisker,) = drawn(chart, "line", "whisker")
    assert numbers(whisker, "x1", "x2") == [25, 100]
    (point,) = drawn(chart, "circle", "point")
    assert numbers(point, "cx") == [50]
    assert not drawn(chart, "line", "zero")


def test_a_difference_is_drawn_around_zero_and_cut_at_the_ends() -> None:
    chart = draw("interval", 0.1, -0.1, 0.3, -0.2, 0.2)
    (zero,) = drawn(chart, "line", "zero")
    assert numbers(zero, "x1", "x2") == [50, 50]
    (whisker,) = drawn(chart, "line", "whisker")
    assert numbers(whisker, "x1", "x2") == [25, 100]
    (point,) = drawn(chart, "circle", "point")
    assert numbers(point, "cx") == [75]


def test_a_bar_is_cut_in_shares_that_link_where_they_should() -> None:
    chart = draw("outcome_bar", {"right": 57, "<b> it": 3}, linked=True)
    long, short = drawn(chart, "rect")
    assert numbers(long, "x", "width") == [0, 95]  # 57 of 60
    assert numbers(short, "x", "width") == [95, 5]
    assert said(chart) == ["57"]  # there is no room for the 3
    assert [one.attrib["href"] for one in drawn(chart, "a")] == [
        "#outcome=right",
        "#outcome=<b>-it",
    ]
    assert ElementTree.fromstring(chart).attrib["aria-label"] == "right 57, <b> it 3"


def test_a_bar_of_nothing_is_empty() -> None:
    assert drawn(draw("outcome_bar", {}), "rect") == []
