from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document
from qa.text.sentences import split_sentences
from tests.fakes import documents_of_any_kind


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


class TestSplitting:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", []),
            (" \n\t", []),
            ("One", ["One"]),
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ("  One.   Two.  ", ["One.", "Two."]),
            ("Dr. Kissinger went. He saw Mr. Xi.", ["Dr. Kissinger went.", "He saw Mr. Xi."]),
            ("It cost 3.5 million. Then more.", ["It cost 3.5 million.", "Then more."]),
            ("“Go on.” She went.", ["“Go on.”", "She went."]),
            ("我们走了。他来了。", ["我们走了。", "他来了。"]),
            ("Yes 👍🏽. No 👎.", ["Yes 👍🏽.", "No 👎."]),
        ],
    )
    def test_gives_the_sentences_as_they_stand(self, text: str, expected: list[str]) -> None:
        assert sentences(text) == expected

    @pytest.mark.parametrize(
        "gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\r\r", "\n\n\n", "\f", "\u2029"]
    )
    def test_a_paragraph_ends_a_sentence(self, gap: str) -> None:
        assert sentences(f"A title without a stop{gap}A sentence.") == [
            "A title without a stop",
            "A sentence.",
        ]

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_a_line_end_alone_does_not(self, line_end: str) -> None:
        text = f"A sentence that{line_end}is wrapped."
        assert sentences(text) == [text]

    def test_finds_those_of_the_essay(self, essay: Document) -> None:
        found = sentences(essay.text)
        assert 40 < len(found) < 80
        assert found[0].startswith("Recently there has been")
        assert all(sentence[-1] in ".!?”" for sentence in found if len(sentence) > 80)

    def test_windows_make_no_difference(self) -> None:
        text = "He went to see it, and it was good. 好。" * 2_000
        assert sentences(text) == ["He went to see it, and it was good.", "好。"] * 2_000


class TestAnyText:
    @given(documents_of_any_kind() | st.text(max_size=200))
    def test_is_covered_by_ordered_sentences_and_white_space(self, text: str) -> None:
        end = 0
        for span in split_sentences(text):
            assert end <= span.start < span.end <= len(text)
            assert not text[end : span.start].strip()
            sentence = text[span.start : span.end]
            assert sentence == sentence.strip()
            end = span.end
        assert not text[end:].strip()

    @given(documents_of_any_kind())
    def test_is_split_the_same_every_time(self, text: str) -> None:
        assert list(split_sentences(text)) == list(split_sentences(text))
