"""A saved answer verifies as it was given, and after no change at all."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import Answer, Citation, Document, QAError, verify
from qa.answering.answers import compose
from qa.bundled import essay_path
from qa.citations import quote_parts
from qa.documents import Block, Span
from qa.loaders import load
from qa.text.sentences import split_sentences
from qa.verification import verify_conversation
from qa.verification.answer_files import (
    SavedAnswer,
    SavedConversation,
    parse_answer,
    read_saved,
)
from qa.verification.sources import Sources

Saved = dict[str, Any]
Mutation = Callable[[Saved], Saved | None]

ESSAY = load(essay_path())[0]
SENTENCES = list(split_sentences(ESSAY.text))
LOOK_ALIKES = str.maketrans({"a": "а", "e": "е", "o": "о", "p": "р", "c": "с"})  # Cyrillic
WORDY = re.compile(r"\w+")


def answer_of(*spans: Span, document: Document = ESSAY) -> Saved:
    citations = tuple(Citation(n, document, span) for n, span in enumerate(spans, 1))
    saved: Saved = json.loads(json.dumps(Answer("Why?", "Why?", 0.9, citations).to_dict()))
    return saved


def read_answer(path: Path) -> SavedAnswer:
    saved = read_saved(path)
    assert isinstance(saved, SavedAnswer)
    return saved


def requote(saved: Saved, quote: str) -> Saved | None:
    """Change the first quote, and the answer's text with it; None if that changes nothing."""
    if quote == saved["citations"][0]["quote"]:
        return None
    saved["citations"][0]["quote"] = quote
    saved["text"] = compose("answered", ((c["number"], c["quote"]) for c in saved["citations"]))
    return saved


def change(pattern: str, replacement: str) -> Mutation:
    def mutate(saved: Saved) -> Saved | None:
        quote = saved["citations"][0]["quote"]
        return requote(saved, re.sub(pattern, replacement, quote, count=1))

    return mutate


def shift(field: str, by: int) -> Mutation:
    def mutate(saved: Saved) -> Saved | None:
        saved["citations"][0][field] += by
        return saved if saved["citations"][0][field] >= 0 else None

    return mutate


def negate(saved: Saved) -> Saved | None:
    quote = saved["citations"][0]["quote"]
    if " not " in quote:
        return requote(saved, quote.replace(" not ", " ", 1))
    return requote(saved, re.sub(r"\b(is|are|has|have|will|would|could|can)\b", r"\1 not", quote))


def drop_each_word(saved: Saved) -> Iterator[Saved]:
    quote = saved["citations"][0]["quote"]
    for word in WORDY.finditer(quote):
        dropped = requote(copy.deepcopy(saved), quote[: word.start()] + quote[word.end() :])
        assert dropped is not None
        yield dropped


def join_fragments(saved: Saved) -> Saved | None:
    quote = saved["citations"][0]["quote"]
    return requote(saved, quote[: len(quote) // 2] + ESSAY.text[-40:])


def look_alike(saved: Saved) -> Saved | None:
    return requote(saved, saved["citations"][0]["quote"].translate(LOOK_ALIKES))


def swap_words(saved: Saved) -> Saved | None:
    return change(r"(\w+) (\w+)", r"\2 \1")(saved)


def other_text(saved: Saved) -> Saved:
    saved["text"] = saved["text"].replace(" ", "  ", 1)
    return saved


def other_digest(saved: Saved) -> Saved:
    saved["citations"][0]["sha256"] = "0" * 64
    return saved


def other_title(saved: Saved) -> Saved:
    saved["citations"][0]["title"] = "The Bible"
    return saved


MUTATIONS: dict[str, Mutation] = {
    "negation flipped": negate,
    "number swapped": change(r"\d", "7"),
    "word dropped": change(r" \w+", ""),
    "words swapped": swap_words,
    "ellipsis for words": change(r"\w+ \w+", "…"),
    "dots for words": change(r"\w+ \w+", "..."),
    "two real fragments joined": join_fragments,
    "look-alike letters": look_alike,
    "straight quotation marks": change("[“”]", '"'),
    "straight apostrophe": change("’", "'"),
    "case changed": lambda saved: requote(saved, saved["citations"][0]["quote"].swapcase()),
    "white space added": change(" ", "  "),
    "no-break space": change(" ", "\N{NO-BREAK SPACE}"),
    "invisible character added": change(" ", " \N{ZERO WIDTH SPACE}"),
    "last character cut off": lambda saved: requote(saved, saved["citations"][0]["quote"][:-1]),
    "start moved": shift("start", 1),
    "start moved back": shift("start", -1),
    "end moved": shift("end", 1),
    "bytes moved": shift("byte_start", 1),
    "line moved": shift("line", 1),
    "another occurrence": shift("occurrence", 1),
    "more occurrences": shift("occurrences", 1),
    "renumbered": shift("number", 1),
    "another digest": other_digest,
    "another title": other_title,
    "only the text changed": other_text,
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_no_changed_quote_of_the_essay_verifies(name: str) -> None:
    tried = 0
    for span in SENTENCES:
        mutant = MUTATIONS[name](answer_of(span))
        if mutant is None:
            continue
        tried += 1
        assert not verify(mutant, [ESSAY]).verified, mutant["citations"][0]["quote"]
    assert tried > 0


def test_no_quote_of_the_essay_verifies_with_any_one_word_dropped() -> None:
    for span in SENTENCES:
        for mutant in drop_each_word(answer_of(span)):
            assert not verify(mutant, [ESSAY]).verified


def test_every_sentence_of_the_essay_verifies_as_it_is() -> None:
    for span in SENTENCES:
        assert verify(answer_of(span), [ESSAY]).verified


def test_a_quote_of_words_that_stand_twice_says_which_it_is() -> None:
    document = Document("twice.txt", "Yes. No. Yes. Maybe. Yes.")
    saved = answer_of(Span(9, 13), document=document)
    assert (saved["citations"][0]["occurrence"], saved["citations"][0]["occurrences"]) == (2, 3)
    assert verify(saved, [document]).verified


def test_a_quote_moved_to_another_document_does_not_verify() -> None:
    other = Document("other.txt", "Something else altogether. " + ESSAY.text)
    saved = answer_of(SENTENCES[3])
    saved["citations"][0]["document_id"] = other.id
    assert not verify(saved, [ESSAY, other]).verified
    saved["citations"][0]["sha256"] = other.sha256
    assert not verify(saved, [ESSAY, other]).verified


def test_a_changed_source_fails_every_quote() -> None:
    changed = Document(ESSAY.id, ESSAY.text + " ", source=ESSAY.source)
    result = verify(answer_of(*SENTENCES[:3]), [changed])
    assert [check.verified for check in result.checks] == [False, False, False]
    assert "SHA-256" in result.checks[0].finding


def test_a_wrong_offset_is_told_where_the_words_really_stand() -> None:
    saved = answer_of(SENTENCES[5])
    saved["citations"][0]["start"] += 1
    start, end = SENTENCES[5]
    assert f"stand at characters {start:,} to {end:,}" in verify(saved, [ESSAY]).checks[0].finding


def test_words_that_are_nowhere_are_told_from_where_on_they_differ() -> None:
    saved = requote(answer_of(SENTENCES[1]), "It was attributed to nobody.")
    assert saved is not None
    finding = verify(saved, [ESSAY]).checks[0].finding
    assert "not in essay.txt: from character 179 on" in finding
    assert "the source has “Dr. Kissinger, a wor”" in finding
    assert "the quote “nobody.”" in finding


def test_a_letter_that_only_looks_the_same_is_named() -> None:
    saved = look_alike(answer_of(SENTENCES[1]))
    assert saved is not None
    finding = verify(saved, [ESSAY]).checks[0].finding
    assert "(LATIN SMALL LETTER A)" in finding
    assert "(CYRILLIC SMALL LETTER A)" in finding


def test_a_span_past_the_end_of_the_source_is_said_so() -> None:
    saved = answer_of(SENTENCES[-1])
    saved["citations"][0]["end"] += 10_000
    assert "has no characters" in verify(saved, [ESSAY]).checks[0].finding


def test_an_abstention_that_quotes_does_not_verify() -> None:
    saved = answer_of(SENTENCES[0])
    saved["abstained"] = True
    assert not verify(saved, [ESSAY]).verified


@pytest.mark.parametrize("status", ["answered", "tentative", "abstained"])
def test_only_the_status_that_the_text_and_the_quotes_have_verifies(status: str) -> None:
    citation = Citation(1, ESSAY, SENTENCES[0])
    for answer in (
        Answer("Why?", "Why?", 0.9, (citation,)),
        Answer("Why?", "Why?", 0.5, (citation,), tentative=True),
        Answer("Why?", "Why?", 0.1, near=(citation,)),
    ):
        claimed = answer.to_dict() | {"status": status}
        assert verify(claimed, [ESSAY]).verified == (status == answer.status)


def test_answers_saved_before_there_was_a_status_verify() -> None:
    saved = answer_of(SENTENCES[0])
    del saved["status"]
    assert verify(saved, [ESSAY]).verified
    older = {"question": "Why?", "abstained": True, "citations": [], "near": []}
    assert verify(older | {"text": "The document does not say."}, []).verified
    assert verify(older | {"text": "I found nothing that says this."}, []).verified
    newer = older | {"text": "The document does not say.", "status": "abstained"}
    assert verify(newer, []).problems == ("the answer's text is not its quotes, word for word",)


def test_the_words_that_answer_must_lie_inside_the_quote() -> None:
    start, end = SENTENCES[1]
    citation = Citation(1, ESSAY, SENTENCES[1], answer=Span(start + 2, end))
    saved = json.loads(json.dumps(Answer("Why?", "Why?", 0.9, (citation,)).to_dict()))
    assert saved["citations"][0]["answer"] == [start + 2, end]
    assert verify(saved, [ESSAY]).verified
    for first, last in ((start - 1, end), (start, end + 1), (start + 5, start + 5), (end, start)):
        saved["citations"][0]["answer"] = [first, last]
        assert "are not inside the quote" in verify(saved, [ESSAY]).checks[0].finding
        with pytest.raises(ValueError, match="is not inside"):
            Citation(1, ESSAY, SENTENCES[1], answer=Span(first, last))


@pytest.mark.parametrize("answer", [None, [4, 9], [0, 5], [6, 12], [0, 99], [9, 4], [-5, -1]])
def test_the_parts_of_a_quote_are_the_quote(answer: list[int] | None) -> None:
    parts = list(quote_parts("One. Two.", 2, 5, answer))
    assert "".join(part.text for part in parts) == "One. Two."
    bold = "".join(part.text for part in parts if part.is_answer)
    inside = range(2, 11)
    assert bold == "".join("One. Two."[at - 2] for at in inside if answer and at in range(*answer))


def test_near_quotes_must_verify_too() -> None:
    near = Answer("Why?", "Why?", 0.1, near=(Citation(1, ESSAY, SENTENCES[0]),)).to_dict()
    assert verify(near, [ESSAY]).verified
    near["near"][0]["quote"] += "!"
    assert not verify(near, [ESSAY]).verified


def test_a_lead_says_where_the_answer_starts_and_must_leave_something() -> None:
    two = Span(SENTENCES[0].start, SENTENCES[1].end)
    citation = Citation(1, ESSAY, two, SENTENCES[1].start - two.start)
    assert citation.quote == ESSAY.text[slice(*two)]
    saved = json.loads(json.dumps(Answer("Why?", "Why?", 0.9, (citation,)).to_dict()))
    assert verify(saved, [ESSAY]).verified
    saved["citations"][0]["lead"] -= 1
    assert "ends inside a sentence" in verify(saved, [ESSAY]).checks[0].finding
    saved["citations"][0]["lead"] = len(citation.quote)
    assert "leaves nothing" in verify(saved, [ESSAY]).checks[0].finding
    for lead in (-1, len(citation.quote)):
        with pytest.raises(ValueError, match="lead"):
            Citation(1, ESSAY, SENTENCES[0], lead)


def test_an_answer_saved_before_there_were_leads_verifies() -> None:
    saved = answer_of(SENTENCES[0])
    del saved["citations"][0]["lead"]
    assert verify(saved, [ESSAY]).verified


def test_a_citation_is_made_from_a_span_and_never_from_words() -> None:
    citation = Citation(1, ESSAY, SENTENCES[0])
    assert citation.quote == ESSAY.text[citation.start : citation.end]
    assert ESSAY.text.encode()[citation.byte_start : citation.byte_end].decode() == citation.quote
    with pytest.raises(TypeError):
        Citation(1, ESSAY, SENTENCES[0], quote="words")  # type: ignore[call-arg]
    for empty_or_outside in (Span(5, 5), Span(-1, 3), Span(0, len(ESSAY.text) + 1)):
        with pytest.raises(ValueError, match="not a span"):
            Citation(1, ESSAY, empty_or_outside)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"text": 1}', '{"question": "x", "citations": "none"}', "\x00"]
)
def test_a_file_that_is_no_answer_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(content)
    with pytest.raises(QAError, match=r"answer\.json is not a saved answer") as caught:
        read_answer(path)
    assert "\n" not in str(caught.value)


def test_sources_are_found_by_the_paths_that_the_answer_names(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer_of(SENTENCES[0])))
    saved = read_answer(path)
    assert verify(saved, Sources.named_in(saved)).verified


def test_a_source_path_that_does_not_fit_the_document_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(ESSAY.text)
    fields = answer_of(SENTENCES[0])
    fields["citations"][0]["source"] = str(secret)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(fields))
    saved = read_answer(path)
    assert Sources.named_in(saved).documents == {}
    assert not verify(saved, Sources.named_in(saved)).verified


@pytest.mark.process
def test_verifying_loads_no_model() -> None:
    code = (
        "import json, sys; from qa.verification import verify; from qa.loaders import load;"
        "from qa.bundled import essay_path; saved = json.load(sys.stdin);"
        "assert verify(saved, load(essay_path())).verified;"
        "heavy = {'torch', 'transformers', 'faiss', 'tiktoken', 'gradio', 'numpy'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    saved = json.dumps(answer_of(SENTENCES[0]))
    subprocess.run([sys.executable, "-c", code], input=saved, text=True, check=True)


def test_what_takes_too_long_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.verification.checking.MOST_COMPARED", 5 * len(ESSAY.text) // 2)
    saved = parse_answer(answer_of(*SENTENCES[:2]))
    talk = SavedConversation(format="inquote-conversation/1", title="", answers=[saved, saved])
    assert verify(saved, [ESSAY]).verified
    first, second = verify_conversation(talk, [ESSAY]).answers
    assert first.verified
    assert [check.finding for check in second.checks] == 2 * [
        "not checked: too many quotes of long documents in one file; split it into several"
    ]
    assert not second.verified


def test_what_a_quote_stands_under_is_verified_like_the_quote() -> None:
    text = "Dogs\n\nNone are let in."
    document = Document("rules", text, blocks=(Block(0, 4, "heading", 1),))
    saved = answer_of(Span(6, 22), document=document)
    assert saved["citations"][0]["context"] == [{"text": "Dogs", "start": 0, "end": 4}]
    assert verify(saved, [document]).verified
    saved["citations"][0]["context"][0]["text"] = "Cats"
    (check,) = verify(saved, [document]).checks
    assert not check.verified
    assert "context" in check.finding
