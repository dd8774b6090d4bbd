from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.writing.replies import Reply, Said

WHOLE = {
    "statements": [
        {"sentence": 'A "lost" key costs {€85}.', "cites": [4, 1]},
        {"sentence": "Cats, [too], stay \\ in — “doors”. \u2028", "cites": []},
    ]
}
SAID = [
    Said('A "lost" key costs {€85}.', (4, 1)),
    Said("Cats, [too], stay \\ in — “doors”.", ()),
]


def read(*pieces: str) -> list[Said]:
    reply = Reply()
    return [said for piece in pieces for said in reply.add(piece)]


@given(st.lists(st.integers(0, 300)), st.booleans(), st.sampled_from([None, 2]))
def test_a_reply_cut_anywhere_gives_the_same_statements(
    cuts: list[int], is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(WHOLE, ensure_ascii=is_ascii, indent=indent)
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    assert read(*(text[a:b] for a, b in pairwise(places))) == SAID


def test_a_statement_is_read_as_soon_as_it_is_whole() -> None:
    text = json.dumps(WHOLE)
    end = text.index("}, {") + 1
    assert read(text[: end - 1]) == []
    assert read(text[:end]) == SAID[:1]


@pytest.mark.parametrize(
    "text",
    [
        "```json\n{}\n```",
        "Here you are: {} I hope that it helps.",
        "<think>What {{if}} it is {{}}?</think>{}",
        "{{\"note\": 1}}{}",
        '{{"answer": {}}}',
        '{{"answers": [{}]}}',
        '{{"thinking": "It {{is}} so.", "answer": {}}}',
        '{{"thinking": "' + "x" * 3_000 + '", "answer": {}}}',
    ],
)  # fmt: skip
def test_what_stands_around_is_passed_over(text: str) -> None:
    assert read(text.format(json.dumps(WHOLE))) == SAID


@pytest.mark.parametrize(
    "value",
    [
        7,
        {},
        {"sentence": 7, "cites": [1]},
        {"sentence": None, "cites": [1]},
        {"sentence": "It is so."},
        {"sentence": "It is so.", "cites": "1"},
        {"sentence": "It is so.", "cites": {"1": 1}},
        {"sentence": "", "cites": [1]},
        {"sentence": " \n", "cites": [1]},
        {"sentence": "?!", "cites": [1]},
        {"sentence": "x" * 601, "cites": [1]},
    ],
)
def test_what_is_no_statement_is_passed_over(value: object) -> None:
    good = {"sentence": "It is so.", "cites": [2]}
    assert read(json.dumps({"statements": [value, good]})) == [Said("It is so.", (2,))]


@pytest.mark.parametrize(
    ("cites", "numbers"),
    [
        ([1, "2", 3.0, None, True, [4], 5], (1, 5)),
        ([2, 2, 1], (2, 1)),
        ([*range(99)], (*range(8),)),
        (1, (1,)),
    ],
)
def test_only_whole_numbers_are_cited(cites: object, numbers: tuple[int, ...]) -> None:
    text = json.dumps({"sentence": "It is so.", "cites": cites})
    assert read(text) == [Said("It is so.", numbers)]


@pytest.mark.parametrize("said", ["3. It is so.", "[3] It is so.", "It is so [3][4]."])
def test_numbers_of_what_it_cites_are_taken_off(said: str) -> None:
    (one,) = read(json.dumps({"sentence": said, "cites": [3]}))
    assert one.sentence == "It is so."


@pytest.mark.parametrize("said", ["2024: it grew.", "2024. It grew.", "18: so old one must be."])
def test_other_numbers_stay(said: str) -> None:
    (one,) = read(json.dumps({"sentence": said, "cites": [3]}))
    assert one.sentence == said


@given(st.text(alphabet='{}[]":,\\ a1\n', max_size=200))
def test_every_text_is_read(text: str) -> None:
    read(*text)


def test_half_a_surrogate_pair_is_replaced() -> None:
    text = json.dumps({"statements": [{"sentence": "It is so \ud83d\ude00 \ud83d.", "cites": [1]}]})
    assert read(text) == [Said("It is so \U0001f600 ?.", (1,))]
