"""What a language model wrote, against what it cites and against gold."""

from __future__ import annotations

from qa.evaluation.records import Record
from qa.evaluation.short_answers import holds, token_f1, words


def statement_facts(record: Record) -> dict[str, float]:
    """Measure the statements of a question, where a model was asked to write.

    Of another system, only how many are supported is measured.
    Against gold, an answerable question counts 0 where nothing was written. What is shown in place
    of statements are quotes.
    """
    if record.statements is None:
        return {}
    shown = record.shown_statements
    facts: dict[str, float] = {}
    if record.statements:
        facts["statements"] = len(record.statements)
        facts["statements shown"] = len(shown)
    if not record.is_written:
        return facts
    if not (record.abstained or record.error):
        facts["statements-left-out"] = len(record.statements) - len(shown)
    if record.answerable and record.gold:
        facts |= _citing(record)
    answers = [answer for answer in record.answers if words(answer)]
    if record.answerable and answers:
        texts = [one.sentence for one in shown] or [quote.text for quote in record.quotes]
        text = "" if record.abstained else " ".join(texts)
        facts["written-contains-gold"] = any(
            holds(one.sentence, answer) for one in shown for answer in answers
        )
        facts["written-F1"] = max(token_f1(text, answer) for answer in answers)
    return facts


def _citing(record: Record) -> dict[str, float]:
    """Return the share of what statements cite that is gold, and of the gold that they cite."""
    cited = [
        record.quotes[number - 1].place
        for one in record.shown_statements
        for number in one.citations
        if 0 < number <= len(record.quotes)
    ]
    parts = [[excerpt.place for excerpt in part] for part in record.gold]
    right = [any(place.common(gold) for part in parts for gold in part) for place in cited]
    found = [any(place.common(gold) for gold in part for place in cited) for part in parts]
    return {
        "written-citation-precision": sum(right) / len(right) if right else 0.0,
        "written-citation-recall": sum(found) / len(found),
    }
