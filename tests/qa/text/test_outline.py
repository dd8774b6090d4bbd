from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.citations import Citation
from qa.documents import BLOCK_KINDS, Block, Document, Span
from qa.errors import LoadError
from qa.text.outline import Outline
from qa.text.quote_bounds import Sentences
from qa.text.sentences import split_sentences


def marked(*parts: tuple[str, str] | tuple[str, str, int] | str) -> Document:
    """Make a document of paragraphs, of which some are blocks with their kind and level."""
    text, blocks = "", []
    for part in parts:
        words, *block = (part,) if isinstance(part, str) else part
        text += "\n\n" * bool(text)
        if block:
            blocks.append(Block(len(text), len(text) + len(words), *block))
        text += words
    return Document("a", text, blocks=tuple(blocks))


def sentences(document: Document) -> list[str]:
    return [document.text[slice(*span)] for span in split_sentences(document.text, document.blocks)]


def above(document: Document, words: str) -> list[str]:
    start = document.text.index(words)
    sentence = Sentences.of(document).at(start + len(words) - 1)
    assert sentence is not None
    return [document.text[slice(*span)] for span in Outline.of(document).above(sentence)]


MANUAL = marked(
    ("Washing", "heading", 0),
    ("Care", "heading", 1),
    "Be gentle. You need:",
    ("soap", "item", 1),
    ("such as", "item", 1),
    ("green soap", "item", 2),
    ("a cloth", "item", 1),
    ("Terms", "heading", 1),
    ("-q", "term", 1),
    ("--quiet", "term", 1),
    ("Say less. Errors are still told.", "description", 1),
    ("Table", "heading", 2),
    ("Page 3", "furniture"),
    ("Load Time", "header"),
    ("8 kg 2 h", "row"),
    "The end.",
)


class TestSentences:
    def test_a_block_ends_a_sentence_without_a_blank_line(self) -> None:
        text = "Stew\nRinse them well\nand wait. Then cook"
        blocks = (Block(0, 4, "heading"), Block(5, 30, "item", 1), Block(31, 40, "item", 1))
        assert sentences(Document("a", text, blocks=blocks)) == [
            "Stew",
            "Rinse them well\nand wait.",
            "Then cook",
        ]

    def test_a_description_begins_with_its_terms(self) -> None:
        assert "-q\n\n--quiet\n\nSay less." in sentences(MANUAL)
        assert "Errors are still told." in sentences(MANUAL)

    def test_a_row_is_one_sentence_and_the_number_of_an_item_is_none(self) -> None:
        document = marked(("Dr. Low. Room 3. Late.", "row"), ("1. Stop. Go.", "item", 1))
        assert sentences(document) == ["Dr. Low. Room 3. Late.", "1. Stop.", "Go."]

    def test_code_is_split_at_its_blank_lines_only(self) -> None:
        code = "a = b. C\nprint(a)\n\nprint(d. E)"
        assert sentences(marked((code, "code"))) == ["a = b. C\nprint(a)", "print(d. E)"]

    @given(st.data())
    def test_a_sentence_is_the_same_from_each_of_its_characters(self, data: st.DataObject) -> None:
        text = data.draw(st.text("aB. \n1)", min_size=1).filter(lambda text: not text.isspace()))
        places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
        blocks = tuple(
            Block(start, end, data.draw(st.sampled_from(sorted(BLOCK_KINDS))))
            for start, end in zip(places[::2], places[1::2], strict=False)
            if text[start:end].strip() == text[start:end]
        )
        document = Document("a", text, blocks=blocks)
        split = list(split_sentences(text, blocks))
        assert "".join(text[slice(*span)] for span in split).split() == text.split() or (
            "".join("".join(text[slice(*span)].split()) for span in split) == "".join(text.split())
        )
        for span in split:
            for position in range(*span):
                if not text[position].isspace():
                    assert Sentences.of(document).at(position) == span


class TestAbove:
    def test_a_sentence_stands_under_its_headings(self) -> None:
        assert above(MANUAL, "Be gentle.") == ["Washing", "Care"]
        assert above(MANUAL, "The end.") == ["Washing", "Terms", "Table"]

    def test_a_heading_stands_under_higher_ones_only(self) -> None:
        assert above(MANUAL, "Terms") == ["Washing"]

    def test_an_item_is_read_with_the_line_before_its_list(self) -> None:
        assert above(MANUAL, "a cloth") == ["Washing", "Care", "You need:"]
        assert above(MANUAL, "green soap")[2:] == ["You need:", "such as"]

    def test_a_list_after_a_full_stop_has_no_line_that_leads_in(self) -> None:
        assert above(marked("All is said.", ("soap", "item", 1)), "soap") == []

    def test_a_row_is_read_with_its_header(self) -> None:
        assert above(MANUAL, "8 kg 2 h")[-1] == "Load Time"

    def test_the_rest_of_a_description_is_read_with_its_terms(self) -> None:
        assert above(MANUAL, "Errors are still told.")[-1] == "-q\n\n--quiet"
        assert above(MANUAL, "Say less.") == ["Washing", "Terms"]

    def test_a_citation_carries_what_it_stands_under_as_spans(self) -> None:
        start = MANUAL.text.index("8 kg")
        citation = Citation(1, MANUAL, Span(start, start + 8))
        assert [c.text for c in citation.context] == ["Washing", "Terms", "Table", "Load Time"]
        assert all(MANUAL.text[c.start : c.end] == c.text for c in citation.context)


class TestWhatIsQuoted:
    @pytest.mark.parametrize("words", ["Washing", "Page 3", "Load Time", "You need:"])
    def test_what_helps_find_the_way_is_no_answer(self, words: str) -> None:
        sentence = Sentences.of(MANUAL).at(MANUAL.text.index(words))
        assert sentence is not None
        assert not Outline.of(MANUAL).is_quotable(sentence)

    @pytest.mark.parametrize("words", ["Be gentle.", "green soap", "-q", "8 kg 2 h", "The end."])
    def test_what_says_something_is(self, words: str) -> None:
        sentence = Sentences.of(MANUAL).at(MANUAL.text.index(words))
        assert sentence is not None
        assert Outline.of(MANUAL).is_quotable(sentence)

    def test_a_very_long_heading_is_a_paragraph(self) -> None:
        document = marked(("word " * 100 + "end", "heading", 1), "More.")
        assert Outline.of(document).is_quotable(Span(0, 503))
        assert above(document, "More.") == []


class TestTheListAroundAnItem:
    def around(self, document: Document, words: str) -> str | None:
        start = document.text.index(words)
        found = Outline.of(document).list_around(Span(start, start + len(words)))
        return document.text[slice(*found)] if found else None

    def test_begins_with_the_line_that_leads_in_and_has_all_items(self) -> None:
        whole = "You need:\n\nsoap\n\nsuch as\n\ngreen soap\n\na cloth"
        assert self.around(MANUAL, "soap") == self.around(MANUAL, "a cloth") == whole

    def test_of_an_inner_list_is_the_inner_one(self) -> None:
        assert self.around(MANUAL, "green soap") == "such as\n\ngreen soap"

    def test_ends_before_another_list(self) -> None:
        first, second = ("One:", ("a", "item", 1), ("b", "item", 1)), ("Two:", ("c", "item", 1))
        assert self.around(marked(*first, *second), "b") == "One:\n\na\n\nb"
        assert self.around(marked(*first, *second), "c") == "Two:\n\nc"

    @pytest.mark.parametrize("words", ["Be gentle.", "Say less.", "Washing"])
    def test_is_none_for_what_is_no_item(self, words: str) -> None:
        assert self.around(MANUAL, words) is None

    def test_that_is_very_long_is_none(self) -> None:
        items = [(f"thing {number}", "item", 1) for number in range(10_000)]
        assert self.around(marked("Things:", *items), "thing 5000") is None


@pytest.mark.parametrize(
    "blocks",
    [
        [Block(0, 3, "song")],
        [Block(0, 9, "item")],
        [Block(2, 2, "item")],
        [Block(0, 4, "item")],
        [Block(0, 3, "item"), Block(2, 5, "item")],
    ],
)
def test_blocks_that_cannot_be_are_refused(blocks: list[Block]) -> None:
    with pytest.raises(LoadError, match="blocks"):
        Document("a", "One two.", blocks=tuple(blocks))


def test_deep_lists_and_many_headings_take_linear_time() -> None:
    parts = [("x", "item", level) for level in range(1, 20_000)]
    headings = [("y", "heading", level % 7) for level in range(20_000)]
    document = marked(*parts, *headings)
    assert len(Outline.of(document).above(Span(len(document.text) - 1, len(document.text)))) < 8
