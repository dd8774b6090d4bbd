"""What becomes of questions about the essay with a premise that it does not state, or denies.

python -m benchmarks.studies.false_premises
"""

from __future__ import annotations

from benchmarks.results import table
from qa import QA

QUESTIONS = (
    "Why did Xi reject the Belt and Road?",
    "Why does China support the deployment of THAAD?",
    "When did Kissinger oppose the one-China policy?",
    "Why did Trump abandon the one-China policy?",
    "What did Putin say when he refused to meet Xi?",
    "Why is the China-Russia partnership a military alliance?",
    "How did the Belt and Road fail in over a hundred countries?",
    "Why did Russia welcome the American missile defense system?",
    "When did the US join the Belt and Road?",
    "Which countries rejected the community of shared destiny?",
    "Why did Xi attack globalization at Davos?",
    "How did sanctions strengthen Russia's economy?",
)

if __name__ == "__main__":
    with QA.open() as qa:
        answers = [qa.ask(question) for question in QUESTIONS]
    rows = [
        (
            answer.question,
            f"{answer.confidence:.2f}",
            "yes" if answer.abstained else "no",
            " ".join((answer.citations or answer.near)[0].quote.split()),
        )
        for answer in answers
    ]
    print(table(("question", "confidence", "abstained", "first quote"), rows))
    print(f"\n{sum(answer.abstained for answer in answers)} of {len(answers)} are abstained from")
