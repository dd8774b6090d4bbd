from __future__ import annotations

import codecs
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document
from qa.loaders import formats, load, load_all
from qa.loaders.parsers.flow import Flow
from qa.loaders.parsers.html import Page, read_page
from tests.refusals import refusal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def loaded(path: Path, markup: str | bytes) -> Document:
    path.write_bytes(markup if isinstance(markup, bytes) else markup.encode())
    (document,) = load(path)
    return document


def text_of(path: Path, markup: str) -> str:
    return loaded(path, markup).text


class TestText:
    def test_blocks_become_paragraphs_and_white_space_is_run_together(self, path: Path) -> None:
        markup = """<!DOCTYPE html>
        <h1>The  <em>office</em></h1><p>One
        sentence. <b>Ano</b>ther.</p>
        <div>Before<p>inside</p>after</div>Loose<span> text</span>"""
        assert text_of(path, markup) == (
            "The office\n\nOne sentence. Another.\n\nBefore\n\ninside\n\nafter\n\nLoose text"
        )

    def test_items_and_rows_are_paragraphs_and_cells_have_a_tab_between(self, path: Path) -> None:
        markup = """<ul><li>One<li><p>Two</p><ol><li>Inner</ol></ul>
        <table><caption>Prices</caption><tr><th>Name<th>Price</tr>
        <tr><td><p>Ticket</p></td> <td><div>five <b>euros</b></div></td></tr>
        <tr><td></td><td>free</td></tr></table>After"""
        assert text_of(path, markup) == (
            "One\n\nTwo\n\nInner\n\nPrices\n\nName\tPrice\n\nTicket\tfive euros\n\nfree\n\nAfter"
        )

    def test_a_line_break_is_a_line_end_and_two_are_a_paragraph(self, path: Path) -> None:
        markup = "<p>12 High Street<br> Town<br/>\n<br>Country<br></p><p>Next"
        assert text_of(path, markup) == "12 High Street\nTown\n\nCountry\n\nNext"

    def test_preformatted_text_is_kept(self, path: Path) -> None:
        markup = "<p>So:<pre>\nif x:\n    <b>go</b>()\n\n\nelse:  pass</pre>then   on"
        assert text_of(path, markup) == "So:\n\nif x:\n    go()\n\n\nelse:  pass\n\nthen on"

    @pytest.mark.parametrize(
        ("markup", "text"),
        [
            ("Fish &amp; chips &lt;b&gt; &eacute; &#8212; &#x597d;", "Fish & chips <b> é — 好"),
            ("a&nbsp;b", "a\N{NO-BREAK SPACE}b"),
            ("im&shy;por&shy;tant, long<wbr>word", "important, longword"),
            ("no&such; thing & so", "no&such; thing & so"),
            ("a\x01b\x07c&#7;d", "abcd"),
            ("<p>שלום עולם</p>", "שלום עולם"),
            ("<p dir=rtl>مرحبا بالعالم", "مرحبا بالعالم"),
            ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢字"),
            ("👍🏽 𝒳", "👍🏽 𝒳"),
            ("just words\r\nand no markup", "just words and no markup"),
            ("<p>never <b>closed <i>or</b> nested</i> well", "never closed or nested well"),
        ],
    )
    def test_characters_are_those_that_a_reader_sees(
        self, path: Path, markup: str, text: str
    ) -> None:
        assert text_of(path, markup) == text

    @pytest.mark.parametrize(
        "hidden",
        [
            "<script>no()</script>",
            "<style>no {}</style>",
            "<template>no</template>",
            "<noscript>no</noscript>",
            "<!-- no -->",
            "<div hidden>no <p>no</div>",
            "<div style='color: red; Display : none'>no<p>no</div>",
            "<span style='visibility:hidden'>no</span>",
            "<dialog>no</dialog>",
            "<svg><title>no</title><text>no</text></svg>",
            "<select><option>no</select>",
            "<iframe src='file:///etc/passwd'>no</iframe>",
            "<?php no ?>",
        ],
    )
    def test_what_is_not_shown_is_left_out(self, path: Path, hidden: str) -> None:
        assert text_of(path, f"<p>One{hidden} two.") in ("One two.", "One\n\ntwo.")

    def test_the_title_is_that_of_the_page(self, path: Path) -> None:
        document = loaded(path, "<head><title> A &amp;\n b </title></head><p>Text.")
        assert (document.title, document.text) == ("A & b", "Text.")
        assert loaded(path, "<svg><title>no</title></svg>Text.").title == "page"

    @pytest.mark.parametrize("suffix", [".html", ".htm", ".HTML", ".xhtml"])
    def test_each_suffix_is_read(self, tmp_path: Path, suffix: str) -> None:
        markup = (
            '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head>'
            "<body><p>Füße<br/>hier</p></body></html>"
        )
        document = loaded(tmp_path / f"page{suffix}", markup)
        assert (document.title, document.text) == ("T", "Füße\nhier")

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Cf"]), min_size=1))
    def test_any_text_comes_back_from_between_two_tags(self, drawn: str) -> None:
        flow = Flow()
        read_page(f"<pre>x{escape(drawn)}x</pre>", Page(flow))
        assert flow.text() == f"x{drawn}x"


class TestEncodings:
    @pytest.mark.parametrize(
        "data",
        [
            "<p>Füße — 好".encode(),
            codecs.BOM_UTF8 + "<meta charset=latin-1><p>Füße — 好".encode(),
            codecs.BOM_UTF16_LE + "<p>Füße — 好".encode("utf-16-le"),
            codecs.BOM_UTF16_BE + "<p>Füße — 好".encode("utf-16-be"),
            "<meta charset='utf-16'><p>Füße — 好".encode(),
            "<meta charset=no-such-thing><p>Füße — 好".encode(),
            "<meta charset=rot13><p>Füße — 好".encode(),
            "<META http-equiv=x content='text/html; charset=gb18030'><p>Füße — 好".encode(
                "gb18030"
            ),
            "<?xml version='1.0' encoding='gb18030'?><p>Füße — 好".encode("gb18030"),
        ],
    )
    def test_is_found_from_the_mark_or_the_declaration(self, path: Path, data: bytes) -> None:
        assert loaded(path, data).text == "Füße — 好"

    @pytest.mark.parametrize("label", ["iso-8859-1", "latin-1", "ascii", "windows-1252"])
    def test_latin_1_is_read_as_browsers_do(self, path: Path, label: str) -> None:
        data = f"<meta charset={label}><p>“Füße” €".encode("cp1252")
        assert loaded(path, data).text == "“Füße” €"

    def test_chinese_is_read_as_browsers_do(self, path: Path) -> None:
        assert loaded(path, "<meta charset=gb2312><p>朱镕基".encode("gbk")).text == "朱镕基"

    @pytest.mark.parametrize(
        "label",
        "undefined hex zip bz2 base64 uu quopri rot13 idna punycode unicode_escape "
        "raw_unicode_escape utf-7 utf-32 mbcs oem cp037 charmap .. utf-8-sig".split(),
    )
    def test_what_is_no_encoding_of_the_web_counts_as_none(self, path: Path, label: str) -> None:
        assert loaded(path, f"<meta charset='{label}'><p>Füße — 好".encode()).text == "Füße — 好"
        path.write_bytes(f"<meta charset='{label}'><p>Füße".encode("latin-1"))
        assert loaded(path, path.read_bytes()).text == "Füße"

    def test_bytes_that_fit_no_declared_encoding_are_replaced(self, path: Path) -> None:
        assert loaded(path, b"<meta charset=utf-8><p>F\xfc\xdfe").text == "F��e"

    def test_what_nothing_declares_is_detected_or_named(self, path: Path) -> None:
        document = loaded(path, "<p>Füße".encode("latin-1"))
        assert (document.text, document.encoding) == ("Füße", "windows-1252")
        (named,) = load_all([path], encoding="windows-1251")
        assert (named.text, named.encoding) == ("FьЯe", "windows-1251")

    def test_what_is_declared_is_not_changed_by_a_name(self, path: Path) -> None:
        path.write_bytes("<meta charset=latin-1><p>Füße".encode("latin-1"))
        (document,) = load_all([path], encoding="windows-1251")
        assert (document.text, document.encoding) == ("Füße", "")


class TestWhatIsNotRead:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is empty"),
            (b"<p> </p>", "is empty"),
            (b"<script>only()</script>", "is empty"),
            (b"%PDF-1.7", "its content is a PDF"),
            (b"\x89PNG\r\n\x1a\n", "its content is a PNG image"),
            (b"PK\x03\x04", "its content is a ZIP archive"),
            (b"\0\1\2", "binary"),
            (b"<div>" * 5_000 + b"deep", "nests its elements too deeply"),
        ],
    )
    def test_is_refused_with_its_reason(self, path: Path, data: bytes, reason: str) -> None:
        path.write_bytes(data)
        assert reason in refusal(path)

    def test_a_file_above_the_limit(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(formats.MAX_BYTES, "html", 10)
        path.write_text("<p>" + "x" * 10)
        assert "13 bytes" in refusal(path)

    def test_entities_of_its_own_read_no_file(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("sesame")
        markup = f"<!DOCTYPE html [<!ENTITY x SYSTEM '{tmp_path / 'secret'}'>]><p>a &x; b"
        assert "sesame" not in text_of(path, markup)

    def test_nesting_that_browsers_still_show_is_read(self, path: Path) -> None:
        assert text_of(path, "<div>" * 500 + "deep" + "</div>" * 500 + "<p>after") == (
            "deep\n\nafter"
        )


def test_many_attributes_take_no_more_than_linear_time() -> None:
    def seconds(count: int) -> float:
        attributes = " ".join(f"a{n}=x" for n in range(count))
        started = time.process_time()
        read_page(f"<p {attributes}>One.", Page(Flow()))
        return time.process_time() - started

    assert min(seconds(80_000) for _ in range(3)) < 10 * min(seconds(20_000) for _ in range(3))
