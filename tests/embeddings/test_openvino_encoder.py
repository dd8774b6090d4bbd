"""OpenVINO gives what torch gives, for the models that it knows, and says which it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from tokenizers import Encoding

import embeddings.encoder
from embeddings import Encoder, ModelError, load_encoder
from embeddings.models import find_model
from embeddings.openvino_encoder import OpenVINOEncoder
from embeddings.torch_encoder import SentenceTransformersEncoder
from tests.tiny_models import READS, save_tiny_encoder, save_tiny_roberta

pytestmark = pytest.mark.model

TEXTS = [
    "fish",
    "",
    "silver penguins dive for coins , and the island bought fish in the island .",
    "unknown words and penguins ?",
    "penguins " * (2 * READS),
]


def both(folder: Path) -> tuple[Encoder, Encoder]:
    encoders = (load_encoder(str(folder), backend=b, device="cpu") for b in ("openvino", "torch"))
    first, second = encoders
    return first, second


def agree(folder: Path) -> None:
    """Hold everything that the two backends give for some texts against each other."""
    quick, reference = both(folder)
    assert (quick.model, quick.digest) == (reference.model, reference.digest)
    assert (quick.dim, quick.max_tokens) == (reference.dim, reference.max_tokens)
    assert quick.count_tokens(TEXTS) == reference.count_tokens(TEXTS)
    for encode in ("encode_queries", "encode_passages"):
        found, expected = (getattr(each, encode)(TEXTS) for each in (quick, reference))
        assert found == pytest.approx(expected, abs=1e-4)
    for one, other in zip(*(e.passage_tokens(TEXTS) for e in (quick, reference)), strict=True):
        assert one.spans.tolist() == other.spans.tolist()
        assert one.vectors == pytest.approx(other.vectors, abs=1e-4)


def change(path: Path, **settings: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """Copy the tiny model, to be changed."""
    folder = tmp_path / "copy"
    for path in tiny.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(tiny)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("mode", ["mean", "cls", "max", "mean_sqrt_len_tokens"])
def test_each_pooling_is_the_one_of_torch(copy: Path, mode: str) -> None:
    change(copy / "1_Pooling" / "config.json", pooling_mode=mode)
    agree(copy)


def test_pooling_is_read_in_its_older_form_too(copy: Path) -> None:
    flags = {"embedding_dimension": 16, "pooling_mode_cls_token": True}
    (copy / "1_Pooling" / "config.json").write_text(json.dumps(flags))
    agree(copy)


@pytest.mark.parametrize("name", ["document", "passage"])
def test_prompts_are_those_of_torch(copy: Path, name: str) -> None:
    prompts = {"query": "the fish : ", name: "coins : "}
    change(copy / "config_sentence_transformers.json", prompts=prompts)
    agree(copy)


def test_roberta_numbers_places_as_it_does_in_torch(tmp_path: Path) -> None:
    agree(save_tiny_roberta(tmp_path / "roberta"))


def test_the_bundled_model_gives_the_vectors_of_torch() -> None:
    quick, reference = (
        load_encoder(backend=b, device="cpu", precision="float32") for b in ("openvino", "torch")
    )
    texts = ["When was it proposed?", "By Xi, in 2013. " * 40, "好。", ""]
    found, expected = quick.encode_passages(texts), reference.encode_passages(texts)
    assert (found * expected).sum(axis=1).min() > 0.999999


def test_a_vector_does_not_depend_on_what_is_encoded_with_it(tiny: Path) -> None:
    for encoder in (load_encoder(backend="openvino"), load_encoder(str(tiny), backend="openvino")):
        texts = [f"{'penguins dive for coins ' * n}in {n}" for n in range(0, 40, 3)]
        together = encoder.encode_passages(texts)
        alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
        assert together.tobytes() == alone.tobytes()


def test_several_threads_get_what_one_gets(tiny: Path) -> None:
    encoder = load_encoder(str(tiny), backend="openvino")
    texts = [f"fish {'and coins ' * n}" for n in range(24)]
    expected = [encoder.encode_passages([text]).tobytes() for text in texts]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: encoder.encode_passages([text]).tobytes(), texts))
    assert found == expected


def test_a_question_does_not_wait_for_what_is_being_indexed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OpenVINOEncoder(find_model(str(tiny)))
    begun, go_on = Event(), Event()
    infer = encoder._infer

    def held(read: Sequence[Encoding], requests: Any) -> Any:
        if len(read) > 1:
            begun.set()
            go_on.wait()
        return infer(read, requests)

    monkeypatch.setattr(encoder, "_infer", held)
    with ThreadPoolExecutor(1) as threads:
        indexing = threads.submit(encoder.encode_passages, ["penguins dive for coins"] * 500)
        begun.wait()
        assert encoder.encode_queries(["fish"]).shape == (1, encoder.dim)
        assert not indexing.done()
        go_on.set()


def test_a_text_has_the_same_vector_by_itself_and_among_many(tiny: Path) -> None:
    encoder = OpenVINOEncoder(find_model(str(tiny)))
    (alone,) = encoder.encode_passages(["penguins dive for coins"])
    assert (encoder.encode_passages(["penguins dive for coins"] * 40) == alone).all()


def test_a_query_that_was_prepared_among_many_is_the_same_and_is_not_encoded_again(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, alone = (OpenVINOEncoder(find_model(str(tiny))) for _ in range(2))
    queries = [*dict.fromkeys(TEXTS), *(f"penguins dive for {n} coins" for n in range(40))]
    encoder.prepare_queries([])
    encoder.prepare_queries(queries)
    monkeypatch.setattr(encoder, "_infer", None)
    for query in queries:
        assert (encoder.encode_queries([query]) == alone.encode_queries([query])).all()
        found, expected = encoder.query_tokens(query), alone.query_tokens(query)
        assert (found.vectors == expected.vectors).all()
        assert (found.spans == expected.spans).all()


def test_a_question_is_tokenised_once_and_not_remembered_for_ever(tiny: Path) -> None:
    encoder = OpenVINOEncoder(find_model(str(tiny)))
    for _ in range(2):
        assert encoder.count_tokens(["penguins dive for coins"]) == [6]
        encoder.encode_queries(["penguins dive for coins"])
    assert encoder._tokenised.cache_info().misses == 1
    encoder.count_tokens(["fish"] * 100)
    for number in range(100):
        encoder.count_tokens([f"fish {number}"])
    assert encoder._tokenised.cache_info().currsize < 100


def test_it_is_taken_by_itself_where_it_knows_the_model(tiny: Path) -> None:
    assert isinstance(load_encoder(str(tiny), device="cpu"), OpenVINOEncoder)
    assert isinstance(load_encoder(device="cpu"), OpenVINOEncoder)


def _drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _set(name: str, **settings: Any) -> Callable[[Path], None]:
    return lambda folder: change(folder / name, **settings)


def _half(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    half = {name: array.astype(np.float16) for name, array in weights.items()}
    save_file(half, folder / "model.safetensors", {"format": "pt"})


def _another_module(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules, dense]))


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        (_drop("modules.json"), "no modules.json"),
        (_drop("tokenizer.json"), "no tokenizer.json"),
        (_another_module, "its modules are Transformer, Pooling, Dense"),
        (_set("config.json", model_type="mpnet"), "its architecture is mpnet"),
        (_set("config.json", hidden_act="relu"), "its hidden_act is relu"),
        (_set("config.json", auto_map={"AutoModel": "own.Model"}), "code of its own"),
        (_set("1_Pooling/config.json", pooling_mode="lasttoken"), "its pooling is lasttoken"),
        (_set("1_Pooling/config.json", include_prompt=False), "without prompts"),
        (_set("sentence_bert_config.json", do_lower_case=True), "how text is read"),
        (_set("tokenizer_config.json", padding_side="left"), "its padding_side is left"),
        (_set("config_sentence_transformers.json", default_prompt_name="query"), "every text"),
        (_half, "its weights are of type float16"),
    ],
)
def test_what_it_does_not_know_exactly_it_refuses(
    copy: Path, alter: Callable[[Path], None], why: str
) -> None:
    alter(copy)
    with pytest.raises(ModelError, match=f"OpenVINO cannot take.*{why}.*backend torch"):
        load_encoder(str(copy), backend="openvino")


def test_a_model_that_it_does_not_know_goes_to_torch_by_itself(copy: Path) -> None:
    change(copy / "config.json", hidden_act="relu")
    encoder = load_encoder(str(copy), device="cpu")
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert encoder.encode_passages(["fish"]).shape == (1, 16)


def test_without_the_runtime_torch_is_taken(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embeddings.openvino_encoder", None)
    assert isinstance(load_encoder(str(tiny), device="cpu"), SentenceTransformersEncoder)
    with pytest.raises(ModelError, match="pip install openvino"):
        load_encoder(str(tiny), backend="openvino")


def test_where_there_is_a_gpu_torch_is_taken(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.encoder, "_has_gpu", lambda: True)
    assert isinstance(load_encoder(str(tiny)), SentenceTransformersEncoder)
    assert isinstance(load_encoder(str(tiny), device="cpu"), OpenVINOEncoder)


def test_another_device_is_refused_in_a_sentence(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"processor, and not on 'cuda'.*backend torch"):
        load_encoder(str(tiny), backend="openvino", device="cuda")


def test_an_unknown_backend_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ModelError, match=r"no backend 'onnx'.*auto, openvino, torch"):
        load_encoder(backend="onnx")


def test_it_loads_no_torch(tmp_path: Path) -> None:
    code = """
import sys
from embeddings import load_encoder
load_encoder().query_tokens("Who?")
heavy = {"torch", "transformers", "sentence_transformers", "scipy", "sklearn", "pandas"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_it_reports_to_nobody(tmp_path: Path) -> None:
    """OpenVINO's telemetry keeps files in the user's home, and sends from a process of its own."""
    code = """
import sys
from embeddings import load_encoder
load_encoder().encode_queries(["Who?"])
assert "openvino" in sys.modules
assert not sys.modules.get("openvino_telemetry")
"""
    home = tmp_path / "home"
    home.mkdir()
    named = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(home))
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | named)
    assert list(home.iterdir()) == []


def test_only_one_module_imports_the_runtime() -> None:
    sources = Path(embeddings.encoder.__file__).parent.rglob("*.py")
    importing = [p.name for p in sources if "\nfrom openvino import" in p.read_text("utf-8")]
    assert importing == ["openvino_runtime.py"]
