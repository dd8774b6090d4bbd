from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qa import Document
from qa.errors import QuestionSetError
from qa.evaluation.formats import load_questions
from qa.evaluation.questions import Place, Question, fingerprint

OPENING = "The museum opened in 2013. It opens at nine."


def asked(id_: object, *answers: tuple[str, int], **more: object) -> dict[str, Any]:
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": id_, "question": f"{id_}?", "answers": found, **more}


def article(title: str, *paragraphs: tuple[str, list[Any]]) -> dict[str, Any]:
    return {
        "title": title,
        "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs],
    }


def written(folder: Path, *articles: object) -> Path:
    path = folder / "dev.json"
    path.write_text(json.dumps({"version": "v2.0", "data": articles}), encoding="utf-8")
    return path


def faults(path: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionSetError) as caught:
        load_questions(path)
    return caught.value.faults


def test_each_paragraph_is_a_document_and_answers_are_places_in_it(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        article(
            "Museum",
            (OPENING, [asked("a", ("2013", 21), ("in 2013", 18), ("2013", 21))]),
            ("Art. Art.", [asked(7, ("Art", 0), ("Art", 5))]),
        ),
        article("Cats", ("Cats are not let in.", [])),
        article("Museum", ("It is shut.", [asked("d", is_impossible=True, plausible_answers=[1])])),
    )
    questions = load_questions(path)
    assert questions.name == "dev"
    assert questions.documents == (
        Document("Museum#1", OPENING, "Museum"),
        Document("Museum#2", "Art. Art.", "Museum"),
        Document("Cats#1", "Cats are not let in.", "Cats"),
        Document("Museum#3", "It is shut.", "Museum"),
    )
    assert questions.corpus == fingerprint(questions.documents)
    assert list(questions) == [
        Question(
            "a",
            "a?",
            True,
            answers=("2013", "in 2013"),
            places=((Place("Museum#1", 21, 25), Place("Museum#1", 18, 25)),),
        ),
        Question(
            "7",
            "7?",
            True,
            answers=("Art",),
            places=((Place("Museum#2", 0, 3), Place("Museum#2", 5, 8)),),
        ),
        Question("d", "d?", False),
    ]


def test_all_that_is_wrong_is_named_with_its_path(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "no article",
        article(
            "Museum",
            (
                OPENING,
                [
                    asked("a", ("2013", 4)),
                    asked("b", ("opens at niine", 30)),
                    asked("c", ("2013", 900)),
                    asked("d", ("zebra", 0)),
                    asked("e"),
                    asked("f", ("2013", 21), is_impossible=True),
                    {"id": "g", "answers": []},
                    asked("h", ("", 0)),
                    asked("e", ("2013", 21)),
                ],
            ),
            ("Art. Art.", [asked("i", ("Art", 4))]),
            (" ", []),
            ("a\0b", []),
        ),
        {"title": "No paragraphs"},
    )
    at = "data[1].paragraphs[0].qas"
    assert faults(path) == (
        "data[0]: must be an object, not text",
        f"{at}[0], question “a”: the answer “2013” is not at 4, where “muse” stands; "
        "the nearest, at 21, is “2013”",
        f"{at}[1], question “b”: the answer “opens at niine” is not at 30, "
        "where “opens at nine.” stands; the nearest, at 30, is “opens at nine”",
        f"{at}[2], question “c”: the answer “2013” is not at 900, where the paragraph has ended; "
        "the nearest, at 21, is “2013”",
        f"{at}[3], question “d”: the answer “zebra” is not at 0, where “The m” stands; "
        "nothing like it is in the paragraph",
        f"{at}[4], question “e”: has no answers, but is_impossible is not true",
        f"{at}[5], question “f”: is_impossible is true, but it has answers",
        f"{at}[6]: question: is missing",
        f"{at}[7]: answers[0].text: is empty",
        f"{at}[8], question “e”: the id “e” is there twice, first in {at}[4], question “e”",
        "data[1].paragraphs[1].qas[0], question “i”: the answer “Art” is not at 4, "
        "where “ Ar” stands; the nearest, at 5, is “Art”",
        "data[1].paragraphs[2]: context: is empty",
        "data[1].paragraphs[3]: Museum#4 is not text: it holds NUL characters",
        "data[2]: paragraphs: is missing",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON: EOF"),
        ("", "is not JSON: EOF"),
        ("[]", "is not in the form of SQuAD"),
        ('{"data": {}}', "is not in the form of SQuAD"),
        ('{"data": []}', "has no questions in it"),
        ("[" * 100_000, "is not JSON: recursion limit"),
    ],
)
def test_a_file_of_another_form(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(content)
    with pytest.raises(QuestionSetError, match=reason):
        load_questions(path)


def test_the_nearest_text_is_looked_for_only_where_it_is_shown(tmp_path: Path) -> None:
    answers = [{"text": "closed", "answer_start": 50}]
    qas = [{"id": n, "question": "When?", "answers": answers} for n in range(60)]
    paragraph = {"context": "The museum was closed.", "qas": qas}
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": [{"title": "M", "paragraphs": [paragraph]}]}))
    with pytest.raises(QuestionSetError, match="has 60 faults") as caught:
        load_questions(path)
    explained = [
        fault.endswith("; the nearest, at 15, is “closed”") for fault in caught.value.faults
    ]
    assert explained == [True] * 50 + [False] * 10
