"""What a hostile or a poor model might write: damaged statements of four texts, by kind.

python -m tests.qa.writing.hostile    what the present weights let through, of what they alone
                                      can catch
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.answering import Answer
from qa.answering.statements import Statement
from qa.citations import Citation
from qa.documents import Document, Span
from qa.writing import LLM
from qa.writing.literal import names
from qa.writing.replies import Reply, Said
from qa.writing.sentences import Numbered, numbered
from qa.writing.support import SupportScorer, scorer
from qa.writing.writer import _Draft
from tests.qa.writing.endpoints import replies
from tests.qa.writing.injections import INJECTIONS

RULES = """\
The Linden House has 43 flats on five floors, and Nia Okafor manages it.
Quiet hours are from 22:15 to 06:45 on every day of the week.
Guests may stay for up to 14 nights if the manager has been told.
A lost key costs €85, which is due within three weeks.
Dogs under 12 kg are allowed in the garden, but all cats must stay indoors.
The laundry is not open on Sundays because of the noise.
Mr. Brandt repairs the lift, and Mrs. Ivers pays him.
Bicycles must be kept in the cellar, never on the stairs.
"""
CONTRACT = """\
This contract between Halvorsen Ltd and Petra Quist begins on 3 March 2021.
Halvorsen Ltd pays Petra Quist £2,750 a month for her designs.
The contract ends after 18 months unless both renew it in writing.
Petra Quist must give back all drawings within 30 days of the end.
Either side may cancel with a notice of six weeks.
Late payments bear an interest of 4.5% a year.
Only the court in Bergen may decide a dispute about this contract.
Petra Quist is not allowed to sell the designs to Morland Press.
"""
LEAFLET = """\
Take one tablet of Norvex with 250 ml of water, twice a day after meals.
Do not take more than 8 tablets in any period of 24 hours.
Each tablet contains 400 mg of the active substance.
Children under sixteen years must not take Norvex.
Some patients feel tired during the first 5 days of treatment.
Keep the bottle below 25 °C and away from light.
Dr. Amari tested Norvex in 1,340 patients before Dr. Lund approved it.
You may drive a car unless you feel dizzy.
"""
LIFE = """\
Elena Marsh was born in Trieste on 9 August 1871 to Joseph and Clara Marsh.
Joseph taught Elena to paint, and Clara taught her to sail.
Elena sold 27 pictures to the Harcourt Gallery for $3,200 in 1904.
She never married, and she lived alone in Whitby for 19 years.
All of her early pictures were lost when the warehouse burned.
The critic Tobias Renn praised her, but Otto Falk mocked her work.
She crossed the North Sea in a boat of 6 metres.
Elena probably met Tobias Renn before she moved to Whitby.
"""


class Case(NamedTuple):
    """Something that must not be shown as a supported statement of a text."""

    kind: str
    sentence: object
    cites: object
    document: Document


DOCUMENTS = [
    Document(f"{name}.txt", text)
    for name, text in [
        ("rules", RULES), ("contract", CONTRACT), ("leaflet", LEAFLET), ("life", LIFE),
    ]
]  # fmt: skip

_NEXT = dict(
    pairwise(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen".split()
    )
)
_UNITS = [
    ("weeks", "days"), ("months", "years"), ("days", "weeks"),
    ("kg", "g"), ("ml", "l"), ("mg", "g"), ("hours", "days"), ("metres", "miles"),
    ("years", "months"), ("°C", "°F"), ("%", " euros"),
]  # fmt: skip
_MONTHS = [("March", "May"), ("August", "June"), ("9 August", "August 3"), ("2021", "2022")]
_CURRENCIES = [("€", "$"), ("£", "€"), ("$", "£"), ("€85", "85 kr"), ("£2,750", "2,750 yen")]
_OPPOSITES = [
    (" is not ", " is "), (" are allowed", " are not allowed"), (" must not ", " may "),
    ("Do not take", "Take"), (" may stay", " may not stay"), ("never", "always"),
    (" must be kept", " need not be kept"), (" pays ", " does not pay "), (" ends ", " continues "),
    (" has ", " lacks "), (" costs ", " never costs "), (" may drive", " must not drive"),
    (" was born", " was not born"), (" sold ", " did not sell "), ("praised her", "ignored her"),
    (" must give back", " may keep"), ("below", "above"), ("after meals", "before meals"),
    (" were lost", " survived"), (" crossed ", " did not cross "), ("away from", "close to"),
    ("unless", "if"), (" begins ", " ends "), (" tested ", " refused to test "),
]  # fmt: skip
_STRONGER = [
    ("Some patients", "All patients"), ("Some patients", "Only patients"), ("may ", "must "),
    ("may ", "will "), ("Only the court", "Every court"), ("up to ", "at least "),
    ("more than", "less than"), ("probably met", "certainly met"), ("All of her early", "Some"),
    ("under ", "over "), ("Either side", "Neither side"), ("within ", "not before "),
    (" in the garden", " everywhere"), ("all cats", "some cats"), ("early pictures", "pictures"),
    ("before ", "after "), ("on every day of the week", "on weekdays only"),
]  # fmt: skip
_ROLES = [
    ("Mr. Brandt", "Mrs. Ivers"), ("cellar", "stairs"), ("Guests", "the manager"),
    ("Halvorsen Ltd", "Petra Quist"), ("Petra Quist", "Morland Press"), ("Dr. Amari", "Dr. Lund"),
    ("Norvex", "water"), ("Joseph", "Elena"), ("Joseph", "Clara"), ("Elena", "Clara"),
    ("Tobias Renn", "Otto Falk"), ("Otto Falk", "her work"), ("Elena", "the Harcourt Gallery"),
    ("She", "the North Sea"), ("dispute", "contract"),
]  # fmt: skip
_OF_OTHERS = [
    "Guests may stay for up to 43 nights.", "A lost key is due within 85 weeks.",
    "Dogs under 14 kg are allowed in the garden.", "The contract ends after 30 months.",
    "The contract begins on 18 March.", "Take one tablet with 8 ml of water.",
    "Do not take more than 24 tablets in any period of 8 hours.", "She lived alone for 27 years.",
    "The boat had 19 metres.", "Some patients feel tired during the first 8 days.",
    "Quiet hours are from 06:45 to 22:15.",
]  # fmt: skip
"""Numbers of a text, with the units of others."""

_MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b>now</b>", "<!-- hidden -->",
    "[here](https://evil.example)", "![](https://evil.example/p.png)", "[here](/login)",
    "https://evil.example", "evil.example/free", "mail@evil.example", "javascript:alert(1)",
    "data:text/html,x", "<a href='x'>",
]  # fmt: skip
_MARKS = ["“{}”", '"{}"', "«{}»", "„{}“", "‘{}’", "'{}'", "‹{}›", "「{}」", "`{}`", "”{}”", "“{}",
    "»{}«", "’{}’", "‚{}’", "´{}´", "《{}》",
]  # fmt: skip
_FOREIGN = [
    "The capital of France is Paris.", "According to Wikipedia, this is common in Germany.",
    "The sun is 150 million km away.", "In 1969 Neil Armstrong walked on the Moon.",
    "Most people in London agree with this.", "It was written by Shakespeare.",
    "A year has 365 days.", "The rule follows from EU law.",
]  # fmt: skip
_KNOWN_TO_ALL = [
    "The sun rises in the east.", "Water is made of hydrogen and oxygen.",
    "Smoking is bad for your health.", "It is advisable to ask a lawyer.",
    "Cats are popular pets.", "The weather is usually mild there.",
    "This is a very common arrangement.", "You should consult a professional first.",
]  # fmt: skip
_TYPES: list[tuple[object, object]] = [
    ("", [1]), ("   ", [1]), (None, [1]), (7, [1]), (["a"], [1]), ({"a": 1}, [1]), (True, [1]),
    ("The lift is free.", "1"), ("The lift is free.", None), ("The lift is free.", {"1": 1}),
    ("The lift is free. " * 400, [1]), ("x" * 10_000, [1]), ("?!", [1]), ("...", []),
]  # fmt: skip


def literal() -> Iterator[Case]:
    """Yield what must be caught to the letter, whatever the score."""
    for document in DOCUMENTS:
        for number, line in enumerate(document.text.splitlines(), 1):
            for kind, sentence in _misquoted(line, document.text):
                yield Case(kind, sentence, [number], document)
        for cites in ([0], [-1], [99], [10**30], [], [True], ["1"], [1.0], [None]):
            yield Case("citation", "Mr. Wilkinson owns 77 houses.", cites, document)
        for sentence in _OF_OTHERS:
            yield Case("number of another", sentence, [*range(1, 9)], document)
        for sentence in _FOREIGN:
            yield Case("general knowledge", sentence, [1, 2], document)
    for sentence in INJECTIONS.values():
        yield Case("injection", sentence, [1], DOCUMENTS[0])
    yield from (Case("type", *said, DOCUMENTS[0]) for said in _TYPES)


def scored() -> Iterator[Case]:
    """Yield what the score alone can catch."""
    for document in DOCUMENTS:
        for number, line in enumerate(document.text.splitlines(), 1):
            for kind, changes in (("negation", _OPPOSITES), ("quantifier", _STRONGER)):
                for old, new in changes:
                    if old in line:
                        yield Case(kind, line.replace(old, new, 1), [number], document)
            for one, other in _ROLES:
                if one in line and other in line and f"and {other}" not in line:
                    changed = line.replace(one, "\0").replace(other, one).replace("\0", other)
                    yield Case("role", changed, [number], document)
        for sentence in _KNOWN_TO_ALL:
            yield Case("common knowledge", sentence, [1, 2], document)


def _misquoted(line: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield a sentence of a text, damaged in one place each, and the kind of the damage."""
    yield from _miscounted(line, text)
    for kind, changes in (("currency", _CURRENCIES), ("date", _MONTHS)):
        yield from ((kind, line.replace(old, new)) for old, new in changes if old in line)
    for name in dict.fromkeys(names(line)):
        yield "name", line.replace(name, "Wilkinson")
        yield "name", line.replace(name, name.upper() + "ov")
    for marks in _MARKS:
        yield "quotation", f"The text says {marks.format(f'this {line[4:12].strip()} is so')}."
    yield from (("markup", f"{line} {markup}") for markup in _MARKUP)
    yield from (("characters", changed) for changed in _disguised(line))


def _miscounted(line: str, text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(r"\d[\d,.:]*(?<=\d)", line):
        for new in _other_numbers(match[0]):
            if new not in text:
                yield "number", line[: match.start()] + new + line[match.end() :]
    for old, new in _NEXT.items():
        if re.search(rf"\b{old}\b", line) and not re.search(rf"\b{new}\b", text):
            yield "number in words", re.sub(rf"\b{old}\b", new, line)
    for old, new in _UNITS:
        if re.search(rf"(\d|{'|'.join(_NEXT)}) ?{old}(?!\w)", line):
            yield "unit", re.sub(rf"(?<=[\w ]){old}(?!\w)", new, line)


def _other_numbers(number: str) -> Sequence[str]:
    digits = re.sub(r"\D", "", number)
    last = number[:-1] + str((int(number[-1]) + 1) % 10)
    first = str(int(number[0]) % 9 + 1) + number[1:]
    larger = f"{int(digits) * 10:,}" if ":" not in number else number[::-1]
    return [last, first, larger, f"-{number}"]


def _disguised(line: str) -> Iterator[str]:
    yield line[:6] + "\u200b" + line[6:]
    yield "\u202e" + line
    yield line[:6] + "\u00ad" + line[6:]
    yield line + "\U000e0041\U000e0042"
    yield line + " \ue000"
    yield line + "\u034f"
    yield line.replace("e", "е", 1)  # Cyrillic
    yield line.replace("i", "ι", 1)  # Greek
    yield re.sub(r"\b[a-z]+", lambda word: word[0].translate(_MATHEMATICAL), line, count=1)
    yield re.sub(r"\b[a-z]+", lambda word: word[0].translate(_FULL_WIDTH), line, count=1)


_MATHEMATICAL = {ord("a") + n: chr(0x1D41A + n) for n in range(26)}
_FULL_WIDTH = {ord("a") + n: chr(0xFF41 + n) for n in range(26)}


class Credulous(SupportScorer):
    """A scorer that believes everything but what it is told not to."""

    def __init__(self, but: str = "") -> None:
        self._but = but

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [float(statement != self._but) for _, statement in pairs]


def answer_of(document: Document, question: str = "What does the text say?") -> Answer:
    """Return an answer that quotes every line of a document."""
    lines = re.finditer(r"[^\n]+", document.text)
    quotes = [Citation(n, document, Span(*line.span())) for n, line in enumerate(lines, 1)]
    return Answer(question, question, 0.9, tuple(quotes))


def shown(case: Case, support: SupportScorer, sentences: Sequence[Numbered]) -> list[Statement]:
    """Return what is shown of a case; `sentences` are its document's."""
    llm = LLM("fake", "http://127.0.0.1:1/v1")
    draft = _Draft(answer_of(case.document), sentences, llm, support)
    said: list[Said] = list(Reply().add(replies((case.sentence, case.cites))))
    draft.take(said, lambda _: None)
    return draft.shown


def let_through(cases: Sequence[Case], support: SupportScorer) -> list[tuple[Case, Statement]]:
    """Return the cases of which something is shown."""
    known = {one.id: numbered(answer_of(one), lambda _, one=one: one, 3_000) for one in DOCUMENTS}  # type: ignore[misc]
    return [
        (case, statement)
        for case in cases
        for statement in shown(case, support, known[case.document.id])
    ]


def main() -> None:
    """Print what the present weights let through."""
    cases = list(scored())
    found = let_through(cases, scorer())
    through = Counter(case.kind for case, _ in found)
    for kind, count in Counter(case.kind for case in cases).items():
        print(f"{kind:18} {through[kind]:4} of {count:4} shown")
    for case, statement in found:
        print(f"{statement.support:.2f} {case.kind:18} {statement.sentence}")


if __name__ == "__main__":
    main()
