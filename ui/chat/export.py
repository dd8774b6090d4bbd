"""A conversation as Markdown that shows every character of a quote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.answering import ABSTENTION, TENTATIVE
from qa.answering.statements import Statement
from qa.verification.answer_files import SavedCitation
from ui.chat.turns import Turn
from ui.strings import say

# All that CommonMark and its common extensions (mathematics, tables, mentions) give a meaning.
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+\-.!|<>~$&:@=\"'^]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = " \t"
_DROPPED_INSIDE = re.compile(r"(?<=[ \t])[ \t]|\t")


def markdown(title: str, turns: Sequence[Turn]) -> str:
    """Write a conversation, each quote with its place and its document's SHA-256."""
    parts = [f"# {escaped(title)}", *(_turn(turn) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Escape a text so that Markdown shows its characters; a line end is a hard break.

    Blanks that Markdown would drop, at the ends of a line or in a row, are written as entities.
    """
    lines = _LINE_END.split(text)
    return "\\\n".join(_line(line) for line in lines)


def _line(line: str) -> str:
    inside = line.strip(_BLANKS)
    before = len(line) - len(line.lstrip(_BLANKS))
    marked = _SPECIAL.sub(lambda match: f"\\{match.group()}", inside)
    kept = _DROPPED_INSIDE.sub(lambda match: _entities(match.group()), marked)
    return _entities(line[:before]) + kept + _entities(line[before + len(inside) :])


def _entities(blanks: str) -> str:
    return "".join(f"&#{ord(blank)};" for blank in blanks)


def _turn(turn: Turn) -> str:
    answer = turn.answer
    parts = [f"## {escaped(answer.question)}"]
    if answer.query != answer.question:
        parts.append(say("turn.read_as", query=escaped(answer.query)))
    if answer.outcome == "tentative":
        parts.append(escaped(TENTATIVE))
    if answer.statements and answer.written:
        parts.extend(_statement(one) for one in answer.statements)
        parts.append(say("written.by", model=escaped(answer.written.model)))
    parts.extend(_quote(citation) for citation in answer.citations)
    if answer.abstained:
        parts.append(escaped(ABSTENTION))
    return "\n\n".join(parts)


def _statement(statement: Statement) -> str:
    numbers = "".join(f"\\[{number}\\]" for number in statement.citations)
    return f"{escaped(statement.sentence)} {numbers}"


def _quote(citation: SavedCitation) -> str:
    quoted = "\n".join(f"> {line}" for line in escaped(citation.quote).split("\n"))
    place = say(
        "place.exported" if citation.page is None else "place.exported_page",
        document=escaped(citation.document_id),
        page=f"{citation.page}",
        line=f"{citation.line}",
        start=f"{citation.start}",
        end=f"{citation.end}",
        sha256=citation.sha256,
    )
    return f"{quoted}\n>\n> \\[{citation.number}\\] {place}"
