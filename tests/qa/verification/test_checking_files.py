"""Answers and conversations about files of every kind verify against those files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import CliRunner, Result

from qa import Answer, Citation, Document
from qa.cli.commands import main
from qa.cli.verify import NOT_VERIFIED
from qa.documents import Span
from qa.loaders import load
from qa.text.sentences import split_sentences
from tests.fakes import index_here
from tests.pdf_files import Page, pdf_of

SENTENCES = ("The museum opens at nine.", "Tickets cost five euros.", "Cats are not let in.")


def write_pdf(path: Path, sentences: tuple[str, ...]) -> None:
    path.write_bytes(pdf_of(*(Page().line(sentence) for sentence in sentences)))


def write_docx(path: Path, sentences: tuple[str, ...]) -> None:
    word = docx.Document()
    for sentence in sentences:
        word.add_paragraph(sentence)
    word.save(str(path))


def write_html(path: Path, sentences: tuple[str, ...]) -> None:
    path.write_text("".join(f"<p>{sentence}" for sentence in sentences))


def write_text(path: Path, sentences: tuple[str, ...]) -> None:
    path.write_text("\n".join(sentences))


WRITERS: dict[str, Callable[[Path, tuple[str, ...]], None]] = {
    "notes.pdf": write_pdf,
    "notes.docx": write_docx,
    "notes.html": write_html,
    "notes.md": write_text,
}


def quoting(*documents: Document, sentence: str = SENTENCES[1]) -> dict[str, Any]:
    """Answer with a sentence of each document."""
    citations = tuple(
        Citation(number, document, Span(start, start + len(sentence)))
        for number, document in enumerate(documents, 1)
        for start in [document.text.index(sentence)]
    )
    saved: dict[str, Any] = Answer("How much?", "How much?", 0.9, citations).to_dict()
    return saved


def conversation(*answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": "inquote-conversation/1",
        "title": "Museum",
        "made": "today",
        "answers": [{**answer, "id": 3} for answer in answers],
    }


def run_verify(folder: Path, saved: object, *options: str | Path) -> Result:
    path = folder / "saved.json"
    path.write_text(json.dumps(saved))
    return CliRunner().invoke(main, ["verify", str(path), *map(str, options)])


@pytest.mark.parametrize("name", WRITERS)
class TestEveryKind:
    def test_an_answer_verifies_by_its_source_and_by_the_file_named(
        self, tmp_path: Path, name: str
    ) -> None:
        WRITERS[name](tmp_path / name, SENTENCES)
        index_here(tmp_path / name)
        saved = quoting(*load(tmp_path / name))
        for options in ((), ("--document", str(tmp_path / name))):
            result = run_verify(tmp_path, saved, *options)
            assert result.exit_code == 0, result.output
            assert f"these words stand in {name}, " in result.stdout
            assert ("page 2, line" in result.stdout) == name.endswith(".pdf")

    def test_an_answer_does_not_verify_against_a_changed_file(
        self, tmp_path: Path, name: str
    ) -> None:
        WRITERS[name](tmp_path / name, SENTENCES)
        index_here(tmp_path / name)
        saved = quoting(*load(tmp_path / name))
        WRITERS[name](tmp_path / name, (*SENTENCES[:1], "Tickets cost six euros."))
        result = run_verify(tmp_path, saved)
        assert result.exit_code == NOT_VERIFIED
        assert f"{name} is not the text that was quoted from: its SHA-256" in result.stdout
        assert ("another version reads" in result.stdout) == (not name.endswith(".md"))

    def test_every_sentence_is_a_span_of_what_was_read(self, tmp_path: Path, name: str) -> None:
        WRITERS[name](tmp_path / name, SENTENCES)
        (document,) = load(tmp_path / name)
        quotes = [document.text[slice(*span)] for span in split_sentences(document.text)]
        assert tuple(quotes) == SENTENCES


class TestPages:
    def test_a_citation_says_on_which_page_it_starts(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "notes.pdf", SENTENCES)
        (document,) = load(tmp_path / "notes.pdf")
        for number, span in enumerate(split_sentences(document.text), 1):
            citation = Citation(1, document, span)
            assert citation.page == number
            assert document.text[citation.start : citation.end] == citation.quote
            assert citation.quote == SENTENCES[number - 1]

    def test_a_quote_over_two_pages_has_the_first(self, tmp_path: Path) -> None:
        write_pdf(tmp_path / "notes.pdf", ("One. Tickets cost", "five euros. Two."))
        (document,) = load(tmp_path / "notes.pdf")
        spans = list(split_sentences(document.text))
        assert [document.text[slice(*span)] for span in spans] == [
            "One.",
            "Tickets cost\nfive euros.",
            "Two.",
        ]
        assert [Citation(1, document, span).page for span in spans] == [1, 1, 2]

    @pytest.mark.parametrize("page", [1, 3, None])
    def test_another_page_does_not_verify(self, tmp_path: Path, page: int | None) -> None:
        write_pdf(tmp_path / "notes.pdf", SENTENCES)
        index_here(tmp_path / "notes.pdf")
        saved = quoting(*load(tmp_path / "notes.pdf"))
        saved["citations"][0]["page"] = page
        result = run_verify(tmp_path, saved)
        assert result.exit_code == NOT_VERIFIED
        assert f"the page is 2, not {page}" in result.stdout


class TestConversations:
    @pytest.fixture
    def document(self, tmp_path: Path) -> Document:
        write_pdf(tmp_path / "notes.pdf", SENTENCES)
        index_here(tmp_path / "notes.pdf")
        (document,) = load(tmp_path / "notes.pdf")
        return document

    def test_every_answer_is_checked(self, tmp_path: Path, document: Document) -> None:
        good, bad = quoting(document), quoting(document, sentence=SENTENCES[2])
        bad["question"] = "And cats?"
        bad["citations"][0]["line"] += 1
        saved = conversation(good, bad, good)
        result = run_verify(tmp_path, saved)
        assert result.exit_code == NOT_VERIFIED
        lines = result.stdout.splitlines()
        assert [line[:12] for line in lines[1::2]] == [
            "verified    ",
            "NOT verified",
            "verified    ",
        ]
        assert lines[2] == "2. And cats?"
        as_data = json.loads(run_verify(tmp_path, saved, "--json").stdout)
        assert as_data["verified"] is False
        assert [a["question"] for a in as_data["answers"]] == [
            "How much?",
            "And cats?",
            "How much?",
        ]
        assert [a["verified"] for a in as_data["answers"]] == [True, False, True]
        assert as_data["answers"][0]["checks"][0]["number"] == 1
        assert run_verify(tmp_path, conversation(good, good)).exit_code == 0

    def test_one_without_answers_says_so(self, tmp_path: Path) -> None:
        result = run_verify(tmp_path, conversation())
        assert result.exit_code == 0
        assert "no answers to verify" in result.stdout

    def test_documents_of_one_id_are_told_apart_by_their_digest(self, tmp_path: Path) -> None:
        texts = {"old": SENTENCES, "new": ("A new sentence.", *SENTENCES)}
        documents = []
        for name, sentences in texts.items():
            (tmp_path / name).mkdir()
            write_text(tmp_path / name / "notes.md", sentences)
            index_here(tmp_path / name / "notes.md")
            documents += load(tmp_path / name / "notes.md")
        old, new = documents
        paths = [tmp_path / name / "notes.md" for name in texts]
        both = conversation(quoting(old), quoting(new))
        assert run_verify(tmp_path, both).exit_code == 0
        named = ("--document", str(paths[0]), "--document", str(paths[1]))
        assert run_verify(tmp_path, both, *named).exit_code == 0
        assert run_verify(tmp_path, quoting(old, new)).exit_code == 0
        paths[1].write_text("Another text.")
        found = json.loads(run_verify(tmp_path, both, "--json").stdout)
        assert [answer["verified"] for answer in found["answers"]] == [True, False]
        assert "SHA-256" in found["answers"][1]["checks"][0]["finding"]

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"format": "inquote-conversation/2"}, "inquote-conversation/1"),
            ({"answers": None}, "at answers"),
            ({"answers": [{"question": "Why?"}]}, "at answers.0.text"),
            ({"title": 5}, "at title"),
        ],
    )
    def test_a_file_that_is_none_is_refused_in_one_sentence(
        self, tmp_path: Path, fields: dict[str, Any], reason: str
    ) -> None:
        result = run_verify(tmp_path, conversation() | fields)
        assert result.exit_code == 1
        assert "saved.json is not a saved conversation" in result.stderr
        assert reason in result.stderr
        assert result.stderr.count("\n") == 1
