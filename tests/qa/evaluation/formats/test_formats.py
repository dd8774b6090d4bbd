"""Which reader a path gets, and our own format, JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.errors import QuestionSetError
from qa.evaluation.formats import load_questions, save_questions
from qa.evaluation.questions import Place, Question

GOOD = {"id": "a", "question": "When?", "answerable": True, "quotes": ["in 2013"]}
CORPUS = "0123456789abcdef" * 4


def written(folder: Path, *lines: object) -> Path:
    path = folder / "set.jsonl"
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        encoding="utf-8",
    )
    return path


def faults(path: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        load_questions(path)
    return caught.value.faults


class TestAnyFile:
    def test_a_path_where_nothing_is(self, tmp_path: Path) -> None:
        with pytest.raises(QuestionSetError, match=r"there is no file or folder .*nowhere"):
            load_questions(tmp_path / "nowhere.jsonl")

    def test_a_kind_that_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "set.xlsx"
        path.write_text("x")
        with pytest.raises(
            QuestionSetError, match=r"cannot be read as a question set; supported: \.jsonl, .*\.csv"
        ):
            load_questions(path)

    @pytest.mark.parametrize("path", ["x" * 5_000, "~nobody-of-this-name/set.jsonl"])
    def test_a_path_that_cannot_be(self, path: str) -> None:
        with pytest.raises(QuestionSetError, match="cannot be read"):
            load_questions(path)

    @pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".tsv", ".json"])
    def test_text_that_is_not_utf_8(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"set{suffix}"
        path.write_bytes("question\nWhere is the café?".encode("latin-1"))
        with pytest.raises(QuestionSetError, match=r"set\.\w+ is not UTF-8 text: save it as that"):
            load_questions(path)

    @pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".tsv"])
    @pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
    def test_a_file_without_questions(self, tmp_path: Path, suffix: str, content: str) -> None:
        path = tmp_path / f"set{suffix}"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(QuestionSetError, match="has no questions in it"):
            load_questions(path)


class TestJsonLines:
    def test_a_question_is_read_with_all_its_fields(self, tmp_path: Path) -> None:
        line = GOOD | {
            "history": ["What is it?"],
            "tags": ["follow-up"],
            "answers": ["2013"],
            "spans": [
                {"document": "d", "start": 0, "end": 4},
                [{"document": "d", "start": 5, "end": 9}, {"document": "e", "start": 1, "end": 2}],
            ],
            "relevant": {"d": 2, "e": 0},
        }
        questions = load_questions(written(tmp_path, line, "", GOOD | {"id": "b"}))
        assert questions.name == "set"
        assert questions.corpus is None
        assert list(questions) == [
            Question(
                "a",
                "When?",
                True,
                quotes=("in 2013",),
                history=("What is it?",),
                tags=("follow-up",),
                answers=("2013",),
                places=((Place("d", 0, 4),), (Place("d", 5, 9), Place("e", 1, 2))),
                relevant=(("d", 2), ("e", 0)),
            ),
            Question("b", "When?", True, quotes=("in 2013",)),
        ]

    def test_the_first_line_may_name_the_set_and_its_corpus(self, tmp_path: Path) -> None:
        questions = load_questions(written(tmp_path, {"corpus": CORPUS, "name": "mine"}, GOOD))
        assert (questions.name, questions.corpus, len(questions)) == ("mine", CORPUS, 1)
        assert load_questions(written(tmp_path, "", {"corpus": CORPUS}, GOOD)).name == "set"

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            ({"corpus": "abc"}, "line 1: corpus: is not a fingerprint"),
            ({"corpus": CORPUS, "nam": "x"}, "line 1: nam: is not a field .* mean name?"),
            ({"corpus": CORPUS, "id": "a"}, "line 1: corpus: is not a field"),
        ],
    )
    def test_a_header_is_read_strictly(
        self, tmp_path: Path, header: dict[str, str], reason: str
    ) -> None:
        with pytest.raises(QuestionSetError, match=reason):
            load_questions(written(tmp_path, header, GOOD))

    def test_a_header_further_down_is_none(self, tmp_path: Path) -> None:
        (fault,) = faults(written(tmp_path, GOOD, {"corpus": CORPUS}))
        assert fault.startswith("line 2: corpus: is not a field that is known")

    def test_a_question_needs_no_id(self, tmp_path: Path) -> None:
        unnamed = {key: value for key, value in GOOD.items() if key != "id"}
        path = written(tmp_path, {"name": "mine"}, unnamed, "", GOOD, unnamed)
        assert [question.id for question in load_questions(path)] == ["q1", "a", "q3"]

    def test_an_answer_without_a_quote_makes_it_answerable(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"question": "When?", "answerable": True, "answers": ["in 2013"]})
        assert load_questions(path)[0] == Question("q1", "When?", True, answers=("in 2013",))

    @pytest.mark.parametrize("gold", [{"answers": ["in 2013"]}, {"quotes": ["in 2013"]}])
    def test_gold_makes_a_question_answerable_if_nothing_else_is_said(
        self, gold: dict[str, list[str]], tmp_path: Path
    ) -> None:
        assert load_questions(written(tmp_path, {"question": "When?"} | gold))[0].answerable

    def test_every_bad_line_is_named_with_its_number_and_reason(self, tmp_path: Path) -> None:
        path = written(
            tmp_path,
            GOOD,
            "not json",
            GOOD | {"id": "b", "quotes": []},
            GOOD,
            {"id": "c", "questoin": "When?", "answerable": False},
            "",
            GOOD | {"id": "d", "question": "  "},
            GOOD | {"id": 5},
            {"id": "f", "question": "When?"},
            GOOD | {"id": "g", "answerable": False},
            GOOD | {"id": "h", "answerable": "yes"},
            GOOD | {"id": "i", "quotes": ["in 2013", 2013]},
            GOOD | {"id": "j", "spans": [{"document": "d", "start": 3, "end": 3}]},
            GOOD | {"id": "k", "spans": [[]]},
            "[1]",
        )
        with pytest.raises(QuestionSetError) as caught:
            load_questions(path)
        assert caught.value.faults == (
            "line 2: is not JSON: expected ident at column 2",
            "line 3: answerable is true, but there are no quotes or answers",
            "line 4: the id “a” is there twice, first in line 1",
            "line 5: questoin: is not a field that is known; did you mean question?",
            "line 7: question: is empty",
            "line 8: id: must be text, not a number",
            "line 9: answerable: is missing, and there are no quotes or answers",
            "line 10: answerable is false, but there are quotes or answers",
            "line 11: answerable: must be true or false, not text",
            "line 12: quotes[1]: must be text, not a number",
            "line 13: spans[0][0]: [3, 3) is not a span: end must be after start",
            "line 14: spans[0]: is an empty list",
            "line 15: must be an object, not a list",
        )
        message = str(caught.value)
        assert message.startswith(f"{path} has 13 bad lines:\n  line 2: is not JSON")
        assert message.endswith("line 15: must be an object, not a list")

    def test_of_very_many_bad_lines_the_first_are_named_and_the_error_has_all(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(QuestionSetError) as caught:
            load_questions(written(tmp_path, *["nonsense"] * 60))
        assert str(caught.value).endswith("\n  and 10 more")
        assert len(caught.value.faults) == 60

    def test_an_id_may_have_any_characters(self, tmp_path: Path) -> None:
        ids = ["a b", "<::>7", "é\u2028", "a\tb", "天", '"', "../x"]
        questions = load_questions(written(tmp_path, *(GOOD | {"id": id_} for id_ in ids)))
        assert [question.id for question in questions] == ids

    def test_half_a_surrogate_pair_is_no_text(self, tmp_path: Path) -> None:
        line = '{"id": "a", "question": "\\ud800", "answerable": false}'
        assert faults(written(tmp_path, line))[0].startswith("line 1: is not JSON")


class TestSaving:
    EVERYTHING = Question(
        "a\u2028",
        "When,\n“exactly”?",
        True,
        quotes=("in\r\n2013", "or\u00a02014"),
        history=("What is it?",),
        tags=("follow-up",),
        answers=("2013",),
        places=((Place("d", 0, 4),), (Place("d", 5, 9), Place("e", 1, 2))),
        relevant=(("d", 2), ("e", -1)),
    )

    def test_what_is_saved_is_read_back_as_it_was(self, tmp_path: Path) -> None:
        questions = (self.EVERYTHING, Question("b", "Why?", False))
        path = tmp_path / "saved.jsonl"
        save_questions(path, questions, corpus=CORPUS, name="mine")
        read = load_questions(path)
        assert read.questions == questions
        assert (read.name, read.corpus) == ("mine", CORPUS)

    def test_what_is_empty_is_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "saved.jsonl"
        save_questions(path, [Question("é", "Why?", False)])
        assert path.read_text(encoding="utf-8") == (
            '{"id": "é", "question": "Why?", "answerable": false}\n'
        )

    def test_what_could_not_be_read_is_not_written(self, tmp_path: Path) -> None:
        path = tmp_path / "saved.jsonl"
        save_questions(path, [self.EVERYTHING])
        before = path.read_bytes()
        twice = [Question("a", "Why?", False), Question("a", "When?", True), self.EVERYTHING] * 2
        with pytest.raises(QuestionSetError, match="is not written") as caught:
            save_questions(path, twice, corpus="abc")
        assert len(caught.value.faults) == 5  # the corpus; "When?", twice; two ids, there twice
        with pytest.raises(QuestionSetError, match="question: must be"):
            save_questions(path, [Question("a", "\ud800", False)])
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_a_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        for path in (tmp_path / "no folder" / "x.jsonl", written(tmp_path, GOOD) / "x.jsonl"):
            with pytest.raises(QuestionSetError, match="cannot be written"):
                save_questions(path, [self.EVERYTHING])

    def test_a_crash_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "saved.jsonl"
        save_questions(path, [Question("a", "Why?", False)])
        before = path.read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(QuestionSetError, match="No space left"):
            save_questions(path, [Question("b", "When?", False)])
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]
