"""Data that nobody expects: drawn into JSON in place of what belongs there."""

from __future__ import annotations

import json
import random
from typing import Any

_ODD_TEXT = (
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e\\u2066"', '"\x7f\\u001b[2J"', '""'),
    *('"/dev/zero"', '"../../etc/passwd"', '"' + "x" * 200_000 + '"', '" \\n "', '"👍🏽é̂"'),
)
_ODD_NUMBERS = (
    *("0", "-1", "1e400", "-1e400", "NaN", "Infinity", "1.5", "true", "9" * 5_000, "2e3"),
    *(str(2**31), str(2**63), str(2**64), str(10**12), str(10**12 + 1), "1e-400", "007"),
)
_ODD_SHAPES = (
    *("null", "[]", "{}", "[[]]", '{"": {}}', "[" * 300 + "]" * 300, "[" * 100_000),
    *('{"a":' * 5_000 + "1" + "}" * 5_000, "[" + "1," * 20_000 + "1]", "[" + "{}," * 500 + "{}]"),
    *('{"format": 1}', "tru", "", '"'),
)
_ODD = (*_ODD_TEXT, *_ODD_NUMBERS, *_ODD_SHAPES)
_HERE = "\N{OBJECT REPLACEMENT CHARACTER}"


def malformed(data: Any, rng: random.Random) -> bytes:
    """Return data as JSON in which one to three things are not as they should be."""
    text = json.dumps(_marked(data, rng, rng.choice((0, 1, 1, 2))), ensure_ascii=False)
    while f'"{_HERE}"' in text:
        text = text.replace(f'"{_HERE}"', rng.choice(_ODD), 1)
    if rng.random() < 0.2:
        text = _twice(text, rng)
    written = text.encode("utf-8", "surrogatepass")
    return _broken(written, rng) if rng.random() < 0.3 else written


def _marked(data: Any, rng: random.Random, times: int) -> Any:
    """Mark places of data to be replaced; or drop, repeat or rename what is there."""
    for _ in range(times):
        data = _changed(data, rng)
    return data


def _changed(data: Any, rng: random.Random) -> Any:
    if not isinstance(data, dict | list) or not data or rng.random() < 0.1:
        return _HERE
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = rng.choice(keys)
    way = rng.random()
    if way < 0.85:
        value = _changed(data[key], rng)
        return _with(data, key, value)
    if isinstance(data, list):
        return data * rng.choice((0, 2, 150))
    kept = {name: value for name, value in data.items() if name != key}
    return kept if way < 0.95 else kept | {str(key) + "x": data[key]}


def _with(data: Any, key: Any, value: Any) -> Any:
    if isinstance(data, dict):
        return data | {key: value}
    return [value if index == key else each for index, each in enumerate(data)]


def _twice(text: str, rng: random.Random) -> str:
    """Return an object that has one key twice."""
    names = ("quote", "start", "format", "answers", "id", "question", "data", "text", "_id")
    return text.replace("{", f'{{"{rng.choice(names)}": {rng.choice(_ODD)}, ', 1)


def _broken(written: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(written) + 1)
    match rng.randrange(4):
        case 0:
            return written[:place]
        case 1:
            return written[:place] + rng.randbytes(rng.randint(1, 9)) + written[place:]
        case 2:
            return b"\xef\xbb\xbf" + written
        case _:
            return written[:place] + written[place + rng.randint(1, 30) :]
