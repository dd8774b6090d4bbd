from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document, Span
from qa.errors import LoadError


class TestADocument:
    @pytest.mark.parametrize("text", ["", " ", "\n\r\n", "\u3000\x1c", "a\0b", "a\ud800b"])
    def test_refuses_what_is_no_text(self, text: str) -> None:
        with pytest.raises(LoadError):
            Document("a", text)

    def test_says_where_half_a_surrogate_pair_is(self) -> None:
        with pytest.raises(LoadError, match="at character 2"):
            Document("a", "👍x\udc00")

    def test_needs_an_id(self) -> None:
        with pytest.raises(LoadError, match="id"):
            Document("", "text")

    def test_does_not_print_its_text(self) -> None:
        assert "secret" not in repr(Document("a", "secret"))

    def test_counts_lines_as_an_editor_does(self) -> None:
        text = "one\ntwo\r\nthree\rfour\n\nsix\r\r\neight"
        document = Document("a", text)
        words = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8}
        assert {word: document.line(text.index(word)) for word in words} == words
        assert document.line(text.index("\n")) == 1

    @given(st.text(st.sampled_from("ab \r\n\u2028é👍"), min_size=1))
    def test_counts_lines_as_universal_newlines_do(self, drawn: str) -> None:
        document = Document("a", text := "x" + drawn + "x")
        for position in range(len(text)):
            if text[position - 1 : position + 1] != "\r\n":
                before = text[:position].replace("\r\n", "\n").replace("\r", "\n")
                assert document.line(position) == 1 + before.count("\n")

    def test_tells_the_page_of_a_character(self) -> None:
        document = Document("a", "one two three", pages=(0, 4, 4, 8, 13))
        assert [document.page(n) for n in (0, 3, 4, 7, 8, 12)] == [1, 1, 3, 3, 4, 4]
        assert Document("a", "one").page(1) is None

    @pytest.mark.parametrize("pages", [(1,), (0, 9, 4), (0, 99), (-1, 4)])
    def test_refuses_pages_that_are_not_in_order_or_not_in_it(self, pages: tuple[int, ...]) -> None:
        with pytest.raises(LoadError, match="pages that do not follow"):
            Document("a", "one two three", pages=pages)

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.data())
    def test_gives_the_bytes_of_any_span(self, drawn: str, data: st.DataObject) -> None:
        document = Document("a", text := "x" + drawn)
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        first, last = document.byte_span(Span(start, end))
        assert text.encode()[first:last] == text[start:end].encode()
        assert first == len(text[:start].encode())


def test_spans_overlap_when_they_share_a_character() -> None:
    assert Span(0, 2).overlaps(Span(1, 5))
    assert not Span(0, 2).overlaps(Span(2, 5))
    assert not Span(2, 5).overlaps(Span(0, 2))
