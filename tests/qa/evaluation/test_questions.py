from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa import Document
from qa.documents import Span, load
from qa.errors import QuestionSetError
from qa.evaluation import Question, load_questions, locate
from qa.seeds import essay_path, questions_path


def written(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


GOOD = {"id": "a", "question": "When?", "answerable": True, "quotes": ["in 2013"]}


def test_a_question_is_read_with_all_its_fields(tmp_path: Path) -> None:
    line = GOOD | {"history": ["What is it?"], "tags": ["follow-up"]}
    assert load_questions(written(tmp_path, line, "")) == [
        Question("a", "When?", True, ("in 2013",), ("What is it?",), ("follow-up",))
    ]


def test_every_bad_line_is_named_with_its_number_and_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        GOOD,
        "not json",
        GOOD | {"id": "b", "quotes": []},
        GOOD,
        GOOD | {"id": "c", "questoin": "typo"},
        GOOD | {"id": "d", "question": "  "},
    )
    with pytest.raises(QuestionSetError) as caught:
        load_questions(path)
    message = str(caught.value)
    assert "5 bad lines" in message
    assert "line 2: Invalid JSON" in message
    assert "line 3: " in message
    assert "line 4: the id 'a' is there twice" in message
    assert "line 5: questoin" in message
    assert "line 6: question" in message


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\xfa"])
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(content)
    with pytest.raises(QuestionSetError, match=r"questions\.jsonl"):
        load_questions(path)


def test_quotes_are_found_wherever_they_stand() -> None:
    documents = [Document("1", "in 2013, and in 2013"), Document("2", "Not here. But in 2013.")]
    question = Question("a", "When?", True, ("in 2013",))
    assert locate([question], documents) == {
        "a": [("1", Span(0, 7)), ("1", Span(13, 20)), ("2", Span(14, 21))]
    }


def test_a_quote_that_is_in_no_document_is_an_error() -> None:
    question = Question("a", "When?", True, ("in 2014",))
    with pytest.raises(QuestionSetError, match="a: “in 2014”"):
        locate([question], [Document("1", "in 2013")])


class TestTheShippedSet:
    questions = load_questions(questions_path())

    def test_every_quote_is_in_the_essay(self) -> None:
        essay = load(essay_path())[0]
        for question in self.questions:
            for quote in question.quotes:
                assert quote in essay.text, question.id

    def test_it_has_the_kinds_of_questions_that_it_promises(self) -> None:
        def tagged(tag: str) -> int:
            return sum(tag in question.tags for question in self.questions)

        assert len(self.questions) >= 60
        assert sum(not question.answerable for question in self.questions) >= 12
        assert tagged("near-miss") >= 8
        assert tagged("paraphrase") >= 8
        assert tagged("other-words") >= 6
        assert sum(bool(question.history) for question in self.questions) >= 8

    def test_follow_ups_have_a_history_and_near_misses_no_answer(self) -> None:
        for question in self.questions:
            assert ("follow-up" in question.tags) == bool(question.history), question.id
            assert not ("near-miss" in question.tags and question.answerable), question.id
