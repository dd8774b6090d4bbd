from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.writing.number_words import in_digits
from qa.writing.quantities import quantities, uncounted


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("It takes 21 days.", "It takes twenty-one days."),
        ("It takes twenty one days.", "It takes 21 days."),
        ("It costs 1200 euros.", "It costs €1,200."),
        ("It costs €1,200.", "It costs 1 200 euros."),
        ("It costs €1,200.", "1.200 Euro"),
        ("It costs $1.5 million.", "It costs 1,500,000 dollars."),
        ("It costs $5 million.", "It costs $5M."),
        ("It costs £3.2m.", "It costs £3.2 million."),
        ("It costs 5 million euros.", "It costs 5 mn euros."),
        ("It costs £5k.", "It costs £5,000."),
        ("It costs 5 euros.", "EUR 5"),
        ("It costs 50 pence.", "It costs £0.50."),
        ("It grew by 4.5 per cent.", "It grew by 4.5%."),
        ("It takes 2.5 hours.", "It takes 2½ hours."),
        ("It takes two and a half hours.", "It takes 2.5 hours."),
        ("It takes a year and a half.", "18 months"),
        ("One and a half million came.", "1.5 million came."),
        ("It takes one week.", "It takes a week."),
        ("It takes fourteen days.", "It takes two weeks."),
        ("It lasts twelve months.", "It lasts a year."),
        ("It lasts six months.", "It lasts half a year."),
        ("It takes 90 minutes.", "It takes 1.5 hours."),
        ("It takes thirty minutes.", "It takes half an hour."),
        ("It is kept for two days.", "It is kept for 48 hours."),
        ("It has 10 m².", "It has 10 square metres."),
        ("It shuts at 8 pm.", "It shuts at 20.00."),
        ("It shuts at eight in the evening.", "It shuts at 20:00."),
        ("It opens at seven in the morning.", "It opens at 7.00."),
        ("It shuts at half past four.", "It shuts at 16.30."),
        ("It is open from 9:00 to 17:00.", "9am-5pm"),
        ("It opens at 4 pm.", "Open from 4 to 6 pm."),
        ("It opens at 10 am.", "It opens at 10:00 a.m."),
        ("It opens at 10.30.", "It opens at 10:30."),
        ("It is on the 3rd floor.", "It is on the third floor."),
        ("It is on the 1st floor.", "It is on the first floor."),
        ("It is of the 19th century.", "It is of the nineteenth century."),
        ("It is of the nineteenth century.", "It was built in 1894."),
        ("It is on the thirtieth.", "It is on the 30th."),
        ("A second time is too often.", "Second time: you are out."),
        ("First of all, it is open.", "It is open."),
        ("The first 2 weeks are free.", "The first two weeks are free."),
        ("The first two weeks are free.", "The first 2 weeks are free."),
        ("It takes five days.", "It takes five to ten days."),
        ("It takes 5 to 10 days.", "It takes between five and ten days."),
        ("Rooms 2 and 3 are shut.", "Rooms two and three are shut."),
        ("It is on 12 March.", "12-14 March"),
        ("It takes 5 days.", "Duration (days): 5"),
        ("It takes 3 days.", "It takes 3 working days."),
        ("Boulders take four weeks.", "Routes take seven weeks, boulders four."),
        ("It is -5 °C.", "It is minus five °C."),
        ("It began on 12 May 2024.", "It began on May 12, 2024."),
        ("It began on 12 May 2024.", "2024-05-12"),
        ("It began on 12 May 2024.", "12.05.2024"),
        ("It began on 12 June 2024.", "12 JUNE 2024"),
        ("It ends in four years.", "It ends in November four years from now."),
        ("It began in May 2024.", "It began on 12 May 2024."),
        ("It grew in 2020.", "It grew in 2020¹."),
        ("Two may enter.", "2 may enter."),
        ("It holds ３ cups.", "It holds 3 cups."),
        ("One of them left.", "Some of them left."),
        ("One person died.", "A person died."),
        ("A hundred and five came.", "105 people came."),
        ("There came 500,000.", "Half a million came."),
        ("There came 24.", "Two dozen came."),
        ("Three quarters voted.", "¾ voted."),
        ("90 per cent voted.", "Nine tenths voted."),
        ("A third is changed.", "Change a third each week."),
        ("Half of them voted.", "Of 4 two voted."),
        ("It stands in 3.10, third line.", "See 3.10 third line."),
        ("It lasted from 1939 to 1945.", "It lasted from 1939 to 1945."),
    ],
)
def test_a_number_that_stands_there_is_found(statement: str, source: str) -> None:
    assert uncounted(statement, source) is None


@pytest.mark.parametrize(
    ("statement", "source", "wrong"),
    [
        ("It takes 28 days.", "It takes 21 days.", "28 days"),
        ("It takes four and a half days.", "It takes four days.", "4.5 days"),
        ("It takes fifteen days.", "It takes two weeks.", "15 days"),
        ("It takes twenty-two days.", "It takes 21 days.", "22 days"),
        ("It takes one day.", "It takes two days.", "1 day"),
        ("It takes 21 weeks.", "It takes 21 days.", "21 weeks"),
        ("It takes 15 days.", "It takes between five and ten days.", "15 days"),
        ("It takes 6 weeks.", "It takes between two and four weeks.", "6 weeks"),
        ("Room 5 is open.", "Rooms two and three are open.", "5"),
        ("Three weeks are free.", "The first two weeks are free.", "3 weeks"),
        ("One person died.", "Two people died.", "One person"),
        ("It is on the second floor.", "It is on the first floor.", "2nd"),
        ("It is on the fourth floor.", "It is on the third floor.", "4th"),
        ("It is of the nineteenth century.", "It is of the eighteenth century.", "19th century"),
        ("A million came.", "A quarter of a million came.", "1000000"),
        ("Half of them came.", "A quarter of them came.", "0.5"),
        ("Three fifths came.", "Three quarters came.", "0.6"),
        ("It tripled.", "It doubled.", "3"),
        ("It costs $85.", "It costs €85.", "$85"),
        ("It costs €60.", "It costs 60 kr.", "€60"),
        ("It costs $5.", "It costs $5M.", "$5"),
        ("It costs £3.2m.", "It costs £3.2.", "£3.2m"),
        ("It costs 1.2 euros.", "It costs 1.200 euros.", "1.2 euros"),
        ("It costs 60%.", "It costs 60 in all.", "60%"),
        ("It costs 12,000.", "It costs 1,200.", "12,000"),
        ("It costs £5k.", "It costs £5.", "£5k"),
        ("It costs 55.", "It costs 5,5.", "55"),
        ("It costs 5 euros an hour.", "It costs 5 euros per day.", "5 euros"),
        ("It weighs .5 g.", "It weighs 5 g.", ".5 g"),
        ("It takes 2 hours.", "It takes 2½ hours.", "2 hours"),
        ("It is 5 °C.", "It is -5 °C.", "5 °"),
        ("It is 5 degrees.", "It is minus five degrees.", "5 degrees"),
        ("It has 20 acres.", "It has 20 hectares.", "20 acres"),
        ("It has 20 square metres.", "It has 20 metres.", "20 square metres"),
        ("It grew 5 percentage points.", "It grew 5 percent.", "5 percentage points"),
        ("They stay 7 days.", "They stay 7 nights.", "7 days"),
        ("It shuts at 8 am.", "It shuts at 20.00.", "8 am"),
        ("It shuts at 10:10.", "It shuts at 10:30.", "10:10"),
        ("It shuts at 10 pm.", "It shuts at 10 am.", "10 pm"),
        ("It shuts at 9:00.", "It shuts at 9 pm.", "9:00"),
        ("It shuts at half past seven.", "It shuts at seven.", "7:30 o'clock"),
        ("It leaves at 9 pm.", "Flight 9 leaves at 11 pm.", "9 pm"),
        ("It takes 14 days.", "Loans of 14 books take 30 days.", "14 days"),
        ("It costs 101 euros.", "Room 101 costs 80 euros.", "101 euros"),
        ("It is on 12 May.", "It is on 3 May in room 12.", "12 May"),
        ("It began on 12 June.", "It began on 12 May, and ended on 3 June.", "12 June"),
        ("It began on 6 May.", "It began on 6 June; it may rain.", "6 May"),
        ("It began on 12/5/2024.", "It began on 5/12/2024.", "12/5/2024"),
        ("It began on 11/1/2025.", "It began on 1/11/2025.", "11/1/2025"),
        ("It began on 2024-05-12.", "It began on 2024-12-05.", "12 May"),
        ("It needs 3.1.", "It needs 3.10.", "3.1"),
        ("It needs 1.2.13.", "It needs 1.21.3.", "1.2.13"),
        ("It needs 123.", "It needs 1.2.3.", "123"),
        ("It ended 53.", "It ended 5:3.", "53"),
        ("It has 103 trees.", "It has 10³ trees.", "103"),
        ("It lasted from 1945 to 1939.", "It lasted from 1939 to 1945.", "1945 to 1939"),
    ],
)
def test_a_number_that_does_not_stand_there_is_named(
    statement: str, source: str, wrong: str
) -> None:
    assert uncounted(statement, source) == wrong


@pytest.mark.parametrize(
    ("text", "other", "changed"),
    [
        ("two euros", "2 euros", "2 euros"),
        ("two hundred and five", "205", "205"),
        ("two euros", "1,2 euros", "two euros"),
        ("two and four weeks", "6 weeks", "two and four weeks"),
        ("the first two weeks", "2, 3", "the first 2 weeks"),
        ("twenty-first", "20, 21", "twenty-first"),
        ("minus five", "5", "minus 5"),
    ],
)
def test_whole_numbers_are_put_in_digits_as_in_another_text(
    text: str, other: str, changed: str
) -> None:
    assert in_digits(text, other) == changed


@given(st.integers(0, 10**7))
def test_a_number_is_the_same_with_separators(number: int) -> None:
    for written in (f"{number}", f"{number:,}", f"{number:,}".replace(",", "\u00a0")):
        assert [quantity.value for quantity in quantities(f"of {written} people")] == [number]


@pytest.mark.parametrize("number", ["9" * 40 + " pm", "9" * 5_000 + "½", "half a 1" + "0" * 400])
def test_a_huge_number_is_read(number: str) -> None:
    assert uncounted("It is at 9 pm.", number) == "9 pm"
    assert uncounted(number, "It is at 9 pm.")
