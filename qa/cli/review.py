"""Judging questions in a terminal."""

from __future__ import annotations

import re

import click

from qa.errors import QuestionSetError
from qa.evaluation.formatting import counted
from qa.evaluation.questions import NOT_JUDGED, Question
from qa.evaluation.records import Excerpt
from qa.evaluation.review import Pending, Review
from qa.text.printable import printable

_NUMBERS = re.compile(r"[0-9]+(?:[\s,]+[0-9]+)*")


def review_in_terminal(review: Review) -> None:
    """Show each pending question, and ask what answers it, until all are judged.

    Every decision is saved at once, so the review may be stopped at any moment.
    """
    pending = list(review.pending)
    before = review.judged
    for number, one in enumerate(pending, 1):
        _show(review, one, f"{number} of {len(pending)}")
        try:
            going_on = _judge(review, one)
        except click.Abort:  # Ctrl-C, or the end of the input
            click.echo()
            going_on = False
        if not going_on:
            break
    click.echo(
        f"{review.judged - before} judged, {len(review.pending)} left; "
        f"the set has {counted(review.judged, 'question')}: {printable(str(review.out))}"
    )


def _show(review: Review, one: Pending, number: str) -> None:
    for asked in one.question.history:
        click.secho(f"before: {printable(asked)}", dim=True)
    click.secho(f"{number}: {printable(one.question.text)}", bold=True)
    click.secho(f"({printable(one.reason)})", dim=True)
    for index, excerpt in enumerate(one.candidates, 1):
        click.echo(f"\n{index:>3}  {printable(excerpt.text)}")
        _show_place(review, excerpt)
    click.echo("\nWhich quotes answer it? Type their numbers, such as 1 3, or a letter:")
    for key, meaning in _choices(one.question).items():
        click.echo(f"  {key}  {meaning}")


def _show_place(review: Review, excerpt: Excerpt) -> None:
    place = f"{printable(excerpt.document_id)}, line {review.line(excerpt)}"
    click.secho(f"     {place}", dim=True)


def _choices(question: Question) -> dict[str, str]:
    keep = {} if NOT_JUDGED in question.tags else {"k": "keep what the set says"}
    return {
        "n": "the corpus does not answer it",
        "t": "type the words that answer it",
        **keep,
        "s": "skip it for now",
        "q": "stop here",
    }


def _judge(review: Review, one: Pending) -> bool:
    """Ask until a decision is taken; return whether to go on with the next question."""
    choices = _choices(one.question)
    while True:
        choice = click.prompt("Judgement").strip().lower()
        if _NUMBERS.fullmatch(choice):
            if excerpts := _numbered(choice, one.candidates):
                review.accept(one.question, excerpts)
                return True
        elif choice not in choices:
            click.echo(f"Type numbers, or one of: {', '.join(choices)}")
        elif choice == "q":
            return False
        elif choice != "t":
            decide = {"n": review.unanswerable, "k": review.keep, "s": review.skip}
            decide[choice](one.question)
            return True
        elif _typed(review, one.question):
            return True


def _numbered(choice: str, candidates: tuple[Excerpt, ...]) -> list[Excerpt]:
    """Return the excerpts of these numbers; none, and say so, if there is no such number."""
    numbers = [int(number) for number in re.findall("[0-9]{1,9}", choice)]
    if all(1 <= number <= len(candidates) for number in numbers):
        return [candidates[number - 1] for number in numbers]
    click.echo(f"Type numbers from 1 to {len(candidates)}" if candidates else "There are no quotes")
    return []


def _typed(review: Review, question: Question) -> bool:
    """Ask for the words, and accept them as the corpus has them, if that is confirmed."""
    try:
        words = click.prompt("The words")
        excerpt = review.accept_words(question, words)
    except QuestionSetError as error:
        click.echo(printable(str(error)))
        return False
    click.echo(f"\n     {printable(excerpt.text)}")
    _show_place(review, excerpt)
    if excerpt.text != words.strip() and not click.confirm("Is that it?"):
        return False
    review.accept(question, [excerpt])
    return True
