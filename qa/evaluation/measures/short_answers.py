"""What the quotes of a question with short answers are worth."""

from __future__ import annotations

from qa.evaluation.records import Record
from qa.evaluation.short_answers import exact_match, holds, token_f1, words


def short_answer_facts(record: Record) -> dict[str, float]:
    """Measure an answerable question that has short answers; an abstention counts 0.

    Where another system's answer is more than its quotes, its words stand in place of theirs.
    """
    answers = [answer for answer in record.answers if words(answer)]
    if not (record.answerable and answers):
        return {}
    is_text = record.text and not record.is_written
    quotes = [record.text] if is_text else [quote.text for quote in record.quotes]
    quotes = [] if record.abstained else quotes
    first = quotes[0] if quotes else ""
    held = [any(holds(quote, answer) for answer in answers) for quote in quotes[:3]]
    return {
        "exact match": max(exact_match(first, answer) for answer in answers),
        "token F1": max(token_f1(first, answer) for answer in answers),
        "answer-in-quote@1": any(held[:1]),
        "answer-in-quote@3": any(held),
    }
