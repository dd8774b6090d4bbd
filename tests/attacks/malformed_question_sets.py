"""Hand over question sets in every format that are none, or nearly: each is refused in words."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qa.errors import QuestionSetError
from qa.evaluation import load_questions
from tests.attacks import Outcome
from tests.attacks._odd_data import malformed

SMALL, FULL = 150, 20_000

_SECONDS = 5.0  # for one; a busy machine takes a while
_LONGEST = 20_000  # characters of a message, which names up to fifty faults

_TEXT = "The museum opens at nine. Cats are not let in. A ticket costs five euros."
_QUESTIONS: list[dict[str, Any]] = [
    {"corpus": "0" * 64, "name": "Museum"},
    {
        **{"id": "a", "question": "When?", "answerable": True, "history": ["Where?"]},
        **{"quotes": ["opens at nine"], "tags": ["time"], "answers": ["nine"]},
        **{"spans": [{"document": "a.txt", "start": 4, "end": 9}], "relevant": {"a.txt": 1}},
    },
    {"id": "b", "question": "Dogs?", "answerable": False},
]
_SQUAD: dict[str, Any] = {
    "data": [
        {
            "title": "Museum",
            "paragraphs": [
                {
                    "context": _TEXT,
                    "qas": [
                        {
                            **{"id": "a", "question": "When?", "is_impossible": False},
                            "answers": [{"text": "nine", "answer_start": 20}],
                        },
                        {"id": 7, "question": "Dogs?", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ]
}
_CORPUS: list[dict[str, Any]] = [
    {"_id": f"d{n}", "title": "Museum", "text": f"{n}. {_TEXT}"} for n in range(3)
]
_QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "When?", "answers": ["nine"], "history": ["Where?"]},
    {"_id": "q2", "text": "Dogs?", "answerable": False, "tags": ["pets"]},
    {"_id": 3, "text": "Cats?", "references": [{"doc": "d1", "start": 0, "end": 9}]},
]
_QRELS = "query-id\tcorpus-id\tscore\nq1\td0\t1\nq1\td1\t0\n3\td2\t2\n"
_TABLE = "id,question,answerable,quote,tag\na,When?,yes,opens at nine,time\nb,Dogs?,no,,\n"
_ODD_CELLS = (
    *('"', '""', '"a\nb', "\0", "\r", "x" * 200_000, "\t", ";" * 50, "\ufeff", "nan", "1e400"),
    *("99999999999", "-0", "\u202e", "yes", " ", "\n" * 1_000, "," * 20_000, "question", "\x1c"),
)


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Read malformed question sets."""
    survivors = []
    for number in range(tries):
        name = rng.choice(sorted(_WRITERS))
        path = folder / name
        _WRITERS[name](path, rng)
        began = time.monotonic()
        found = _fault(path)
        if found is None and (took := time.monotonic() - began) > _SECONDS:
            found = f"took {took:.0f} s"
        if found is not None:
            survivors.append(f"{number}, {name}: {found}")
    return Outcome(tries, tuple(survivors))


def _fault(path: Path) -> str | None:
    """Read a set; say what is wrong with what came of it."""
    try:
        load_questions(path)
    except QuestionSetError as error:
        message = str(error)
        return f"a message of {len(message):,} characters" if len(message) > _LONGEST else None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return None


def _lines(data: list[dict[str, Any]], rng: random.Random) -> bytes:
    """Write JSON lines of which some are malformed."""
    ends = (b"\n", b"\n", b"\r\n", b"\n\n", b"\x0b", b"\r")
    return b"".join(
        (malformed(line, rng) if rng.random() < 0.5 else json.dumps(line).encode())
        + rng.choice(ends)
        for line in data
    )


def _table(text: str, rng: random.Random) -> bytes:
    """Put odd cells into a table, at borders and inside."""
    for _ in range(rng.randint(1, 4)):
        borders = [n for n, character in enumerate(text) if character in ",\n\t"] or [0]
        place = rng.choice((rng.choice(borders), rng.randrange(len(text) + 1)))
        dropped = rng.choice((0, 0, 1, 9))
        text = text[:place] + rng.choice(_ODD_CELLS) + text[place + dropped :]
    written = text.encode("utf-8", "surrogatepass")
    return written if rng.random() < 0.8 else written + rng.randbytes(4)


def _beir(folder: Path, rng: random.Random) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "corpus.jsonl").write_bytes(_lines(_CORPUS, rng))
    (folder / "queries.jsonl").write_bytes(_lines(_QUERIES, rng))
    (folder / "qrels.tsv").write_bytes(_table(_QRELS, rng))


_WRITERS: dict[str, Callable[[Path, random.Random], object]] = {
    "set.jsonl": lambda path, rng: path.write_bytes(_lines(_QUESTIONS, rng)),
    "set.json": lambda path, rng: path.write_bytes(malformed(_SQUAD, rng)),
    "set.csv": lambda path, rng: path.write_bytes(_table(_TABLE, rng)),
    "set.tsv": lambda path, rng: path.write_bytes(_table(_TABLE.replace(",", "\t"), rng)),
    "beir": _beir,
}
