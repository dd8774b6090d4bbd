"""Every measure against numbers worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG

from qa.evaluation.measures import MEASURES, columns
from qa.evaluation.records import Excerpt, Record, Retrieved
from qa.evaluation.runs import trec_qrels, trec_run


def record(
    id_: str = "q",
    *,
    answerable: bool = True,
    abstained: bool = False,
    confidence: float = 0.5,
    quotes: str = "",
    gold: str = "",
    ranking: str = "",
    relevant: dict[str, int] | None = None,
    by_document: bool = False,
    answers: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    verified: int | None = None,
    seconds: dict[str, float] | None = None,
) -> Record:
    """Make a record; spans are written "a:0-10 b:5-7", and gold's parts "a:0-10|a:50-60 b:5-7"."""
    shown = [_excerpt(one) for one in quotes.split()]
    if texts:
        shown = [Excerpt("a", 100 * i, 100 * i + len(t), t) for i, t in enumerate(texts)]
    return Record(
        question_id=id_,
        question="?",
        answerable=answerable,
        answers=answers,
        gold=tuple(tuple(map(_excerpt, part.split("|"))) for part in gold.split()),
        by_document=by_document,
        relevant=relevant or {},
        abstained=abstained,
        confidence=confidence,
        quotes=tuple(shown),
        verified=len(shown) if verified is None else verified,
        ranking=tuple(
            Retrieved(e.document_id, e.start, e.end, 0.5) for e in map(_excerpt, ranking.split())
        ),
        in_use=len(ranking.split()),
        seconds=seconds or {},
    )


def _excerpt(written: str) -> Excerpt:
    document, _, span = written.partition(":")
    start, end = map(int, span.split("-"))
    return Excerpt(document, start, end, "x" * (end - start))


def value(name: str, *records: Record) -> float:
    statistic = MEASURES[name].statistic(columns(records))
    return float(statistic(np.ones((1, len(records))))[0])


class TestRetrieval:
    ranking = "d:0-9 d:10-19 d:20-29 d:30-39"
    records = (
        record("first", ranking=ranking, relevant={"d:0-9": 1}),
        record("third", ranking=ranking, relevant={"d:20-29": 1, "d:90-99": 1}),
        record("none", ranking=ranking, relevant={"d:90-99": 1}),
        record("no result", relevant={"d:0-9": 1}),
        record("not judged", ranking=ranking),
    )

    @pytest.mark.parametrize(
        ("name", "worked_by_hand"),
        [
            ("hit@1", 1 / 4),
            ("hit@3", 2 / 4),
            ("hit@5", 2 / 4),
            ("hit@10", 2 / 4),
            ("recall@5", (1 + 1 / 2) / 4),
            ("recall@10", (1 + 1 / 2) / 4),
            ("precision@5", (1 / 5 + 1 / 5) / 4),
            ("MRR@10", (1 + 1 / 3) / 4),
            ("nDCG@10", (1 + (1 / math.log2(4)) / (1 + 1 / math.log2(3))) / 4),
            ("MAP", (1 + (1 / 3) / 2) / 4),
        ],
    )
    def test_it_is_as_worked_by_hand(self, name: str, worked_by_hand: float) -> None:
        assert value(name, *self.records) == pytest.approx(worked_by_hand, abs=1e-12)

    def test_a_question_without_any_result_counts_nothing(self) -> None:
        assert value("hit@1", record(relevant={"d:0-9": 1})) == 0.0

    def test_a_passage_that_is_there_again_takes_a_rank_and_is_not_relevant(self) -> None:
        again = record(ranking="d:0-9 d:0-9 d:0-9 d:20-29", relevant={"d:20-29": 1})
        assert value("MRR@10", again) == pytest.approx(1 / 4)
        assert value("hit@3", again) == 0.0
        assert value("MAP", record(ranking="d:0-9 d:0-9", relevant={"d:0-9": 1})) == 1.0

    def test_where_documents_are_judged_the_ranking_is_one_of_documents(self) -> None:
        one = record(
            ranking="a:0-9 a:10-19 a:20-29 b:0-9", relevant={"b": 2, "c": 1}, by_document=True
        )
        assert value("MRR@10", one) == pytest.approx(1 / 2)
        assert value("nDCG@10", one) == pytest.approx((2 / math.log2(3)) / (2 + 1 / math.log2(3)))

    def test_the_exported_files_give_the_same_figures_under_ir_measures(
        self, tmp_path: Path
    ) -> None:
        rng = np.random.default_rng(4)
        records = [
            record(
                f"question {i}",
                ranking=" ".join(f"my%20notes:{k}-{k + 1}" for k in rng.permutation(30)[:20]),
                relevant={f"my%20notes:{k}-{k + 1}": 1 for k in rng.permutation(30)[: 1 + i % 5]},
            )
            for i in range(40)
        ] + [record("found nothing", relevant={"my%20notes:0-1": 1})]
        (tmp_path / "run").write_text("\n".join(trec_run(records, tag="a name")))
        (tmp_path / "qrels").write_text("\n".join(trec_qrels(records)))
        theirs = ir_measures.calc_aggregate(
            [Success @ 3, P @ 5, R @ 5, RR @ 10, nDCG @ 10, AP],
            ir_measures.read_trec_qrels(str(tmp_path / "qrels")),
            ir_measures.read_trec_run(str(tmp_path / "run")),
        )
        names = ["hit@3", "precision@5", "recall@5", "MRR@10", "nDCG@10", "MAP"]
        ours = [value(name, *records) for name in names]
        order = [Success @ 3, P @ 5, R @ 5, RR @ 10, nDCG @ 10, AP]
        assert ours == pytest.approx([theirs[measure] for measure in order], abs=1e-9)


class TestSpans:
    def test_characters_of_the_first_five_passages_are_held_against_the_gold(self) -> None:
        # Held: 0-100 and 200-300, 200 characters. Gold: 90-110 and 250-260, 30 characters,
        # of which 10 and 10 are held.
        one = record(gold="a:90-110 a:250-260", ranking="a:0-60 a:50-100 a:200-300")
        assert value("span recall@5", one) == pytest.approx(20 / 30)
        assert value("span precision@5", one) == pytest.approx(20 / 200)

    def test_the_sixth_passage_does_not_count(self) -> None:
        five = " ".join(f"a:{k}00-{k}10" for k in range(1, 6))
        assert value("span recall@5", record(gold="a:900-910", ranking=f"{five} a:900-910")) == 0.0

    def test_of_places_that_serve_alike_the_one_held_best_is_asked_for(self) -> None:
        # 5 of the 10 characters at 100; the ones at 0 and in b are other places of these words.
        one = record(gold="a:0-10|a:100-110|b:0-10", ranking="a:105-200")
        assert value("span recall@5", one) == pytest.approx(5 / 10)
        assert value("span precision@5", one) == pytest.approx(5 / 95)

    def test_nothing_retrieved_is_nothing_held(self) -> None:
        assert value("span recall@5", record(gold="a:0-10")) == 0.0
        assert value("span precision@5", record(gold="a:0-10")) == 0.0

    def test_the_same_place_in_another_document_is_another_place(self) -> None:
        assert value("span recall@5", record(gold="a:0-10", ranking="b:0-10")) == 0.0


class TestQuotes:
    records = (
        record(gold="a:0-10", quotes="a:5-20 a:50-60"),  # hit first: 5 of 25 gold, 5 of 10 held
        record(gold="a:0-10", quotes="a:50-60 a:0-10"),  # hit second: 10 of 20, 10 of 10
        record(gold="a:0-10", quotes="a:9-9 a:50-51 a:52-53 a:0-10"),  # hit fourth: 10 of 12
        record(gold="a:0-10", quotes="a:0-10", abstained=True),  # near, which is no answer
        record(answerable=False, quotes="a:0-7"),
    )

    def test_hits_are_counted_over_the_answerable_and_an_abstention_is_a_miss(self) -> None:
        assert value("quote-hit@1", *self.records) == pytest.approx(1 / 4)
        assert value("quote-hit@3", *self.records) == pytest.approx(2 / 4)

    def test_characters_are_counted_question_by_question(self) -> None:
        precisions = [5 / 25, 10 / 20, 10 / 12, 0]
        recalls = [5 / 10, 1, 1, 0]
        f1s = [2 * (1 / 5) * (1 / 2) / (1 / 5 + 1 / 2), 2 * 0.5 / 1.5, 2 * (10 / 12) / (22 / 12), 0]
        assert value("citation precision", *self.records) == pytest.approx(sum(precisions) / 4)
        assert value("citation recall", *self.records) == pytest.approx(sum(recalls) / 4)
        assert value("citation F1", *self.records) == pytest.approx(sum(f1s) / 4)

    def test_how_much_is_quoted_is_counted_over_what_was_answered(self) -> None:
        assert value("quotes per answer", *self.records) == pytest.approx((2 + 2 + 4 + 1) / 4)
        assert value("characters per answer", *self.records) == pytest.approx(
            (25 + 20 + 12 + 7) / 4
        )

    def test_verified_is_a_share_of_all_that_was_shown(self) -> None:
        shown = [record(quotes="a:0-1 a:2-3 a:4-5", verified=2), record(quotes="a:0-1")]
        assert value("quotes verified", *shown) == pytest.approx(3 / 4)
        assert math.isnan(value("quotes verified", record(abstained=True)))

    def test_where_only_documents_are_judged_a_quote_from_a_relevant_one_is_a_hit(self) -> None:
        judged = {"a": 1, "b": 0}
        hit = record(quotes="a:0-5", relevant=judged, by_document=True)
        miss = record(quotes="b:0-5", relevant=judged, by_document=True)
        assert value("quote-hit@1", hit, miss) == pytest.approx(1 / 2)
        assert math.isnan(value("citation F1", hit, miss))


class TestShortAnswers:
    def test_they_are_compared_as_in_squad(self) -> None:
        given = (
            record(texts=("The Normans!",), answers=("Norsemen", "normans")),  # the same words
            record(texts=("in the year 1066",), answers=("1066",)),  # F1: 2 * 1 / (3 + 1)
            record(texts=("Nothing.", "It was Rollo."), answers=("Rollo",)),
            record(texts=("Rollo",), answers=("Rollo",), abstained=True),
        )
        assert value("exact match", *given) == pytest.approx(1 / 4)
        assert value("token F1", *given) == pytest.approx((1 + 2 / 4 + 0 + 0) / 4)
        assert value("answer-in-quote@1", *given) == pytest.approx(2 / 4)
        assert value("answer-in-quote@3", *given) == pytest.approx(3 / 4)

    def test_an_answer_that_is_no_word_does_not_count(self) -> None:
        assert math.isnan(value("exact match", record(abstained=True, answers=("The", "$"))))

    def test_questions_without_a_short_answer_do_not_count(self) -> None:
        assert math.isnan(value("exact match", record(texts=("Rollo",))))


def of_abstention(rows: list[tuple[bool, bool, bool, float]]) -> list[Record]:
    """Make records of: answerable, right by its first quote, abstained, confidence."""
    return [
        record(
            answerable=answerable,
            gold="a:0-10" if answerable else "",
            quotes="a:0-10" if right else "a:50-60",
            abstained=abstained,
            confidence=confidence,
        )
        for answerable, right, abstained, confidence in rows
    ]


class TestAbstention:
    records = of_abstention(
        [
            (True, True, False, 0.9),
            (True, False, False, 0.8),
            (True, True, True, 0.3),
            (False, False, True, 0.2),
            (False, False, True, 0.3),
            (False, False, False, 0.85),
        ]
    )

    def test_precision_recall_and_f1_are_those_of_the_unanswerable(self) -> None:
        assert value("abstention precision", *self.records) == pytest.approx(2 / 3)
        assert value("abstention recall", *self.records) == pytest.approx(2 / 3)
        assert value("abstention F1", *self.records) == pytest.approx(2 / 3)

    def test_the_three_outcomes_are_counted_on_either_side(self) -> None:
        tentative = [replace(self.records[at], tentative=True) for at in (0, 1, 5)]
        records = [*self.records, *tentative]
        assert value("false abstentions", *records) == pytest.approx(1 / 5)
        assert value("abstention recall", *records) == pytest.approx(2 / 4)
        assert value("false answers", *records) == pytest.approx(1 / 4)
        assert value("tentative on unanswerable", *records) == pytest.approx(1 / 4)

    def test_the_balanced_score_is_the_harmonic_mean_of_both_sides(self) -> None:
        # 1 of 3 answerable ones is right (one is wrong, one an abstention); 2 of 3 others are.
        assert value("balanced score", *self.records) == pytest.approx(
            2 * (1 / 3) * (2 / 3) / (1 / 3 + 2 / 3)
        )

    @pytest.mark.parametrize("abstained", [True, False])
    def test_neither_always_answering_nor_always_refusing_can_win(self, abstained: bool) -> None:
        rows = [(True, True, abstained, 0.9)] * 9 + [(False, False, abstained, 0.1)]
        assert value("balanced score", *of_abstention(rows)) == 0.0

    def test_auroc_counts_pairs_and_half_of_the_ties(self) -> None:
        # Answerable 0.9, 0.8, 0.3 against 0.2, 0.3, 0.85: 0.9 beats 3, 0.8 beats 2, and 0.3
        # beats 1 and ties with 1.
        assert value("AUROC", *self.records) == pytest.approx((3 + 2 + 1.5) / 9)

    def test_the_curves_depend_on_order_alone(self) -> None:
        shy = [replace(one, confidence=one.confidence / 10) for one in self.records]
        for name in ("AUROC", "AURC"):
            assert value(name, *shy) == value(name, *self.records)

    def test_aurc_is_the_mean_risk_over_every_coverage(self) -> None:
        # In order of confidence, right is 1, 0, 0, then a tie of one right and one wrong, then
        # 0. Risks: 0/1, 1/2, 2/3, within the tie 2.5/4 and 3/5, and 4/6.
        risks = [0, 1 / 2, 2 / 3, 2.5 / 4, 3 / 5, 4 / 6]
        assert value("AURC", *self.records) == pytest.approx(sum(risks) / 6)

    def test_aurc_counts_a_weight_of_two_as_the_question_twice(self) -> None:
        facts = columns(self.records)
        doubled = columns([self.records[1], *self.records])
        weights = np.array([[1.0, 2, 1, 1, 1, 1]])
        for name in ("AURC", "AUROC", "ECE", "abstention F1", "balanced score", "quote-hit@1"):
            statistic = MEASURES[name].statistic
            by_weight = statistic(facts)(weights)
            assert by_weight == pytest.approx(statistic(doubled)(np.ones((1, 7)))), name

    def test_ece_weighs_each_bins_distance_by_its_size(self) -> None:
        # Bins: 0.9 and 0.85 (0.8 to 0.9]: mean confidence 0.875, 1/2 right. 0.8: 0 right.
        # 0.3 twice: 1/2 right. 0.2: 0 right.
        expected = (2 * 0.375 + 1 * 0.8 + 2 * 0.2 + 1 * 0.2) / 6
        assert value("ECE", *self.records) == pytest.approx(expected)

    def test_an_edge_belongs_to_the_bin_below_it(self) -> None:
        # Both in the first bin: |0.1 + 0.05 - 1| / 2. In two bins it would be (0.9 + 0.05) / 2.
        rows = [(True, True, False, 0.1), (True, False, False, 0.05)]
        assert value("ECE", *of_abstention(rows)) == pytest.approx(0.85 / 2)

    def test_never_abstaining_has_no_precision_to_boast_of(self) -> None:
        answered = of_abstention([(False, False, False, 0.5)])
        for name in ("abstention precision", "abstention recall", "abstention F1"):
            assert value(name, *answered) == 0.0

    def test_a_set_without_unanswerable_questions_has_no_abstention_figures(self) -> None:
        answered = of_abstention([(True, True, False, 0.5)])
        for name in ("abstention precision", "abstention recall", "abstention F1", "AUROC"):
            assert math.isnan(value(name, *answered)), name
        assert math.isnan(value("balanced score", *answered))


class TestTime:
    def test_it_is_told_by_its_median_and_its_slow_end(self) -> None:
        taken = [record(seconds={"total": s / 100, "retrieval": 0.5}) for s in range(100, 0, -1)]
        assert value("seconds p50", *taken) == pytest.approx(0.50)
        assert value("seconds p95", *taken) == pytest.approx(0.95)
        assert value("seconds retrieval p50", *taken) == 0.5
        assert math.isnan(value("seconds answer p50", *taken))


def test_every_measure_has_a_line_in_the_documents() -> None:
    documented = (Path(__file__).parents[4] / "docs" / "measures.md").read_text(encoding="utf-8")
    for name in MEASURES:
        assert f"| {name} |" in documented or MEASURES[name].group == "time", name
