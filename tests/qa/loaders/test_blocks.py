"""What the loaders tell of a document's structure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Block, Document
from qa.loaders import load
from qa.loaders.parsers.contents import is_contents_line
from qa.loaders.parsers.pdf_layout import laid_out
from qa.loaders.parsers.pdf_lines import Gap, Line
from qa.loaders.text_blocks import text_blocks

EVERYDAY = Path(__file__).parents[3] / "seeds" / "everyday" / "documents"


def blocks_of(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def loaded(folder: Path, name: str, text: str) -> list[tuple[str, str]]:
    (folder / name).write_text(text)
    (document,) = load(folder / name)
    return blocks_of(document)


class TestHtml:
    def test_headings_lists_and_code(self, tmp_path: Path) -> None:
        markup = """<h1>Stew</h1><p>Take:</p><ul><li>salt<ul><li>fine</li></ul></li></ul>
        <pre>cook --slow\n\nserve</pre>"""
        assert loaded(tmp_path, "a.html", markup) == [
            ("heading", "Stew"),
            ("item", "salt"),
            ("item", "fine"),
            ("code", "cook --slow\n\nserve"),
        ]

    def test_terms_and_descriptions(self, tmp_path: Path) -> None:
        markup = "<dl><dt>-q</dt><dd><p>Say less.</p><p>Or nothing.</p></dd></dl>"
        assert loaded(tmp_path, "a.html", markup) == [
            ("term", "-q"),
            ("description", "Say less."),
            ("description", "Or nothing."),
        ]

    def test_rows_and_their_header(self, tmp_path: Path) -> None:
        markup = "<table><tr><th>Who<th>When<tr><th>Ann<td>now</table>"
        assert loaded(tmp_path, "a.html", markup) == [("header", "Who\tWhen"), ("row", "Ann\tnow")]

    def test_a_table_that_only_puts_text_beside_text_has_no_rows(self, tmp_path: Path) -> None:
        markup = "<table><tr><td><p>One.</p><p>Two.</p><td>Three.<tr><td>Alone.</table>"
        assert loaded(tmp_path, "a.html", markup) == []

    def test_menus_and_permalink_signs_are_not_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.html"
        path.write_text(
            '<nav>Home</nav><div role="navigation">next topic</div>'
            '<h1>Title<a class="headerlink" href="#t">¶</a></h1><p>Text.</p>'
        )
        assert load(path)[0].text == "Title\n\nText."

    def test_header_and_footer_of_the_page_are_furniture(self, tmp_path: Path) -> None:
        markup = """<header>The Shop <h1>Prices</h1></header>
        <article><header>By Ann</header>Text.</article><footer>Imprint</footer>"""
        assert loaded(tmp_path, "a.html", markup) == [
            ("furniture", "The Shop"),
            ("heading", "Prices"),
            ("furniture", "Imprint"),
        ]

    def test_a_list_that_repeats_the_headings_is_a_table_of_contents(self, tmp_path: Path) -> None:
        names = ["Getting in", "Going on", "Getting out"]
        entries = "".join(f'<li><a href="#">{n}. {name}</a></li>' for n, name in enumerate(names))
        markup = entries + "".join(f"<h2>{name}</h2><p>Text.</p>" for name in names)
        assert [kind for kind, _ in loaded(tmp_path, "a.html", f"<ul>{markup}")][:3] == [
            "furniture"
        ] * 3


class TestWord:
    def test_styles_tell_headings_and_lists(self, tmp_path: Path) -> None:
        word = docx.Document()
        word.add_heading("Policy", 0)
        word.add_heading("Meals", 1)
        word.add_paragraph("Text.")
        word.add_paragraph("Lunch", "List Bullet")
        table = word.add_table(2, 3)
        for cell, words in zip(
            [c for row in table.rows for c in row.cells],
            "Who When Why Ann 3 no".split(),
            strict=True,
        ):
            cell.text = words
        word.save(str(tmp_path / "a.docx"))
        (document,) = load(tmp_path / "a.docx")
        assert blocks_of(document) == [
            ("heading", "Policy"),
            ("heading", "Meals"),
            ("item", "Lunch"),
            ("header", "Who\tWhen\tWhy"),
            ("row", "Ann\t3\tno"),
        ]
        assert [block.level for block in document.blocks] == [0, 1, 1, 0, 0]


class TestMarkdown:
    def test_headings(self, tmp_path: Path) -> None:
        text = "Stew\n====\n\n## Method\nCook it.\n\n**Notes**\n\nGood."
        assert loaded(tmp_path, "a.md", text) == [
            ("heading", "Stew\n===="),
            ("heading", "## Method"),
            ("heading", "**Notes**"),
        ]

    def test_a_bold_heading_in_the_line_is_a_term(self, tmp_path: Path) -> None:
        text = "**Vegan?** Leave it\nout.\n\n**Period:** May\n**By:** Ann\n\n**Bold** words."
        assert loaded(tmp_path, "a.md", text) == [
            ("term", "**Vegan?**"),
            ("description", "Leave it\nout."),
            ("term", "**Period:**"),
            ("description", "May"),
            ("term", "**By:**"),
            ("description", "Ann"),
        ]

    def test_items_end_where_the_next_begins(self, tmp_path: Path) -> None:
        text = "Take:\n- salt\n  and more\n    - fine\n1. Rinse. Wait.\n2. Cook."
        assert loaded(tmp_path, "a.md", text) == [
            ("item", "- salt\n  and more"),
            ("item", "- fine"),
            ("item", "1. Rinse. Wait."),
            ("item", "2. Cook."),
        ]

    def test_tables_code_rules_and_badges(self, tmp_path: Path) -> None:
        text = "[![b](c)](d)\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n***\n\n```\n# no\n\n- no\n```\n"
        assert loaded(tmp_path, "a.md", text) == [
            ("furniture", "[![b](c)](d)"),
            ("header", "| A | B |"),
            ("furniture", "|---|---|"),
            ("row", "| 1 | 2 |"),
            ("furniture", "***"),
            ("code", "```\n# no\n\n- no\n```"),
        ]


class TestPlainText:
    @pytest.mark.parametrize("line", ["它高三十米。", "“We are off.”", "(Not so fast!)", "كيف؟"])
    def test_a_first_line_that_ends_a_sentence_is_no_heading(
        self, tmp_path: Path, line: str
    ) -> None:
        assert loaded(tmp_path, "a.txt", f"{line}\n\nMore of it.") == []

    def test_headings_are_numbered_or_underlined_or_in_capitals(self, tmp_path: Path) -> None:
        text = "My Title\n\nTEXT AND MORE\n\n1. Why so\n\nIt is.\n\nEnd\n---\n\nAnn Low"
        assert loaded(tmp_path, "a.txt", text) == [
            ("heading", "My Title"),
            ("heading", "TEXT AND MORE"),
            ("heading", "1. Why so"),
            ("heading", "End\n---"),
        ]

    def test_a_wrapped_line_with_a_dash_or_number_is_no_item(self) -> None:
        text = (
            "The line is long enough to be wrapped by its writer in\n5. That is a number, and here"
        )
        assert text_blocks(text, markdown=False) == ()

    def test_flat_text_has_no_blocks(self) -> None:
        assert text_blocks("One sentence. Another.\n\nA third", markdown=False) == ()

    @pytest.mark.parametrize("line", ["Care ........ 12", "Care . . . . . iv", "Care …… 3"])
    def test_a_line_of_contents_is_known_by_its_dots(self, line: str) -> None:
        assert is_contents_line(line)
        assert not is_contents_line("We waited... 5 minutes")
        assert not is_contents_line("See page 12")

    @given(st.text("-=*# |.`\na1)"), st.booleans())
    def test_any_text_has_blocks_that_can_be(self, text: str, markdown: bool) -> None:
        if text.strip():
            Document("a", text, blocks=text_blocks(text, markdown=markdown))


@cache
def manual() -> list[tuple[str, str]]:
    return blocks_of(load(EVERYDAY / "washing-machine-manual.pdf")[0])


class TestPdf:
    @pytest.mark.parametrize(
        "block",
        [
            ("heading", "3 Programmes"),
            ("header", "Programme Load (kg) Spin (rpm) Time (h:min)"),
            ("row", "Eco 40-60 8 1400 3:20"),
            (
                "row",
                "E20 The water is not\npumped out\nClean the pump filter; check\n"
                "the drain hose for kinks",
            ),
            ("item", "left chamber (I): prewash"),
            ("item", "2. Close the holes with the caps supplied."),
            ("term", "Weight"),
            ("description", "71 kg"),
            ("furniture", "Page 1 of 3"),
            ("furniture", "Lumora W-720"),
        ],
    )
    def test_lines_are_put_together_by_where_they_stand(self, block: tuple[str, str]) -> None:
        assert block in manual()

    def test_a_bold_heading_in_the_line_is_a_term(self) -> None:
        assert ("term", "Warning.") in manual()

    def test_a_row_goes_on_over_the_page(self) -> None:
        (row,) = [text for _, text in manual() if text.startswith("Loud banging")]
        assert row.endswith("Page 2 of 3\nstill in")

    def test_a_sentence_goes_on_over_the_page(self) -> None:
        def page(number: int, *lines: Line) -> list[Line]:
            return [*lines, line("The Head", 800), line(f"Page {number}", 20)]

        def line(text: str, height: float) -> Line:
            return Line(text, 10, height, height, 50, 50 + 5 * len(text), 80, 400)

        pages = [
            page(1, line("We eat bread. No vessel shall", 700)),
            page(2, line("enter the port at night.", 700), line("It is shut.", 688)),
            page(3, line("More.", 700)),
        ]
        text, _, _, blocks = laid_out(pages, "")
        document = Document("a", text, blocks=tuple(Block(*block) for block in blocks))
        first, *_ = blocks_of(document)
        assert first[1].startswith("We eat bread.")
        assert first[1].endswith("It is shut.")
        assert ("furniture", "Page 3") in blocks_of(document)

    @given(
        st.lists(
            st.lists(
                st.builds(
                    Line,
                    st.sampled_from(["a", "B.", "1. c", "• d", "e-", "Page 1", "f ..... 3"]),
                    st.sampled_from([0.0, 10, 14]),
                    *[st.sampled_from([0.0, 100, 112, 700])] * 2,
                    *[st.sampled_from([0.0, 50, 90, 400])] * 3,
                    st.sampled_from([0.0, 400, 700]),
                    st.sampled_from([(), (200.0,)]),
                    st.sampled_from([0, 1]),
                    st.sampled_from([(), (Gap(1, 80.0, 200.0),)]),
                ),
                max_size=12,
            ),
            min_size=1,
            max_size=4,
        )
    )
    def test_any_pages_have_blocks_that_can_be(self, pages: list[list[Line]]) -> None:
        text, _, starts, blocks = laid_out(pages, "")
        if text:
            document = Document("a", text, blocks=tuple(Block(*block) for block in blocks))
            for number, (page, start) in enumerate(zip(pages, starts, strict=True)):
                assert not page or text.startswith(page[0].text, start)
                if page and number and starts[0] == 0:
                    assert text[:start].strip() or not any(pages[:number])
            assert document.blocks or not any(pages)
