from __future__ import annotations

from datetime import date

import pytest

from qa.errors import SettingsError
from qa.filters import Filter, Where
from qa.metadata import Metadata, Value

DOCUMENTS = {
    "a.md": Metadata({"year": 2022, "author": "Smith", "date": "2022-03-05", "draft": True}),
    "b.md": Metadata({"Year": "2023", "author": "Anna Smith", "date": "2023-11-30T10:00:00"}),
    "c.pdf": Metadata({"year": 2024, "author": "Jones", "date": "2024-01", "price": 9.5}),
    "d.pdf": Metadata(),
}


def chosen(where: Where, only: str | list[str] = ()) -> str:  # type: ignore[assignment]
    """Return the first letters of the documents that are chosen."""
    return "".join(id_[0] for id_ in Filter.of(only, where).choose(DOCUMENTS))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"year": 2024}, "c"),
        ({"year": 2023}, "b"),
        ({"year": "2024"}, "c"),
        ({"YEAR": [2022, 2023]}, "ab"),
        ({"year": {2024}, "author": "Jones"}, "c"),
        ({"draft": True}, "a"),
        ({"price": 9.5}, "c"),
        ({"date": date(2022, 3, 5)}, "a"),
        ("year=2024", "c"),
        ("year!=2024", "abd"),
        ("year>=2023", "bc"),
        ("year > 2023", "c"),
        ("year<=2023", "ab"),
        ("year<2023", "a"),
        ("price>10.5", ""),
        ("price<10.5", "c"),
        ("draft=True", "a"),
        ("author=Smith", "a"),
        ("author~smith", "ab"),
        ("author>=Jones", "ac"),
        (["year=2022", "year=2024"], "ac"),
        (["year>=2022", "year<2024", "author!=Smith"], "b"),
        ([], "abcd"),
        ({}, "abcd"),
        (None, "abcd"),
    ],
)
def test_a_condition_chooses_documents(where: Where, expected: str) -> None:
    if expected:
        assert chosen(where) == expected
    else:
        with pytest.raises(SettingsError, match="no document has"):
            chosen(where)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("date=2022", "a"),
        ("date=2023-11-30", "b"),
        ("date>=2023", "bc"),
        ("date>2023", "c"),
        ("date<=2023-11-30", "ab"),
        ("date<2024-01-15", "abc"),
        ("date>2022-03-04", "abc"),
    ],
)
def test_a_date_is_compared_as_far_as_it_is_asked_for(where: str, expected: str) -> None:
    assert chosen(where) == expected


@pytest.mark.parametrize(
    ("value", "condition"),
    [("1.10", "v=1.1"), (2024, "v<abc"), (2024, "v>abc"), ("abc", "v>1"), (True, "v=1")],
)
def test_what_is_not_alike_does_not_match(value: Value, condition: str) -> None:
    with pytest.raises(SettingsError):
        Filter.of((), condition).choose({"a": Metadata({"v": value})})


def test_patterns_and_conditions_must_both_match() -> None:
    assert chosen("year>=2022", "*.pdf") == "c"
    assert chosen("author~smith", ["b*", "c*"]) == "b"
    with pytest.raises(SettingsError, match=r"no document that matches '\*\.pdf' has year=2022: "):
        chosen("year=2022", "*.pdf")


def test_an_unknown_name_is_told_with_those_that_are_known() -> None:
    with pytest.raises(SettingsError, match="'yeer' in its metadata; it has: author, date, draft"):
        chosen("yeer=2022")
    with pytest.raises(SettingsError, match="'year' in its metadata; it has: none"):
        Filter.of((), "year!=1").choose({"a": Metadata()})
    with pytest.raises(SettingsError, match="'year' in its metadata; it has: none"):
        Filter.of((), "year=1").choose({})


def test_that_nothing_matches_is_told_with_the_values_there_are() -> None:
    message = "no document has year=1 or 2 and author~x: year is one of 2022, 2023, 2024; author "
    with pytest.raises(SettingsError, match=message):
        chosen(["year=1", "year=2", "author~x"])


def test_a_message_is_short_and_cannot_control_a_terminal() -> None:
    documents = {str(n): Metadata({"n": f"{n:03}" + "x" * 900}) for n in range(1_000)}
    with pytest.raises(SettingsError) as refused:
        Filter.of((), "n=\x1b[31m").choose(documents)
    assert len(str(refused.value)) < 1_100
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("where", ["year", "year=", "=2024", "", " ~ "])
def test_what_is_no_condition_is_told(where: str) -> None:
    with pytest.raises(SettingsError, match="is no condition: give one such as year=2024"):
        Filter.of((), where)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (5, "where is 5: give a list of conditions"),
        ([5], "where has 5 in it"),
        ({5: 1}, "a name in where is 5: give a text"),
        ({"year": None}, "'year' in where is None"),
        ({"year": []}, "0 values of 'year': give 1 to 100"),
        ({"year": [{}]}, "'year' in where is of the type dict"),
        ({"year": [*range(101)]}, "101 values"),
        ([f"y={n}" for n in range(101)], "where has 101 conditions; the most is 100"),
    ],
)
def test_a_wrong_argument_is_told(where: Where, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Filter.of((), where)
