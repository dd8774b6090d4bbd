from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import QuestionSetError
from qa.evaluation.formats import load_questions, table
from qa.evaluation.questions import NOT_JUDGED, Question


def written(folder: Path, text: str, name: str = "set.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def faults(path: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        load_questions(path)
    return caught.value.faults


def test_columns_may_be_repeated_and_each_filled_cell_is_a_value(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "id,question,answerable,quote,quote,history,history,answer,answer,tag,tag\n"
        "a,When?,true,in 2013,,What?,Where?,2013,in 2013,plain,\n"
        "b,Why?,no,,,,,,,near-miss,hard\n",
    )
    questions = load_questions(path)
    assert questions.name == "set"
    assert list(questions) == [
        Question(
            "a",
            "When?",
            True,
            ("in 2013",),
            ("What?", "Where?"),
            ("plain",),
            ("2013", "in 2013"),
        ),
        Question("b", "Why?", False, tags=("near-miss", "hard")),
    ]


def test_only_the_question_is_needed(tmp_path: Path) -> None:
    assert list(load_questions(written(tmp_path, "Question\nWhen?\n\nWhy?\n"))) == [
        Question("q1", "When?", False),
        Question("q2", "Why?", False),
    ]


def test_a_question_with_quotes_is_answerable_if_nothing_else_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "question,answerable,quotes\nWhen?,,in 2013\nWhy?,,\n")
    assert [question.answerable for question in load_questions(path)] == [True, False]


def test_so_is_one_with_an_answer(tmp_path: Path) -> None:
    assert list(load_questions(written(tmp_path, "question,answer\nWhen?,in 2013\nWhy?,\n"))) == [
        Question("q1", "When?", True, answers=("in 2013",)),
        Question("q2", "Why?", False),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_header_row_tells_the_delimiter(
    tmp_path: Path, delimiter: str, mark: str, end: str
) -> None:
    rows = [["question", "quote"], ['"Who, where; when?"', "now"]]
    text = mark + "".join(delimiter.join(row) + end for row in rows)
    for name in ("set.csv", "set.tsv"):
        (question,) = load_questions(written(tmp_path, text, name))
        assert (question.text, question.quotes) == ("Who, where; when?", ("now",))


@pytest.mark.parametrize(("yes", "no"), [("true", "False"), ("Yes", "NO"), ("1", "0")])
def test_answerable_is_told_in_several_ways(tmp_path: Path, yes: str, no: str) -> None:
    path = written(tmp_path, f"question,answerable,quote\na?,{yes},x\nb?,{no},\n")
    assert [question.answerable for question in load_questions(path)] == [True, False]


def test_a_cell_may_hold_line_breaks_and_is_kept_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, 'question,quote\nWhen?," in\r\n2013, ""or"" so "\n')
    assert load_questions(path)[0].quotes == ('in\r\n2013, "or" so',)


def test_every_bad_row_is_named_with_the_line_that_it_starts_in(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'id,question,answerable,quote\n"a\n\nb","When,\nexactly?",,in 2013\n'  # lines 2 to 5
        "c,,,in 2013\n"
        "d,Why?,maybe,in 2013\n"
        "\n"
        "e,Why?,no,in 2013\n"
        "f,Why?,no,,,over\n"
        "c2,Why?,no\n"
        "c2,Why?,no\n"
        'g,"Why"?,no\n'
        "h,not reached\n",
    )
    assert faults(path) == (
        "line 6: question: is empty",
        "line 7: answerable: “maybe” is none of true, yes, 1, false, no, 0",
        "line 9: answerable is false, but there are quotes or answers",
        "line 10: has 6 cells, one of them in no named column of the 4: "
        "put a cell that holds a , in quotation marks",
        "line 12: the id “c2” is there twice, first in line 11",
        "line 13: is not a row of a table: ',' expected after '\"'",
    )


def test_unknown_and_missing_columns_are_named(tmp_path: Path) -> None:
    assert faults(written(tmp_path, "id,quoet,comments,id\na,b,c,d\n")) == (
        "line 1: id: is there twice",
        "line 1: quoet: is not a field that is known; did you mean quote?",
        "line 1: comments: is not a field that is known; "
        "known are id, question, answerable, quote, history, answer, tag",
        "line 1: question: is missing",
    )


def test_a_column_without_a_name_must_be_empty(tmp_path: Path) -> None:
    assert len(load_questions(written(tmp_path, "question,,\nWhen?,,,,\n"))) == 1
    (fault,) = faults(written(tmp_path, "question,,quote\nWhen?,x,y\n"))
    assert fault.startswith("line 2: has 3 cells, one of them in no named column")


def test_in_drafts_a_row_that_says_nothing_of_an_answer_is_not_judged(tmp_path: Path) -> None:
    path = written(tmp_path, "question,answerable,quote,tag\na?,,,t\nb?,no,,\nc?,,x,\n")
    assert [question.tags for question in table.read(path, drafts=True)] == [
        ("t", NOT_JUDGED),
        (),
        (),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("question," + 200_000 * "x", "a cell has more than 131,072 characters"),
        ("question\n" + 200_000 * "x", "a cell has more than 131,072 characters"),
        ("question" + 2_000 * ",x", "has 2,001 columns; the most is 1,000"),
    ],
    ids=["a long cell in the header", "a long cell", "many columns"],
)
def test_a_table_that_is_far_too_large_is_refused_in_words(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "set.csv"
    path.write_text(text)
    with pytest.raises(QuestionSetError, match=reason):
        load_questions(path)
