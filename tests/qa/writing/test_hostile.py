from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from qa.writing import Writer
from qa.writing.support import scorer
from tests.qa.writing.endpoints import replies, says, serving
from tests.qa.writing.hostile import Credulous, answer_of, let_through, literal, scored


def test_what_is_not_in_the_text_to_the_letter_is_never_shown_whatever_its_score() -> None:
    cases = list(literal())
    assert len(cases) > 1_000
    assert [(case.kind, told.sentence) for case, told in let_through(cases, Credulous())] == []


def test_a_writer_shows_none_of_a_sample() -> None:
    for case in islice(literal(), 0, None, 35):
        said = (case.sentence, case.cites), ("It is so.", "no list")
        with serving(says(replies(*said))) as server:
            quotes = answer_of(case.document)
            writer = Writer(server.llm(), Credulous())
            answer = writer.write(quotes, [], lambda _, case=case: case.document)  # type: ignore[misc]
        assert answer.written is not None
        assert answer.statements == (), case
        assert answer.citations == quotes.citations


@pytest.mark.model
def test_the_score_catches_most_of_what_it_alone_can_catch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = list(scored())
    through = Counter(case.kind for case, _ in let_through(cases, scorer()))
    with capsys.disabled():
        print(f"\nshown of {dict(Counter(case.kind for case in cases))}: {dict(through)}")
    assert through["common knowledge"] < 6
    assert through.total() < len(cases) / 5
