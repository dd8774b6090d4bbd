"""Arguments of the wrong type, told in a sentence before anything is done with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from numbers import Integral, Real
from types import UnionType

from qa.errors import QAError, QuestionError, SettingsError


def check_text(name: str, given: object, error: type[QAError] = SettingsError) -> None:
    """Refuse what is no text."""
    if not isinstance(given, str):
        raise error(f"{name} is {_described(given)}: give a text")


def check_texts(name: str, given: object, what: str = "texts") -> None:
    """Refuse what is no list of texts; a single text is none."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise SettingsError(f"{name} is {_described(given)}: give a list of {what}")
    for each in given:
        if not isinstance(each, str):
            raise SettingsError(f"{name} has {_described(each)} in it: give a list of {what}")


def check_whole(name: str, given: object) -> None:
    """Refuse what is no whole number."""
    if not isinstance(given, Integral):
        raise SettingsError(f"{name} is {_described(given)}: give a whole number")


def check_number(name: str, given: object) -> None:
    """Refuse what is no number."""
    if not isinstance(given, Real):
        raise SettingsError(f"{name} is {_described(given)}: give a number")


def check_kind(name: str, given: object, kind: type | UnionType, example: str) -> None:
    """Refuse what is not of a kind."""
    if not isinstance(given, kind):
        raise SettingsError(f"{name} is {_described(given)}: give {example}")


def check_functions(**functions: object) -> None:
    """Refuse what is given and cannot be called."""
    for name, given in functions.items():
        if given is not None and not callable(given):
            raise SettingsError(f"{name} is {_described(given)}: give a function")


def check_several(name: str, given: object, example: str) -> None:
    """Refuse a single text where several things are wanted, and what cannot be gone through."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise SettingsError(f"{name} is {_described(given)}: give a list, such as {example}")


_CALLED = {
    "answerer": "answer",
    "encoder": "encode_queries",
    "reranker": "score",
    "store": "search",
}


def check_parts(**parts: object) -> None:
    """Refuse parts that have not the method that is called; only an encoder must be given."""
    for name, given in parts.items():
        is_wanted = given is not None or name == "encoder"
        if is_wanted and not callable(getattr(given, _CALLED[name], None)):
            raise SettingsError(
                f"{name} is {_described(given)}: give an object that has a method {_CALLED[name]}"
            )


def check_thresholds(answerer: object, **thresholds: object) -> None:
    """Refuse thresholds that are no numbers, or come with an answerer that has its own."""
    for name, given in thresholds.items():
        if given is not None:
            check_number(name, given)
            if answerer is not None:
                raise SettingsError(f"{name} is not for an answerer of your own: give it there")


def check_asked(question: object, history: object, top_k: object, documents: object) -> None:
    """Refuse arguments of a question that are of a wrong type."""
    check_text("the question", question, QuestionError)
    check_texts("history", history)
    check_whole("top_k", top_k)
    if documents is not None:
        check_texts("documents", documents, "ids")


def _described(given: object) -> str:
    """Return what was given, in a few words."""
    if given is None or isinstance(given, bool):
        return str(given)
    if isinstance(given, str):
        shown = given if len(given) <= 40 else f"{given[:40]}…"
        return f"the text {shown!r}"
    return f"{given!r}" if isinstance(given, Real) else f"of the type {type(given).__name__}"
