"""Answers to HTML in which every character of a quote is the source's.

All text that is not the page's own goes through `exact`, into an element of class `exact`,
which the style sheet gives `white-space: pre-wrap`; its `textContent` is then the very text.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from qa import Answer, Citation


def conversation(answers: Sequence[Answer], pending: str | None = None) -> str:
    """Render a conversation, and the question being worked on, if there is one."""
    turns = [_turn(answer, number) for number, answer in enumerate(answers, 1)]
    if pending is not None:
        turns.append(_pending(pending))
    busy = "true" if pending is not None else "false"
    return (
        f'<div class="iq-log" role="log" aria-live="polite" aria-busy="{busy}" '
        f'aria-label="Conversation">{"".join(turns)}</div>'
    )


def heading(title: str) -> str:
    """Render the head of the page, with the title of what is asked."""
    return (
        '<header class="iq-head"><h1>inquote</h1>'
        f'<p>Ask <cite class="exact" dir="auto">{exact(title)}</cite> a question, '
        "and read the answer in its own words.</p></header>"
    )


def exact(text: str) -> str:
    """Escape a text so that a browser gives back the same characters."""
    return html.escape(text, quote=True).replace("\r", "&#13;")


def _turn(answer: Answer, number: int) -> str:
    state = "abstained" if answer.abstained else "answered"
    body = _abstention(answer, number) if answer.abstained else _quotes(answer, number)
    read_as = (
        f'<p class="iq-read-as">Read as: <span class="exact" dir="auto">{exact(answer.query)}'
        "</span></p>"
        if answer.query != answer.question
        else ""
    )
    return (
        f'<article class="iq-turn" data-state="{state}">'
        f"{_question(answer.question)}{read_as}{body}</article>"
    )


def _pending(question: str) -> str:
    return (
        f'<article class="iq-turn" data-state="pending">{_question(question)}'
        '<p class="iq-wait">Reading the document …</p></article>'
    )


def _question(question: str) -> str:
    return (
        '<h2 class="iq-asked"><span class="iq-hidden">You asked: </span>'
        f'<span class="exact" dir="auto">{exact(question)}</span></h2>'
    )


def _quotes(answer: Answer, turn: int) -> str:
    return "".join(
        _passage(citation, f"iq-{turn}-quote-{citation.number}", "quote")
        for citation in answer.citations
    )


def _abstention(answer: Answer, turn: int) -> str:
    near = "".join(
        _passage(citation, f"iq-{turn}-near-{citation.number}", "near") for citation in answer.near
    )
    folded = (
        f'<details class="iq-near-list"><summary>Near, but not an answer</summary>{near}</details>'
        if near
        else ""
    )
    return f'<p class="iq-none">{exact(answer.text)}</p>{folded}'


def _passage(citation: Citation, name: str, kind: str) -> str:
    label = f"{'Quote' if kind == 'quote' else 'Near passage'} {citation.number}"
    mark = f'<span class="iq-mark">[{citation.number}]</span>' if kind == "quote" else ""
    return (
        f'<figure class="iq-passage iq-{kind}" id="{name}" aria-label="{label}">{mark}'
        f'<blockquote class="exact" dir="auto">{_quote(citation)}</blockquote>'
        f'<figcaption><cite class="exact" dir="auto">{exact(citation.title)}</cite>'
        f'<span class="iq-place">{_place(citation)}</span>{_proof(citation)}</figcaption></figure>'
    )


def _quote(citation: Citation) -> str:
    """Render a quote; what merely leads up to the answer is set back."""
    lead, rest = citation.quote[: citation.lead], exact(citation.quote[citation.lead :])
    return f'<span class="iq-lead">{exact(lead)}</span>{rest}' if lead else rest


def _place(citation: Citation) -> str:
    return f"line {citation.line:,}, characters {citation.start:,}–{citation.end:,}"


def _proof(citation: Citation) -> str:
    facts = {
        "Document": citation.document_id,
        "SHA-256 of text": citation.sha256,
        "Bytes": f"{citation.byte_start:,}–{citation.byte_end:,}",
        "Occurrence": f"{citation.occurrence} of {citation.occurrences}",
    }
    rows = "".join(
        f'<div><dt>{name}</dt><dd class="exact">{exact(value)}</dd></div>'
        for name, value in facts.items()
    )
    return f'<details class="iq-proof"><summary>Proof</summary><dl>{rows}</dl></details>'
