"""Questions to begin with: made of a document, and kept if it answers them with confidence.

They are made of headings, of sentences with a number or a definition, and of names. As in
overgenerating and ranking (Heilman and Smith 2010), more are made than needed, and those are kept
that are answered by the words that they were made of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from qa.answering.overview import is_fit
from qa.citations import Citation
from qa.documents import Document, Span
from qa.engine import QA

_MOST_DOCUMENTS, _MOST_CHARACTERS = 5, 200_000  # that are read, and of each
_MOST_ASKED = 18  # questions
_OF_A_KIND = 8
_MOST_WORDS = 6  # of a heading
_MENTIONED = 2  # times, of a name

_NUMBERED = re.compile(r"^[#\s]*(?:§?\d+(?:\.\d+)*\.?\)?|[IVX]+\.|\(?[a-z]\))?\s*|[\s#=*:.–-]+$")
_SAYS_NOTHING = re.compile(
    r"(?:summary|introduction|conclusions?|contents|notes|references|appendix|background|results"
    r"|overview|(?:what|when|where|why|who|which|how)\b.*|\w+(?<!s)(?<!ing)(?<!ion)(?<!nt)(?<!ce))",
    re.IGNORECASE,
)
_HOW_TO = re.compile(r"how to (?P<do>[a-z].*)", re.IGNORECASE)
_NAME = re.compile(
    r"(?<=[a-z,;] )(?!(?:[JFMASOND]\w+(?:ary|ch|ril|May|ne|ly|ust|ber)|\w+day)\b)"
    r"(?!(?:\w+(?:an|ese|ish)|Dr|Mr|Mrs|Ms|Prof)\b)[A-Z][a-z][\w’'-]*"
    r"(?: (?:(?:of|and|the|for) )*[A-Z][\w’'-]+)*\b(?![’'])"
)
_SENTENCE = re.compile(r"(?<![^\s])(?P<text>(?:The|An?|Our) [^.!?\n]{10,200}\.)(?=\s|$)")
_SUBJECT = (
    r"(?P<the>The|An?|Our) (?P<noun>(?!one|other|same|only)[\w’'-]+(?: (?!is |are )[\w’'-]+){0,3}?)"
)
_AMOUNT = r"(?:about |only )?(?:[$€£¥] ?\d|\d[\d.,]* (?:euros?|dollars?|pounds?|crowns?|francs?)\b)"
_WHEN = r"(?:on|at|in|from|until|before|after|every|by)\b[^,;:]*\d"
_SHAPES = (
    (
        rf"{_SUBJECT} (?P<be>was|were) (?P<done>\w+(?:ed|wn|ilt|ten|un|de|ght)) [^,;:]*\b{_WHEN}",
        "When {be} {the} {noun} {done}?",
    ),
    (
        rf"{_SUBJECT} (?P<be>is|are) (?P<done>\w+ed|due|open|closed|shut) (?:\w+ )?{_WHEN}",
        "When {be} {the} {noun} {done}?",
    ),
    (rf"{_SUBJECT} costs {_AMOUNT}", "How much does {the} {noun} cost?"),
    (rf"{_SUBJECT} (?P<be>is|are) {_AMOUNT}", "How much {be} {the} {noun}?"),
    (rf"{_SUBJECT} (?P<do>open|close|start|begin|end)s {_WHEN}", "When does {the} {noun} {do}?"),
    (rf"{_SUBJECT} is (?:an?) \w+ (?:that|which|who|for|of)\b", "What is {the} {noun}?"),
)
_SHAPED = tuple((re.compile(shape), question) for shape, question in _SHAPES)


class _Made(NamedTuple):
    """A question, and the words of a document that should answer it."""

    text: str
    document_id: str
    answer: Span


def suggested_questions(
    qa: QA, documents: Sequence[str] | None = None, *, most: int = 3
) -> list[str]:
    """Suggest questions that documents answer with confidence.

    Args:
        qa: what is asked.
        documents: ids of the documents; None is all. The first five are read.
        most: how many questions; there may be fewer, or none.

    Raises:
        SettingsError: `documents` names one that is not in the index.
    """
    ids = list(qa.index.document_ids() if documents is None else documents)[:_MOST_DOCUMENTS]
    kinds: list[list[_Made]] = [[], [], []]
    for document in map(qa.index.document, ids):
        for kind, make in zip(kinds, (_headings, _sentences, _names), strict=True):
            kind += _some([*make(document)])
    in_turn = filter(None, chain.from_iterable(zip_longest(*kinds)))
    asked = list({one.text: one for one in in_turn}.values())[:_MOST_ASKED]
    answers = qa.ask_many([one.text for one in asked], documents=ids) if asked else []
    good = [
        one.text
        for one, answer in zip(asked, answers, strict=True)
        if answer.status == "answered" and _is_of(answer.citations[0], one)
    ]
    return good[:most]


def _is_of(quote: Citation, made: _Made) -> bool:
    return quote.document_id == made.document_id and Span(quote.start, quote.end).overlaps(
        made.answer
    )


def _some(made: Sequence[_Made]) -> Sequence[_Made]:
    """Return some of them, from all over a document."""
    return made[:: -(-len(made) // _OF_A_KIND)] if made else made


def _headings(document: Document) -> Iterator[_Made]:
    """Ask what sections say; a heading that is a question is asked as it is."""
    headings = [block for block in document.blocks if block.kind == "heading"]
    for number, block in enumerate(headings):
        end = headings[number + 1].start if block != headings[-1] else len(document.text)
        first_line = document.text[block.start : block.end].split("\n")[0]
        if question := _about(_NUMBERED.sub("", first_line), document):
            yield _Made(question, document.id, Span(block.end, end))


def _about(topic: str, document: Document) -> str | None:
    """Return the question that a section answers, by its heading; None if that tells nothing."""
    if topic.endswith("?"):
        return topic
    if how := _HOW_TO.fullmatch(topic):
        return f"How do I {how['do']}?"
    is_title = not document.text[: document.text.find(topic)].strip("# \n*=")
    if is_title or len(topic.split()) > _MOST_WORDS or _SAYS_NOTHING.fullmatch(topic):
        return None
    return f"What does it say about “{topic}”?"


def _sentences(document: Document) -> Iterator[_Made]:
    """Ask for the number or the definition that a sentence has."""
    for found in _SENTENCE.finditer(document.text, 0, _MOST_CHARACTERS):
        text = found["text"]
        for shape, question in _SHAPED:
            if (said := shape.match(text)) and is_fit(text):
                words = said.groupdict() | {"the": said["the"].lower()}
                yield _Made(question.format(**words), document.id, Span(*found.span("text")))
                break


def _names(document: Document) -> Iterator[_Made]:
    """Ask what is said about names that come often, by a sentence that has the name."""
    text = document.text[:_MOST_CHARACTERS]
    counts = Counter(found[0] for found in _NAME.finditer(text))
    for name, count in counts.most_common(_OF_A_KIND):
        is_part = re.search(rf"[A-Z][\w’'-]* {name}\b|\b{name} [A-Z]", text)
        if count >= _MENTIONED and not is_part:
            yield _Made(f"What does it say about {name}?", document.id, Span(0, len(text)))
