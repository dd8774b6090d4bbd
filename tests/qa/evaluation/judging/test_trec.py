"""TREC runs, scored as trec_eval scores them."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest
from ir_measures import AP, RR, R, nDCG

from qa import Document
from qa.errors import QuestionSetError, RunError
from qa.evaluation import Question, QuestionSet
from qa.evaluation.judging.trec import read_trec_run, score_run
from qa.evaluation.runs import Run

DOCUMENTS = [Document(f"d{n}", f"Text {n}. And more of {n}.") for n in range(8)]
RELEVANT = {"q 1": {"d0": 2, "d3": 1}, "q2": {"d5": 1}, "q3": {"d1": 1, "d2": 0}}
BY_DOCUMENT = QuestionSet(
    "set",
    tuple(Question(id_, f"{id_}?", True, relevant=(*r.items(),)) for id_, r in RELEVANT.items()),
)
LINES = [
    *("q%201 Q0 d1 1 3.0 x", "q%201 Q0 d3 2 2.0 x", "q%201 Q0 d0 3 2.0 x"),
    *("q2 Q0 d5 1 0.5 x", "q2 Q0 d6 2 0.7 x", "other Q0 d1 1 1 x"),
]


def write(folder: Path, *lines: str) -> Path:
    path = folder / "a.trec"
    path.write_text("\n".join(lines))
    return path


def scored(folder: Path, *lines: str, questions: QuestionSet = BY_DOCUMENT) -> Run:
    return score_run(read_trec_run(write(folder, *lines)), DOCUMENTS, questions, name="a")


def test_the_figures_are_those_of_ir_measures(tmp_path: Path) -> None:
    run = scored(tmp_path, *LINES)
    theirs: dict[str, dict[str, float]] = {"q3": {"none": 0.0}}
    for one in ir_measures.read_trec_run(str(tmp_path / "a.trec")):
        theirs.setdefault(one.query_id.replace("%20", " "), {})[one.doc_id] = one.score
    aggregate = ir_measures.calc_aggregate([nDCG @ 10, AP, RR @ 10, R @ 5], RELEVANT, theirs)
    ours = {name: run.figures[name].value for name in ("nDCG@10", "MAP", "MRR@10", "recall@5")}
    assert ours == pytest.approx(
        {str(_NAMES.get(str(measure), measure)): value for measure, value in aggregate.items()}
    )


_NAMES = {"AP": "MAP", "RR@10": "MRR@10", "R@5": "recall@5"}


def test_a_set_of_short_answers_alone_is_refused(tmp_path: Path) -> None:
    alone = QuestionSet("set", (Question("q2", "?", True, answers=("text 5",)),))
    with pytest.raises(QuestionSetError, match="no question of the set has a quote, a span or"):
        scored(tmp_path, *LINES, questions=alone)


def test_passages_are_spans_of_documents(tmp_path: Path) -> None:
    questions = QuestionSet("set", (Question("q", "?", True, ("more of 3",)),))
    lines = "q Q0 d3:0-7 1 3 x", "q Q0 d3:8-22 2 2 x", "q Q0 d3 3 1 x"
    run = scored(tmp_path, *lines, questions=questions)
    assert run.figures["MRR@10"].value == 0.5
    assert run.figures["span recall@5"].value == 1.0


def test_only_retrieval_is_measured(tmp_path: Path) -> None:
    assert set(scored(tmp_path, *LINES).figures) <= {
        *("hit@1", "hit@3", "hit@5", "hit@10", "recall@5", "recall@10", "precision@5"),
        *("MRR@10", "nDCG@10", "MAP", "span recall@5", "span precision@5"),
    }


def test_what_is_missing_is_noted(tmp_path: Path) -> None:
    assert scored(tmp_path, *LINES, "q2 Q0 elsewhere 3 0.1 x").settings["notes"] == [
        "rankings of no question of the set: 1",
        "questions without a ranking, which count as missed: 1",
        "results that name no document of the corpus, which count as not relevant: 1",
    ]


@pytest.mark.parametrize("line", ["q Q0 d 1 1", "q Q0 d 1 high x", "q Q0 d 1 nan x", "{}"])
def test_a_line_of_another_kind_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"line 2 of .* is not of a TREC run"):
        scored(tmp_path, LINES[0], line)


def test_a_run_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no ranking is of a question of the set"):
        scored(tmp_path, "other Q0 d1 1 1 x")
    with pytest.raises(RunError, match="no document of the run is in the corpus: it has e1"):
        scored(tmp_path, "q2 Q0 e1 1 1 x")
    with pytest.raises(RunError, match="has no ranking in it"):
        scored(tmp_path, "")
