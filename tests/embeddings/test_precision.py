"""Texts may be encoded in fewer bits, which changes their vectors a little, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import embeddings.encoder
from embeddings import Encoder, ModelError, load_encoder
from embeddings.models import find_model
from embeddings.openvino_encoder import OpenVINOEncoder
from embeddings.tokens import Tokens
from qa.evaluation.environment import of_encoder
from tests.tiny_models import save_tiny_encoder

pytestmark = pytest.mark.model

TEXTS = [f"{'penguins dive for coins ' * n}in {n}" for n in range(20)]
TEXTS[1:4] = "", "好。", "Музей открывается в девять."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("models") / "tiny")


CASES = [(name, precision) for name in ("tiny", "bundled") for precision in ("bfloat16", "int8")]


@pytest.fixture(scope="module", params=CASES, ids=" in ".join)
def case(request: pytest.FixtureRequest, tiny: Path) -> tuple[str | None, str]:
    """A model and a precision."""
    from embeddings.openvino_runtime import has_bfloat16, has_int8

    name, precision = request.param
    if not {"bfloat16": has_bfloat16, "int8": has_int8}[precision]():
        pytest.skip(f"this processor has no {precision}")
    return (str(tiny) if name == "tiny" else None), precision


@pytest.fixture(scope="module")
def quick(case: tuple[str | None, str]) -> Encoder:
    model, precision = case
    return load_encoder(model, backend="openvino", precision=precision)


@pytest.fixture(scope="module")
def exact(case: tuple[str | None, str]) -> Encoder:
    return load_encoder(case[0], backend="openvino", precision="float32")


def _processor(
    monkeypatch: pytest.MonkeyPatch, *, has_bfloat16: bool = True, has_int8: bool = True
) -> None:
    monkeypatch.setattr("embeddings.openvino_runtime.has_bfloat16", lambda: has_bfloat16)
    monkeypatch.setattr("embeddings.openvino_runtime.has_int8", lambda: has_int8)
    monkeypatch.setattr("embeddings.openvino_encoder.has_int8", lambda: has_int8)
    monkeypatch.setattr(embeddings.encoder, "_has_gpu", lambda: False)


def test_vectors_are_near_those_of_float32(quick: Encoder, exact: Encoder) -> None:
    for found, expected in zip(_all_vectors(quick), _all_vectors(exact), strict=True):
        assert found.dtype == np.float32
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-6)
        assert (found * expected).sum(axis=1).min(initial=1) > 0.97
        assert not len(found) or found.tobytes() != expected.tobytes()
    spans = [[tokens.spans.tolist() for tokens in e.passage_tokens(TEXTS)] for e in (quick, exact)]
    assert spans[0] == spans[1]


def _all_vectors(encoder: Encoder) -> list[NDArray[np.float32]]:
    """Return those of passages, of queries, and of the tokens of both."""
    vectors, tokens = encoder.encode_with_tokens(TEXTS)
    assert vectors.tobytes() == encoder.encode_passages(TEXTS).tobytes()
    return [
        vectors,
        encoder.encode_queries(TEXTS),
        encoder.query_tokens(TEXTS[5]).vectors,
        *_vectors(tokens),
    ]


def _vectors(tokens: Sequence[Tokens]) -> list[NDArray[np.float32]]:
    return [each.vectors for each in tokens]


def test_tokens_are_the_same_of_few_passages_as_of_many(quick: Encoder) -> None:
    many = _vectors(quick.passage_tokens(TEXTS))
    few = [*_vectors(quick.passage_tokens(TEXTS[:4])), *_vectors(quick.passage_tokens(TEXTS[4:9]))]
    assert [each.tobytes() for each in few] == [each.tobytes() for each in many[:9]]


def test_a_question_is_encoded_alike_by_itself_and_among_many(quick: Encoder) -> None:
    """To the last digit, and in several threads."""
    with ThreadPoolExecutor(4) as threads:
        alone = list(threads.map(lambda text: quick.encode_queries([text])[0].tobytes(), TEXTS))
    assert [vector.tobytes() for vector in quick.encode_queries(TEXTS)] == alone
    tokens = [quick.query_tokens(text).vectors.tobytes() for text in TEXTS]
    again = [f"{text} " for text in TEXTS]
    quick.prepare_queries(again)
    assert [quick.query_tokens(text).vectors.tobytes() for text in again] == tokens


def test_a_vector_does_not_depend_on_what_is_encoded_with_it(quick: Encoder) -> None:
    together = quick.encode_passages(TEXTS)
    few = np.concatenate([quick.encode_passages(TEXTS[n : n + 4]) for n in range(0, 20, 4)])
    alone = np.concatenate([quick.encode_passages([text]) for text in TEXTS])
    assert together.tobytes() == few.tobytes() == alone.tobytes()


def test_it_is_the_same_model_as_in_float32(quick: Encoder, exact: Encoder) -> None:
    """So that either reads the index of the other."""
    assert (quick.model, quick.digest) == (exact.model, exact.digest)
    assert (quick.dim, quick.max_tokens) == (exact.dim, exact.max_tokens)


@pytest.mark.parametrize("backend", ["auto", "openvino"])
@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_a_processor_without_it_is_told_before_the_model_is_looked_for(
    backend: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch, has_bfloat16=precision == "int8", has_int8=precision != "int8")
    told = f"this processor has no {precision}: leave the precision out"
    with pytest.raises(ModelError, match=told):
        load_encoder("no/such model", backend=backend, precision=precision)


@pytest.mark.parametrize(("has_int8", "precision"), [(True, "int8"), (False, "float32")])
def test_by_itself_the_bundled_model_takes_int8_where_the_processor_has_it(
    has_int8: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch, has_int8=has_int8)
    assert of_encoder(load_encoder())["precision"] == precision


def test_another_model_does_not_take_int8_by_itself(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch)
    assert of_encoder(load_encoder(str(tiny)))["precision"] == "float32"


@pytest.mark.parametrize(("backend", "device"), [("torch", None), ("auto", "cuda")])
def test_torch_does_not_have_it(
    tiny: Path, backend: str, device: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch)
    with pytest.raises(ModelError, match=r"processor alone, with OpenVINO.*backend openvino"):
        load_encoder(str(tiny), backend=backend, device=device, precision="bfloat16")


def test_where_there_is_a_gpu_it_has_to_be_openvino_by_name(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch)
    monkeypatch.setattr(embeddings.encoder, "_has_gpu", lambda: True)
    with pytest.raises(ModelError, match="backend openvino, or leave the precision out"):
        load_encoder(str(tiny), precision="bfloat16")
    found = load_encoder(str(tiny), backend="openvino", precision="bfloat16")
    assert isinstance(found, OpenVINOEncoder)


def test_a_model_that_openvino_does_not_know_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch)
    folder = save_tiny_encoder(tmp_path / "copy")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json: leave backend and precision out"):
        load_encoder(str(folder), precision="bfloat16")


def test_an_unknown_precision_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ModelError, match=r"no precision 'float16'.*auto, float32, bfloat16, int8"):
        load_encoder(precision="float16")


def test_another_model_is_taken_in_float32_by_itself(tiny: Path) -> None:
    named = OpenVINOEncoder(find_model(str(tiny)), precision="float32").encode_passages(TEXTS)
    default = load_encoder(str(tiny), device="cpu").encode_passages(TEXTS)
    assert default.tobytes() == named.tobytes()
