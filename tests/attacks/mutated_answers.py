"""Change saved answers, one claim at a time or all of them consistently, so that they say else.

What is true of an answer is worked out here anew, from the documents and from lists of their
sentences, by none of the code that is attacked. A changed answer that is still true must verify;
any other must not.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa import Document, verify
from qa.bundled import essay_path
from qa.loaders import load
from tests.attacks import Outcome

SMALL, FULL = 1_000, 100_000

Claims = dict[str, Any]

_LONG, _PART = 1_000, 500  # characters of a sentence that may be quoted in part; of a part
_NO_STOP = " and ".join(f"no ship of {n} tons without a pilot" for n in range(10, 70))
_PARAGRAPHS = (
    ("The rules of the port",),
    (
        "No vessel shall enter the port of Riga without a pilot.",
        "It shall not pay more than 3,500 euros.",
        "No vessel shall enter the port of Riga without a pilot.",
    ),
    ("“No ferry is a vessel.”", "Is a tug?", "No!", "(It is not one of them.)"),
    ("Das Öl kostet nicht 5 €.", "Cafe\N{COMBINING ACUTE ACCENT} owners 👍🏽 may not fish."),
    ("我们没有走。", "他来了。"),
    (f"No fee is due for {_NO_STOP}.", "Neither is a tax."),
    ("No vessel shall enter the port of Riga without a pilot.", "Dr. Ozols may not dispense it."),
)
_LOOK_ALIKES = str.maketrans("aeopc1’“", "аеорсl'\"")  # Cyrillic, and others


@dataclass(frozen=True, slots=True)
class _Known:
    """A document, where its sentences start and end, and where parts of long ones do."""

    document: Document
    starts: set[int]
    ends: set[int]
    part_starts: set[int]
    part_ends: set[int]


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Change an answer in a way drawn at random, and hold what is said of it against the truth."""
    known = {each.document.id: each for each in (_essay(), _traps("\n"), _traps("\r\n"))}
    documents = [each.document for each in known.values()]
    survivors = []
    for _ in range(tries):
        answer = _answer(known, rng)
        changed = rng.choice(_CHANGES)(answer, known, rng)
        verified = verify(json.loads(json.dumps(answer)), documents)
        expected = _is_true(answer, known)
        if verified.verified != expected:
            said = "refused, but true" if expected else "verified, but false"
            survivors.append(f"{said} ({changed}): {json.dumps(answer)[:2_000]}")
    return Outcome(tries, tuple(survivors))


def _essay() -> _Known:
    (document,) = load(essay_path())
    text = document.text
    breaks = re.finditer(r"(?<!\bDr)(?<!\bMr)[.?!][”)]?\s+(?=[A-Z“(])", text)
    starts = {0, *(found.end() for found in breaks)}
    ends = {len(text[:start].rstrip()) for start in starts if start} | {len(text.rstrip())}
    return _Known(document, starts, ends, set(), set())


def _traps(line_end: str) -> _Known:
    text, pages = "", []
    starts, ends, part_starts, part_ends = (set[int]() for _ in range(4))
    for paragraph in _PARAGRAPHS:
        pages.append(len(text))
        for sentence in paragraph:
            start, length = len(text), len(sentence)
            text += sentence + ("" if sentence[-1] == "。" else " ")
            starts.add(start)
            ends.add(start + length)
            if length > _LONG:  # parts of at most _PART characters, alike, cut before a word
                count = -(-length // _PART)
                fulls = [start + length * number // count for number in range(1, count)]
                spaces = [text.rindex(" ", 0, full + 1) for full in fulls]
                part_starts |= {space + 1 for space in spaces}
                part_ends |= set(spaces)
        text += 2 * line_end
    name = "crlf.txt" if "\r" in line_end else "lf.txt"
    document = Document(name, text, source=f"/none/{name}", pages=tuple(pages))
    return _Known(document, starts, ends, part_starts, part_ends)


def _answer(known: dict[str, _Known], rng: random.Random) -> Claims:
    citations = []
    for number in range(1, rng.choice((2, 3))):
        each = known[rng.choice(sorted(known))]
        start, end = _sentences(each, rng)
        later = [place for place in each.starts if start < place < end]
        lead = rng.choice(later) - start if later and rng.random() < 0.5 else 0
        citations.append(_claims(each, start, end) | {"number": number, "lead": lead})
    return _composed({"question": "?", "query": "?", "confidence": 0.9}, citations)


def _composed(answer: Claims, citations: list[Claims]) -> Claims:
    text = "\n\n".join(f"{each['quote']} [{each['number']}]" for each in citations)
    answer.update(text=text, abstained=False, citations=citations, near=[])
    return answer


def _sentences(each: _Known, rng: random.Random) -> tuple[int, int]:
    start = rng.choice(sorted(each.starts | each.part_starts))
    following = sorted(end for end in each.ends | each.part_ends if end > start)
    return start, following[min(rng.choice((0, 0, 1)), len(following) - 1)]


def _claims(each: _Known, start: int, end: int) -> Claims:
    """Work out all that a citation of these characters claims."""
    document, text = each.document, each.document.text
    quote = text[start:end]
    before, after = (len(re.findall(re.escape(quote), t)) for t in (text[:start], text[end:]))
    return {
        "number": 1,
        "quote": quote,
        "lead": 0,
        "start": start,
        "end": end,
        "sentence_start": max((s for s in each.starts if s <= start), default=start),
        "sentence_end": min((e for e in each.ends if e >= end), default=end),
        "document_id": document.id,
        "title": document.title,
        "source": document.source,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "byte_start": len(text[:start].encode()),
        "byte_end": len(text[:end].encode()),
        "line": len(re.split(r"\r\n|\r|\n", text[:start])),
        "page": sum(page <= start for page in document.pages) or None,
        "occurrence": 1 + before,
        "occurrences": 1 + before + after,
    }


def _is_true(answer: Claims, known: dict[str, _Known]) -> bool:
    composed = _composed({}, answer["citations"])
    numbers = [each["number"] for each in answer["citations"]]
    return (
        answer["text"] == composed["text"]
        and numbers == list(range(1, len(numbers) + 1))
        and all(_stands(each, known) for each in answer["citations"])
    )


def _stands(claimed: Claims, known: dict[str, _Known]) -> bool:
    each = known.get(claimed["document_id"])
    start, end, lead = (claimed[name] for name in ("start", "end", "lead"))
    if each is None or not 0 <= start < end <= len(each.document.text):
        return False
    true = _claims(each, start, end)
    free = {"number", "lead", "source"}
    same = all(claimed[name] == true[name] for name in claimed if name not in free)
    leads = lead == 0 or (lead < end - start and start + lead in each.starts)
    whole = start in each.starts | each.part_starts and end in each.ends | each.part_ends
    return same and leads and whole


# What is done to an answer; each says what it did.


def _other_words(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Change the words alone, as a forger of the text does."""
    cited = rng.choice(answer["citations"])
    name, edit = rng.choice(sorted(_EDITS.items()))
    cited["quote"] = edit(cited["quote"], rng)
    _composed(answer, answer["citations"])
    return name


def _other_field(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Change one claim alone."""
    cited = rng.choice(answer["citations"])
    name: str = rng.choice(sorted(set(cited) - {"quote", "source"}))
    if isinstance(cited[name], int):
        cited[name] = max(1, cited[name] + rng.choice((-100, -2, -1, 1, 2, 100)))
    elif name == "page":
        cited[name] = rng.choice((None, 1, 2))
    else:
        each = known[rng.choice(sorted(known))]
        cited[name] = _claims(each, *_sentences(each, rng))[name]
    return name


def _other_span(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Quote other characters, with every claim changed along, bounds included."""
    number = rng.randrange(len(answer["citations"]))
    cited = answer["citations"][number]
    each = known[cited["document_id"]]
    text = each.document.text
    name, shift = rng.choice(sorted(_SHIFTS.items()))
    start, end = shift(text, cited["start"], cited["end"], rng)
    if not 0 <= start < end <= len(text):
        return "nothing"
    claims = _claims(each, start, end) | {"number": cited["number"]}
    way = rng.random()
    if way < 0.4:
        claims |= {"sentence_start": start, "sentence_end": end}
    elif way < 0.7:
        del claims["sentence_start"], claims["sentence_end"]
    if rng.random() < 0.3:
        claims["lead"] = rng.randrange(end - start)
    answer["citations"][number] = claims
    _composed(answer, answer["citations"])
    return name


def _other_text(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Cite a text that is made up, in which the changed words stand, under a real id."""
    number = rng.randrange(len(answer["citations"]))
    cited = answer["citations"][number]
    document = known[cited["document_id"]].document
    name, edit = rng.choice(sorted(_EDITS.items()))
    quote = edit(cited["quote"], rng)
    text = document.text[: cited["start"]] + quote + document.text[cited["end"] :]
    if not quote.strip() or text == document.text:
        return "nothing"
    start, end = cited["start"], cited["start"] + len(quote)
    made_up = Document(document.id, text, document.title, document.source)
    forged = _Known(made_up, {start}, {end}, set(), set())
    claims = _claims(forged, start, end) | {"number": cited["number"], "page": cited["page"]}
    if rng.random() < 0.5:
        claims["sha256"] = cited["sha256"]
    answer["citations"][number] = claims
    _composed(answer, answer["citations"])
    return f"{name}, in a text made up for it"


def _other_document(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Name another document as the source of the words."""
    cited = rng.choice(answer["citations"])
    other = known[rng.choice(sorted(known))].document
    names = ["document_id", "sha256", "title", "source"]
    values = [other.id, other.sha256, other.title, other.source]
    for name, value in rng.sample(list(zip(names, values, strict=True)), rng.randint(1, 4)):
        cited[name] = value
    return "another document"


def _other_answer(answer: Claims, known: dict[str, _Known], rng: random.Random) -> str:
    """Change what holds the quotes together."""
    way = rng.choice(("text", "numbers", "order", "twice", "nothing"))
    if way == "text":
        place = rng.randrange(len(answer["text"]))
        answer["text"] = answer["text"][:place] + answer["text"][place + 1 :]
    elif way == "numbers":
        answer["citations"][-1]["number"] += rng.choice((1, 2))
        _composed(answer, answer["citations"])
    elif way == "order":
        answer["citations"].reverse()
    elif way == "twice":
        answer["citations"].append(dict(answer["citations"][0]))
    return way


_CHANGES = (
    *(_other_words, _other_field, _other_span, _other_span, _other_text),
    *(_other_document, _other_answer),
)


def _without(pattern: str, instead: str = "") -> Callable[[str, random.Random], str]:
    """Replace one of the places where a pattern stands."""

    def edit(quote: str, rng: random.Random) -> str:
        found = list(re.finditer(pattern, quote))
        if not found:
            return quote
        chosen = rng.choice(found)
        return quote[: chosen.start()] + chosen.expand(instead) + quote[chosen.end() :]

    return edit


_EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "first word dropped": lambda quote, _: quote.partition(" ")[2] or quote,
    "last word dropped": lambda quote, _: quote.rpartition(" ")[0] or quote,
    "a word dropped": _without(r"\w+\s?"),
    "a negation dropped": _without(r"\b([Nn]o|not|No|nor|Not)\b ?|没有"),
    "a negation put in": _without(r"\b(is|are|has|may|shall|will)\b", r"\1 not"),
    "a digit changed": _without(r"\d", "9"),
    "a letter changed": _without(r"\w", "e"),
    "look-alike letters": lambda quote, _: quote.translate(_LOOK_ALIKES),
    "a space doubled": _without(r" ", "  "),
    "an invisible character": _without(r"(?<=\w)(?=\w)", "\N{ZERO WIDTH SPACE}"),
    "composed": lambda quote, _: quote.replace("e\N{COMBINING ACUTE ACCENT}", "é"),
    "line ends changed": _without(r"\r\n|\n", "\n\n"),
    "case changed": lambda quote, _: quote.swapcase(),
}

_Shift = Callable[[str, int, int, random.Random], tuple[int, int]]


def _words(text: str, start: int, end: int) -> list[int]:
    return [start + found.start() for found in re.finditer(r"(?<!\S)\S", text[start:end])]


def _another(text: str, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    places = [found.start() for found in re.finditer(re.escape(text[start:end]), text)]
    place = rng.choice(places)
    return place, place + end - start


def _after_negation(text: str, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    found = re.search(r"\b(?:No|Not|Neither|not)\s+", text[start:end])
    return (start + found.end() if found else start + 1), end


_SHIFTS: dict[str, _Shift] = {
    "starts at a later word": lambda text, a, b, rng: (rng.choice(_words(text, a, b)), b),
    "ends at an earlier word": lambda text, a, b, rng: (
        a,
        a + len(text[a : rng.choice(_words(text, a, b))].rstrip()) or a + 1,
    ),
    "starts after a negation": _after_negation,
    "both ends moved": lambda _, a, b, rng: (a + rng.randint(-9, 9), b + rng.randint(-9, 9)),
    "shifted": lambda _, a, b, rng: (a + (by := rng.randint(-40, 40)), b + by),
    "white space put in": lambda _, a, b, rng: (a - rng.randint(0, 2), b + rng.randint(0, 2)),
    "another occurrence": _another,
    "any characters": lambda text, a, b, rng: (
        rng.randrange(len(text)),
        rng.randrange(len(text)),
    ),
    "one more sentence": lambda text, a, b, rng: (a, b + 1 + len(text[b + 1 :].partition(".")[0])),
}
