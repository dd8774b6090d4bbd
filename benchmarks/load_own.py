"""Do many visitors at once, each with a document of its own, get their own answers, and how fast?

python -m benchmarks.load_own --clients 20
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass, field

from benchmarks.load import at_once, resident_megabytes, server
from benchmarks.page_client import PageClient, quotes

_SENTENCES = (
    "The lighthouse of {town} was built in {year} by order of the harbour council.",
    "The vault of {town} is opened with the word {word}.",
    "Its keeper is called Keeper{number}, who has two dogs and a boat.",
    "The eastern pier is closed in winter, when the waves are high.",
    "Fishermen bring herring to the market in the early morning.",
)
_QUESTIONS = (
    ("When was the lighthouse of {town} built?", "{year}"),
    ("Which word opens the vault of {town}?", "{word}"),
    ("What is its keeper called?", "Keeper{number}"),
)


@dataclass
class OwnVisitor:
    """A visitor who brings a document that nobody else has, and asks about it.

    Attributes:
        seconds: how long each answer took.
        indexing: how long it took until the document could be asked.
        faults: what was not as it should be; another visitor's words above all.
    """

    url: str
    number: int
    rounds: int = 1
    seconds: list[float] = field(default_factory=list)
    indexing: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, object]:
        """Return what is true of this visitor's document alone."""
        number = self.number
        return {
            "town": f"Town{number}",
            "year": 1500 + number,
            "word": f"heron{number}",
            "number": number,
        }

    @property
    def text(self) -> str:
        """Return the document."""
        return "\n\n".join(sentence.format(**self.facts) for sentence in _SENTENCES)

    def visit(self) -> None:
        """Bring the document, and ask."""
        try:
            with PageClient(self.url) as client:
                started = time.perf_counter()
                told = client.bring("mine.txt", self.text)
                self.indexing = time.perf_counter() - started
                if told.get("problems") or "error" in told:
                    self.faults.append(str(told))
                for _ in range(self.rounds):
                    self._ask(client)
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")

    def _ask(self, client: PageClient) -> None:
        for question, right in _QUESTIONS:
            started = time.perf_counter()
            given = quotes(client.ask(question.format(**self.facts)))
            self.seconds.append(time.perf_counter() - started)
            self.faults += [f"not its own: {quote}" for quote in given if quote not in self.text]
            if not any(right.format(**self.facts) in quote for quote in given):
                self.faults.append(f"not answered: {question.format(**self.facts)}")


def main(clients: int, rounds: int) -> bool:
    with server() as (url, pid):
        OwnVisitor(url, 0).visit()  # what is loaded at first use is loaded
        visitors = [OwnVisitor(url, number, rounds) for number in range(1, clients + 1)]
        before = resident_megabytes(pid)
        took = at_once([visitor.visit for visitor in visitors])
        after = resident_megabytes(pid)
    seconds = [second for visitor in visitors for second in visitor.seconds]
    faults = [fault for visitor in visitors for fault in visitor.faults]
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    indexing = sorted(visitor.indexing for visitor in visitors)
    print(f"| answers | {len(seconds):,} in {took:,.1f} s |")
    print(f"| seconds to an answer | p50 {cuts[49]:.2f}, p95 {cuts[94]:.2f} |")
    print(f"| seconds until a document could be asked | {indexing[0]:.2f} to {indexing[-1]:.2f} |")
    print(f"| faults | {len(faults):,} {' '.join(faults[:3])} |")
    print(f"| the server's memory | {before:,.0f} MB before, {after:,.0f} MB after |")
    return not faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_own")
    parser.add_argument("--clients", type=int, default=20, help="how many come at once")
    parser.add_argument("--rounds", type=int, default=3, help="how often each asks its questions")
    arguments = parser.parse_args()
    raise SystemExit(0 if main(arguments.clients, arguments.rounds) else 1)
