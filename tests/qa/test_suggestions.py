"""Questions to begin with, by the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa import QA
from qa.suggestions import suggested_questions

HIRE = """# Boats of Lake Orrin

## Deposit

You pay a deposit of 40 pounds for each boat, and get it back when you return it undamaged.

## How to tie up

Tie the boat up at the jetty with both ropes, and close the padlock.

## When do you close?

We close at sunset, and on windy days at four.

## Thanks

The boathouse was built in 1931 by Edda Quill, who ran it for forty years.
"""


@pytest.mark.model
def test_questions_are_made_of_headings_and_sentences_that_answer_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "hire.md").write_text(HIRE)
    with QA.open(tmp_path / "hire.md") as qa:
        questions = suggested_questions(qa, most=5)

        assert "When was the boathouse built?" in questions
        assert {"How do I tie up?", "When do you close?"} & {*questions}
        assert not any("Orrin" in question or "Thanks" in question for question in questions)
        for question in questions:
            assert qa.ask(question).status == "answered"
        assert len(suggested_questions(qa, ["hire.md"], most=1)) == 1
