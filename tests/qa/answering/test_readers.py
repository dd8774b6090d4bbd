from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings import Encoder
from qa import Document, Passage
from qa.answering.joint_reader import WEIGHTS_FILE, JointReader
from qa.answering.late_interaction import Matcher
from qa.answering.readers import Reader, quick_reader, thorough_reader
from qa.answering.span_reader import NOTHING, SpanReader
from qa.answering.weights import FOLDER, load_weights
from qa.text.sentences import split_sentences
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.model

TEXTS = [
    "The tower was built by Anna Brandt. It cost a fortune. Many people climb it on Sundays.",
    "The café sells soup.",
    "Towers of stone are rare in these hills. Most are of wood.",
    "Cats are not let in. Dogs are.",
    "Rain fell for days.",
    "Trains run late.",
    "Bread is baked daily.",
]


def passages() -> list[Passage]:
    return [
        Passage.of(Document(f"{n}.txt", text), tuple(split_sentences(text)))
        for n, text in enumerate(TEXTS)
    ]


@pytest.fixture(scope="module", params=[quick_reader, thorough_reader], ids=["quick", "thorough"])
def reader(request: pytest.FixtureRequest) -> Reader:
    load: Callable[[], Reader] = request.param
    return load()


def read(reader: Reader, encoder: Encoder, question: str, of: list[Passage]) -> list[list[float]]:
    return read_by(reader, Matcher(encoder), question, of)


def read_by(
    reader: Reader, matcher: Matcher, question: str, of: list[Passage]
) -> list[list[float]]:
    query = matcher.encode_query(question, of)
    return [row.sentences.tolist() for row in reader.read(query, matcher.match(query, of))]


def test_the_sentence_that_answers_has_the_highest_odds(
    reader: Reader, real_encoder: Encoder
) -> None:
    odds = read(reader, real_encoder, "Who built the tower?", passages())
    assert max(max(row) for row in odds) == odds[0][0]
    assert [len(row) for row in odds] == [3, 1, 2, 2, 1, 1, 1]


def test_what_is_not_there_has_lower_odds(reader: Reader, real_encoder: Encoder) -> None:
    there = read(reader, real_encoder, "Who built the tower?", passages())
    not_there = read(reader, real_encoder, "Who repaired the lighthouse?", passages())
    assert max(map(max, there)) > max(map(max, not_there)) + 1


def test_a_passage_is_read_alike_whatever_is_read_with_it(
    reader: Reader, real_encoder: Encoder
) -> None:
    first, *others = passages()
    question = "Who built the tower?"
    matcher = Matcher(real_encoder)
    query = matcher.encode_query(question, [first, *others])
    alone = reader.read(query, matcher.match(query, [first]))[0]
    together = reader.read(query, matcher.match(query, [first, *others]))[0]
    assert together.sentences.tolist() == alone.sentences.tolist()


def test_what_is_remembered_of_a_passage_goes_with_it(real_encoder: Encoder) -> None:
    reader, matcher = SpanReader.load(), Matcher(real_encoder, most=len(TEXTS))
    first = read_by(reader, matcher, "Who built the tower?", passages())
    kept = len(reader._known)
    assert kept > 0
    assert read_by(reader, matcher, "Who built the tower?", passages()) == first
    assert len(reader._known) == kept
    text = "The tower fell."
    others = [Passage.of(Document("other.txt", text), tuple(split_sentences(text)))]
    read_by(reader, matcher, "Who built the tower?", others)
    assert len(reader._known) == 1


def test_passages_that_are_not_read_have_the_lowest_odds(
    reader: Reader, real_encoder: Encoder
) -> None:
    odds = read(reader, real_encoder, "Who built the tower?", passages())
    lowest = min(min(row) for row in odds)
    assert sum(set(row) == {lowest} for row in odds) >= 1


def test_nothing_is_read_into_a_passage_without_tokens(reader: Reader) -> None:
    empty = Passage.of(Document("a.txt", "…"), tuple(split_sentences("…")))
    assert read(reader, FakeEncoder(dim=384), "Who?", [empty]) == [[NOTHING]]
    assert read(reader, FakeEncoder(dim=384), "Who?", []) == []


def test_the_weights_belong_to_the_bundled_model(real_encoder: Encoder) -> None:
    assert load_weights().model == real_encoder.digest


def test_the_weights_are_small() -> None:
    size = sum(file.stat().st_size for file in Path(FOLDER).iterdir() if file.is_file())
    assert size < 6_000_000


def test_the_weights_are_finite_numbers() -> None:
    from safetensors.numpy import load_file

    for file in ("reader.safetensors", "joint_reader.safetensors"):
        assert all(np.isfinite(weights).all() for weights in load_file(FOLDER / file).values())


def test_the_quick_reader_reads_as_it_was_trained_in_torch(real_encoder: Encoder) -> None:
    import torch
    from safetensors.torch import load_file

    from benchmarks.reader_network import Network, inputs

    network = Network(dim=384).eval()
    network.load_state_dict(load_file(FOLDER / "reader.safetensors"))
    matcher = Matcher(real_encoder)
    query = matcher.encode_query("Who built the tower?", passages())
    matches = matcher.match(query, passages())
    with torch.inference_mode():
        parts, none = network(*inputs([(query, match) for match in matches]))
    found = SpanReader.load().odds(query, matches)
    for odds, row in zip(found, (parts - none[:, None]).numpy(), strict=True):
        assert odds == pytest.approx(row[: len(odds)], abs=1e-5)


@pytest.mark.parametrize(("is_exact", "most"), [(True, 0.002), (False, 0.5)])
def test_the_thorough_reader_reads_as_it_was_trained_in_torch(
    is_exact: bool, most: float, real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float32 to the digit, and else about so."""
    import torch

    from benchmarks.joint_examples import Situations
    from benchmarks.joint_network import Network, batched

    if is_exact:
        for has in ("has_int8", "has_bfloat16"):
            monkeypatch.setattr(f"embeddings.pairs.{has}", lambda: False)
    network = Network.load(WEIGHTS_FILE).eval()
    matcher = Matcher(real_encoder)
    read = passages()[:4]
    query = matcher.encode_query("Who built the tower?", read)
    matches = matcher.match(query, read)
    make = Situations(real_encoder)
    with torch.inference_mode():
        parts, none, ends = network(batched([make.pair(query, m, ()) for m in matches]))
    first = 2 + len(query.weights)
    for number, reading in enumerate(JointReader.load().read(query, matches)):
        assert reading.tokens is not None
        assert reading.ends is not None
        of_passage = slice(first, first + len(reading.tokens))
        odds = (parts[number] - none[number])[of_passage].numpy()
        assert reading.tokens == pytest.approx(odds, abs=most)
        assert reading.ends == pytest.approx(ends[number][of_passage].numpy(), abs=most)
