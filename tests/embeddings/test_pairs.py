"""Two texts read together: the vectors of their tokens, whatever else is read beside them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.models import find_model
from embeddings.pairs import PairEncoder, Side
from tests.tiny_models import TINY, save_tiny_encoder

pytestmark = pytest.mark.model

LENGTHS = [(3, 5), (1, 1), (4, 12), (2, 16), (7, 7), (1, 13)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("models") / "tiny")


def side(generator: np.random.Generator, length: int, dim: int) -> Side:
    ids = generator.integers(5, 18, length).tolist()
    return ids, generator.normal(0, 0.1, (length, dim)).astype(np.float32)


def pairs(dim: int) -> list[tuple[Side, Side]]:
    generator = np.random.default_rng(0)
    return [tuple(side(generator, length, dim) for length in both) for both in LENGTHS]  # type: ignore[misc]


def digits(encoded: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> list[list[bytes]]:
    return [[of_text.tobytes() for of_text in pair] for pair in encoded]


@pytest.mark.parametrize("bundled", [False, True], ids=["tiny", "bundled"])
def test_a_pair_is_read_alike_to_the_last_digit_whatever_is_read_beside_it(
    bundled: bool, tiny: Path
) -> None:
    encoder = PairEncoder(find_model(None if bundled else str(tiny)), {})
    read = pairs(384 if bundled else TINY["hidden_size"])
    together = digits(encoder.encode(read))
    assert digits(encoder.encode(read[::-1])) == together[::-1]
    with ThreadPoolExecutor(4) as threads:
        alone = list(threads.map(lambda pair: digits(encoder.encode([pair]))[0], read))
    assert alone == together


def test_each_token_has_a_vector_which_depends_on_the_other_text(tiny: Path) -> None:
    encoder = PairEncoder(find_model(str(tiny)), {})
    read = pairs(TINY["hidden_size"])
    encoded = encoder.encode(read)
    for (one, other), lengths in zip(encoded, LENGTHS, strict=True):
        assert (len(one), len(other)) == lengths
    ((first, _),) = encoder.encode([(read[0][0], read[1][1])])
    assert not np.allclose(first, encoded[0][0], atol=0.01)


def test_tokens_are_read_as_in_torch(tiny: Path) -> None:
    import torch
    from transformers import BertModel

    encoder = PairEncoder(find_model(str(tiny)), {})
    network = BertModel.from_pretrained(str(tiny), add_pooling_layer=False).eval()
    (one, _), (other, _) = pairs(TINY["hidden_size"])[0]
    plain = [(ids, np.zeros((len(ids), TINY["hidden_size"]), np.float32)) for ids in (one, other)]
    ids = [encoder._first, *one, encoder._between, *other, encoder._between]
    kinds = [0] * (2 + len(one)) + [1] * (1 + len(other))
    with torch.inference_mode():
        expected = network(torch.tensor([ids]), token_type_ids=torch.tensor([kinds]))[0][0].numpy()
    ((found, behind),) = encoder.encode([(plain[0], plain[1])])
    whole, alike = np.concatenate([found, behind]), np.delete(expected, [0, 1 + len(one), -1], 0)
    lengths = np.linalg.norm(whole, axis=1) * np.linalg.norm(alike, axis=1)
    assert ((whole * alike).sum(axis=1) / lengths).min() > 0.99  # in fewer bits
