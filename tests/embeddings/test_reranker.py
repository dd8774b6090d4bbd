from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings import ModelError, Reranker, load_reranker
from tests.tiny_models import READS, save_cross_encoder, save_tiny_bert

pytestmark = pytest.mark.model

QUERY = "penguins dive for fish ?"
TEXTS = ["silver coins bought the island .", "penguins and fish .", "fish", "", "the island " * 40]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("models") / "cross-encoder")


@pytest.fixture(scope="module")
def reranker(folder: Path) -> Reranker:
    return load_reranker(str(folder), device="cpu")


class TestACrossEncoder:
    def test_scores_a_pair_as_the_model_itself_does(self, tmp_path: Path) -> None:
        from transformers import AutoTokenizer

        model = save_tiny_bert(tmp_path / "plain", "BertForSequenceClassification")
        tokenizer = AutoTokenizer.from_pretrained(str(tmp_path / "plain"))
        scores = load_reranker(str(tmp_path / "plain"), device="cpu").score(QUERY, TEXTS)
        assert scores.dtype == np.float32
        assert scores.shape == (len(TEXTS),)
        for text, score in zip(TEXTS, scores, strict=True):
            pair = tokenizer(
                [QUERY], [text], truncation=True, max_length=READS, return_tensors="pt"
            )
            assert score == pytest.approx(model(**pair).logits.item(), abs=1e-4)
        assert len({round(float(score), 2) for score in scores}) == len(TEXTS)

    def test_scores_the_same_however_it_was_saved(self, reranker: Reranker, folder: Path) -> None:
        plain = load_reranker(str(folder.with_name("cross-encoder-plain")), device="cpu")
        assert reranker.score(QUERY, TEXTS) == pytest.approx(plain.score(QUERY, TEXTS), abs=1e-4)

    def test_gives_what_is_before_the_sigmoid(self, reranker: Reranker, folder: Path) -> None:
        settings = json.loads((folder / "config_sentence_transformers.json").read_text())
        assert settings["activation_fn"].endswith("Sigmoid")
        assert not all(0 <= score <= 1 for score in reranker.score(QUERY, TEXTS))

    def test_tells_the_query_from_the_text(self, reranker: Reranker) -> None:
        (one,), (other,) = reranker.score("fish", ["silver"]), reranker.score("silver", ["fish"])
        assert abs(one - other) > 0.01

    def test_gives_the_same_again_and_lets_nobody_change_it(self, reranker: Reranker) -> None:
        first = reranker.score(QUERY, TEXTS)
        first[:] = 0
        again = reranker.score(QUERY, TEXTS)
        assert again.all()
        assert reranker.score(QUERY, TEXTS).tobytes() == again.tobytes()

    def test_scores_no_texts_with_no_scores(self, reranker: Reranker) -> None:
        assert reranker.score(QUERY, []).shape == (0,)
        assert reranker.score(QUERY, []).dtype == np.float32

    def test_says_which_it_is(self, reranker: Reranker, folder: Path, tmp_path: Path) -> None:
        assert reranker.model == str(folder)
        other = load_reranker(str(save_cross_encoder(tmp_path / "other")), device="cpu")
        assert other.digest == reranker.digest
        assert len(reranker.digest) == 64


class TestWhatIsRefused:
    def test_a_model_that_makes_vectors(self) -> None:
        with pytest.raises(ModelError, match="'all-MiniLM-L6-v2' is not a cross-encoder") as caught:
            load_reranker("all-MiniLM-L6-v2")
        assert caught.value.model == "all-MiniLM-L6-v2"

    @pytest.mark.parametrize("kind", ["BertModel", "BertForMaskedLM"])
    def test_a_model_that_scores_no_pairs(self, tmp_path: Path, kind: str) -> None:
        save_tiny_bert(tmp_path / "other", kind)
        with pytest.raises(ModelError, match="is not a cross-encoder"):
            load_reranker(str(tmp_path / "other"))

    @pytest.mark.parametrize("saved_as", ["several", "several-plain"])
    def test_a_cross_encoder_with_several_labels(self, tmp_path: Path, saved_as: str) -> None:
        save_cross_encoder(tmp_path / "several", labels=3)
        with pytest.raises(ModelError, match=r"gives 3 labels for a pair.*one label"):
            load_reranker(str(tmp_path / saved_as), device="cpu")

    def test_scores_that_are_no_numbers(self, tmp_path: Path) -> None:
        model = save_tiny_bert(tmp_path / "broken", "BertForSequenceClassification")
        model.get_parameter("classifier.bias").data.fill_(float("nan"))
        model.save_pretrained(tmp_path / "broken")
        with pytest.raises(ModelError, match="scores that are not numbers"):
            load_reranker(str(tmp_path / "broken"), device="cpu").score(QUERY, TEXTS)

    @pytest.mark.parametrize("broken", ["model.safetensors", "config.json", "tokenizer.json"])
    def test_a_model_that_is_not_whole(self, tmp_path: Path, broken: str) -> None:
        folder = save_cross_encoder(tmp_path / "model")
        (folder / broken).write_bytes(b"garbage")
        with pytest.raises(ModelError, match="cannot be loaded"):
            load_reranker(str(folder), device="cpu")

    def test_a_folder_that_is_not_there(self) -> None:
        with pytest.raises(ModelError, match=r"there is no model folder \./no/such"):
            load_reranker("./no/such")

    def test_a_hub_name_that_is_not_here_is_given_up_without_a_network(
        self, network_asked_for: list[str]
    ) -> None:
        with pytest.raises(ModelError, match=r"someone/no-such.*leave the option out"):
            load_reranker("someone/no-such-model")
        assert 1 <= len(network_asked_for) <= 2, "the Hub is asked, and not over and over"
        network_asked_for.clear()
