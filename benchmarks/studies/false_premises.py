"""What becomes of questions that take for granted what the essay does not say, or denies.

python -m benchmarks.studies.false_premises
"""

from __future__ import annotations

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


def main() -> None:
    print("| question | confidence | abstained | first quote |\n| --- | --- | --- | --- |")
    with QA.open() as qa:
        answers = [qa.ask(question) for question in QUESTIONS]
    for answer in answers:
        quote = " ".join((answer.citations or answer.near)[0].quote.split())
        abstained = "yes" if answer.abstained else "no"
        print(f"| {answer.question} | {answer.confidence:.2f} | {abstained} | {quote} |")
    print(f"\n{sum(answer.abstained for answer in answers)} of {len(answers)} are abstained from")


if __name__ == "__main__":
    main()
