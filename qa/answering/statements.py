"""Written answers: statements, which a language model wrote, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

Verdict = Literal[
    "supported",
    "uncited",
    "number",
    "name",
    "quotation",
    "characters",
    "instruction",
    "unsupported",
]
"""Whether a statement is shown, or why not."""

NO_SENTENCE = "the language model wrote no sentence"
MOST_STATEMENTS = 50
_LONGEST = 2_000  # characters, of a saved one

_REASONS: dict[Verdict, str] = {
    "supported": "supported by its quotes",
    "uncited": "no quote supports it",
    "number": "its quotes do not have {}",
    "name": "its quotes do not name {}",
    "quotation": "the document does not say {}",
    "characters": "it has characters that are not read as they look",
    "instruction": "it speaks to a language model",
    "unsupported": "its quotes do not support it",
}


def reason_of(verdict: Verdict, wrong: str, source: str = "quote") -> str:
    """Return a verdict in words; `source` is what a sentence was held against."""
    return _REASONS[verdict].replace("quote", source).format(f"“{wrong}”")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that a language model wrote. It is not proven, as quotes are, but scored.

    Attributes:
        sentence: the model's words.
        citations: the numbers of the quotes that it rests on; empty where it was left out.
        support: how well they carry it, from 0 to 1.
        verdict: "supported", or why it was left out; `reason` says it in words.
        wrong: what of it the quotes do not have, such as "28 days"; empty where it is none of
            the words.
    """

    sentence: str
    citations: tuple[int, ...] = ()
    support: float = 0.0
    verdict: Verdict = "supported"
    wrong: str = ""

    @property
    def is_supported(self) -> bool:
        """Whether it is shown as part of the answer."""
        return self.verdict == "supported"

    @property
    def reason(self) -> str:
        """The verdict in words."""
        return reason_of(self.verdict, self.wrong)

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as plain data."""
        return {
            "sentence": self.sentence,
            "citations": list(self.citations),
            "support": round(self.support, 4),
            "verdict": self.verdict,
            "wrong": self.wrong,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read a statement that `to_dict` wrote.

        Raises:
            LookupError, TypeError, ValueError: it is not such data.
        """
        numbers, support = tuple(saved["citations"]), saved["support"]
        texts = saved["sentence"], saved["wrong"]
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
            raise TypeError("a statement is no text, or too long")
        if not all(type(number) is int for number in numbers):
            raise TypeError("a statement's citations are no numbers")
        if saved["verdict"] not in get_args(Verdict) or not 0 <= float(support) <= 1:
            raise ValueError("a statement's verdict or support is none")
        return cls(texts[0], numbers, float(support), saved["verdict"], texts[1])


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model made of an answer.

    Attributes:
        statements: those that are shown, in order, and then those that were left out.
        model: the model's name at its endpoint.
        host: the endpoint's host and port.
        prompt: the version of the words that it was asked with.
        problem: why it wrote nothing, or no more, in a sentence; empty where nothing went wrong.
    """

    statements: tuple[Statement, ...] = ()
    model: str = ""
    host: str = ""
    prompt: int = 0
    problem: str = ""

    @property
    def shown(self) -> tuple[Statement, ...]:
        """The statements that its quotes support."""
        return tuple(one for one in self.statements if one.is_supported)

    @property
    def left_out(self) -> tuple[Statement, ...]:
        """Those that they do not."""
        return tuple(one for one in self.statements if not one.is_supported)

    @property
    def has_failed(self) -> bool:
        """Whether nothing came of it because the model could not be asked, or did not answer."""
        return not self.statements and self.problem not in ("", NO_SENTENCE)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "statements": [one.to_dict() for one in self.statements],
            "model": self.model,
            "host": self.host,
            "prompt": self.prompt,
            "problem": self.problem,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            LookupError, TypeError, ValueError: it is not such data.
        """
        texts = [saved[name] for name in ("model", "host", "problem")]
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
            raise TypeError("what wrote is no text, or too long")
        if type(saved["prompt"]) is not int:
            raise TypeError("the version of the prompt is no number")
        statements = tuple(map(Statement.from_dict, saved["statements"][:MOST_STATEMENTS]))
        return cls(statements, texts[0], texts[1], saved["prompt"], texts[2])
