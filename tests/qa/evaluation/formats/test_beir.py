from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from qa import Document
from qa.errors import QuestionSetError
from qa.evaluation.formats import load_questions
from qa.evaluation.questions import Place, Question, fingerprint

CORPUS = [
    {"_id": "d1", "title": "Prices", "text": "Tickets cost five euros.", "metadata": {}},
    {"_id": "d2", "text": "The museum opens at nine."},
    {"_id": "d3", "title": None, "text": ""},
]
DOCUMENTS = (
    Document("d1", "Tickets cost five euros.", "Prices"),
    Document("d2", "The museum opens at nine."),
)
QUERIES = [{"_id": "a", "text": "What do tickets cost?"}, {"_id": "b", "text": "Open?"}]
QRELS = "query-id\tcorpus-id\tscore\na\td1\t1\nb\td2\t2\n"


def written(
    folder: Path,
    qrels: str = QRELS,
    *,
    corpus: Iterable[object] = CORPUS,
    queries: Iterable[object] = QUERIES,
    name: str = "qrels.tsv",
) -> Path:
    folder = folder / "museum"
    for file, lines in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(qrels)
    return folder


def faults(path: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        load_questions(path)
    return caught.value.faults


def test_a_folder_is_a_corpus_with_queries_judged_by_document(tmp_path: Path) -> None:
    questions = load_questions(written(tmp_path))
    assert questions.name == "museum"
    assert questions.documents == DOCUMENTS
    assert questions.corpus == fingerprint(DOCUMENTS)
    assert list(questions) == [
        Question("a", "What do tickets cost?", True, relevant=(("d1", 1),)),
        Question("b", "Open?", True, relevant=(("d2", 2),)),
    ]


@pytest.mark.parametrize(
    "qrels",
    [
        "a\td1\t1\nb\td2\t2\n",
        "a 0 d1 1\nb 0 d2 2\n",
        "a\t0\td1\t1\r\n\nb\t0\td2\t2\r\n",
        "qid iter docid rel\na 0 d1 +1\nb Q0 d2 2",
    ],
)
def test_qrels_may_lack_a_header_or_be_those_of_trec(tmp_path: Path, qrels: str) -> None:
    questions = load_questions(written(tmp_path, qrels))
    assert [question.relevant for question in questions] == [(("d1", 1),), (("d2", 2),)]


def test_a_query_is_answerable_if_a_document_is_relevant(tmp_path: Path) -> None:
    questions = load_questions(written(tmp_path, "a\td1\t0\nb\td2\t1\nb\td1\t-1\n"))
    assert [question.answerable for question in questions] == [False, True]
    assert [question.relevant for question in questions] == [(("d1", 0),), (("d2", 1), ("d1", -1))]


def test_queries_that_are_not_judged_are_left_out(tmp_path: Path) -> None:
    queries = [
        *QUERIES,
        {"_id": "c", "text": "Zebra?", "answerable": False, "answers": []},
        {"_id": "d", "text": "Where?", "references": [{"doc": "whole", "start": 3, "end": 9}]},
    ]
    questions = load_questions(written(tmp_path, "b\td2\t1\n", queries=queries))
    assert [(question.id, question.answerable) for question in questions] == [
        ("b", True),
        ("c", False),
        ("d", True),
    ]


def test_what_we_understand_of_further_fields_is_read(tmp_path: Path) -> None:
    queries = [
        {
            "_id": 1,
            "text": "And what do tickets cost?",
            "answerable": True,
            "answers": ["five euros", "5"],
            "history": [
                {"role": "user", "text": "Is there a museum?"},
                {"role": "assistant", "text": "Yes."},
                {"role": "user", "content": "Is it open?"},
            ],
            "tags": ["follow-up"],
            "references": [
                {"doc": "d1", "start": 13, "end": 23},
                {"document": "whole", "start": 0, "end": 1},
            ],
            "metadata": {"any": "thing"},
        },
        {"_id": "b", "text": "Open?", "history": ["Cost?"], "answers": None, "tags": None},
    ]
    questions = load_questions(written(tmp_path, "1\td1\t1\nb\td2\t1\n", queries=queries))
    assert list(questions) == [
        Question(
            "1",
            "And what do tickets cost?",
            True,
            history=("Is there a museum?", "Is it open?"),
            tags=("follow-up",),
            answers=("five euros", "5"),
            places=((Place("d1", 13, 23),), (Place("whole", 0, 1),)),
            relevant=(("d1", 1),),
        ),
        Question("b", "Open?", True, history=("Cost?",), relevant=(("d2", 1),)),
    ]


class TestWhichQrels:
    def test_those_of_the_test_part_come_first(self, tmp_path: Path) -> None:
        written(tmp_path, "a\td1\t1\n", name="qrels/dev.tsv")
        assert [q.id for q in load_questions(tmp_path / "museum")] == ["a"]
        written(tmp_path, "b\td2\t1\n", name="qrels/test.tsv")
        assert [q.id for q in load_questions(tmp_path / "museum")] == ["b"]

    def test_the_only_file_is_taken(self, tmp_path: Path) -> None:
        folder = written(tmp_path, name="qrels/train.tsv")
        assert len(load_questions(folder)) == 2

    def test_of_several_one_must_be_named(self, tmp_path: Path) -> None:
        folder = written(tmp_path, "a\td1\t1\n", name="qrels/train.tsv")
        written(tmp_path, "b\td2\t1\n", name="qrels/hard.tsv")
        with pytest.raises(QuestionSetError, match=r"name one of them: hard\.tsv, train\.tsv"):
            load_questions(folder)
        questions = load_questions(folder / "qrels" / "hard.tsv")
        assert ([q.id for q in questions], questions.name) == (["b"], "museum")

    def test_the_one_beside_the_corpus_can_be_named(self, tmp_path: Path) -> None:
        assert len(load_questions(written(tmp_path) / "qrels.tsv")) == 2

    @pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
    def test_a_file_that_is_missing_is_named(self, tmp_path: Path, missing: str) -> None:
        folder = written(tmp_path)
        (folder / missing).unlink()
        with pytest.raises(QuestionSetError, match=missing):
            load_questions(folder)

    def test_qrels_without_a_corpus_beside_them(self, tmp_path: Path) -> None:
        folder = written(tmp_path, name="qrels/test.tsv")
        (folder / "corpus.jsonl").unlink()
        with pytest.raises(QuestionSetError, match=r"corpus\.jsonl cannot be read: No such file"):
            load_questions(folder / "qrels" / "test.tsv")


class TestFaults:
    def test_bad_lines_of_the_corpus_and_the_queries(self, tmp_path: Path) -> None:
        corpus = [*CORPUS, {"_id": "d1", "text": "x"}, {"_id": "d4"}, {"_id": "d5", "text": "\0"}]
        queries = [
            *QUERIES,
            {"_id": "a", "text": "Again?"},
            {"_id": "c", "text": " "},
            {"_id": "d", "text": "Why?", "history": [{"role": "user"}]},
        ]
        path = written(tmp_path, QRELS + "c\td4\t1\n", corpus=corpus, queries=queries)
        assert faults(path) == (
            "corpus.jsonl line 4: the id “d1” is there twice",
            "corpus.jsonl line 5: text: is missing",
            "corpus.jsonl line 6: d5 is not text: it holds NUL characters",
            "queries.jsonl line 3: the id “a” is there twice, first in queries.jsonl line 1",
            "queries.jsonl line 4: text: is empty",
            "queries.jsonl line 5: history[0].text: is missing",
        )

    def test_bad_lines_of_the_qrels(self, tmp_path: Path) -> None:
        qrels = (
            "a\td1\t1\n"
            "a d1\n"
            "a\td2\thigh\n"
            "zz\td1\t1\n"
            "a\tzz\t1\n"
            "a\tzz\t0\n"  # which is no fault
            "a\td1\t1\n"  # nor is this
            "a\td1\t2\n"
            "a\td3\t1\n"
        )
        assert faults(written(tmp_path, qrels, name="qrels/test.tsv")) == (
            "qrels/test.tsv line 2: has 2 columns: write query, document and grade",
            "qrels/test.tsv line 3: the grade “high” is not a whole number",
            "qrels/test.tsv line 4: queries.jsonl has no “zz”",
            "qrels/test.tsv line 5: corpus.jsonl has no “zz”",
            "qrels/test.tsv line 8: “d1” was judged before, with another grade",
            "corpus.jsonl line 3: the text is empty, but judged relevant",
        )

    def test_what_a_query_says_of_itself_must_agree(self, tmp_path: Path) -> None:
        queries = [
            QUERIES[0] | {"answerable": False},
            QUERIES[1] | {"answerable": True},
            {"_id": "c", "text": "?", "references": [{"doc": "d1", "start": 4, "end": 4}]},
        ]
        assert faults(written(tmp_path, "a\td1\t1\nb\td1\t0\n", queries=queries)) == (
            "queries.jsonl line 1: answerable is false, but what answers it is judged",
            "queries.jsonl line 2: answerable is true, but no document is judged relevant",
            "queries.jsonl line 3: [4, 4) is not a span",
        )

    def test_a_set_of_which_nothing_is_judged(self, tmp_path: Path) -> None:
        with pytest.raises(QuestionSetError, match="has no questions in it"):
            load_questions(written(tmp_path, ""))
