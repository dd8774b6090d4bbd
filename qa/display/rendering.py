"""What is read, as plain text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from qa.text.printable import printable

_ALIKE = "white-space: pre-wrap; font: inherit; background: none; border: none; margin: 0"
"""For text to look like the text around it, and yet keep its white space. It is in `pre`, as
notebooks look for formulas everywhere else."""

_TAGS = {"": "{}", "bold": "<b>{}</b>", "dim": '<span style="opacity: 0.65">{}</span>'}

Style = Literal["", "bold", "dim"]


class Piece(NamedTuple):
    """A piece of text that looks the same throughout."""

    text: str
    style: Style = ""


Paragraph = Sequence[Piece]
"""Pieces with no blank line between them."""


def as_text(paragraphs: Iterable[Paragraph]) -> str:
    """Write paragraphs as plain text that is safe to print on a terminal."""
    return "\n\n".join(
        "".join(printable(piece.text) for piece in paragraph) for paragraph in paragraphs
    )


def as_html(paragraphs: Iterable[Paragraph]) -> str:
    """Write paragraphs as HTML, in which every text is the very text."""
    return _pre(
        "\n\n".join(
            "".join(_TAGS[piece.style].format(escaped(piece.text)) for piece in paragraph)
            for paragraph in paragraphs
        )
    )


def table_html(head: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> str:
    """Write a table as HTML, in which every cell is text."""
    caption = f'<caption style="text-align: left">{_pre(escaped(title))}</caption>' if title else ""
    names = "".join(f'<th style="text-align: left">{escaped(name)}</th>' for name in head)
    body = "".join(
        "<tr>{}</tr>".format(
            "".join(f'<td style="text-align: left">{_pre(escaped(cell))}</td>' for cell in row)
        )
        for row in rows
    )
    return f"<table>{caption}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def escaped(text: object) -> str:
    """Escape a text so that a browser shows the same characters."""
    return html.escape(str(text)).replace("\r", "&#13;")


def _pre(markup: str) -> str:
    return f'<pre style="{_ALIKE}">{markup}</pre>'
