"""How a model turns text into vectors, read from its settings files.

A setting that is not known exactly here raises `UnsupportedModel`, and another library has to run
the model: a guess would give vectors that are nearly right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MODULES = ("Transformer", "Pooling", "Normalize")
_POOLINGS = ("mean", "cls", "max", "mean_sqrt_len_tokens")
_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_ARCHITECTURES = ("bert", "roberta", "xlm-roberta", "camembert")
_NORMALIZER = {  # the names in a tokenizer's settings, and in its file
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


class UnsupportedModel(Exception):
    """A model needs something that is not supported here; the message says what."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A model's settings.

    Attributes:
        config: its architecture, as in `config.json`.
        pooling: how the vectors of tokens make one of a text.
        max_tokens: tokens that it reads of one text.
        query_prompt: the text before a query.
        passage_prompt: the text before a passage.
    """

    config: dict[str, Any]
    pooling: str
    max_tokens: int
    query_prompt: str
    passage_prompt: str


def read_config(folder: Path) -> ModelConfig:
    """Read a model's settings.

    Raises:
        UnsupportedModel: they need something that is not supported here, or cannot be read.
    """
    config = _settings(folder / "config.json")
    _check_architecture(config)
    modules = _modules(folder)
    transformer = _transformer(folder / modules["Transformer"])
    tokenizer = _settings(folder / "tokenizer_config.json")
    _check_tokenizer(folder, tokenizer)
    prompts = _prompts(_settings(folder / "config_sentence_transformers.json", needed=False))
    return ModelConfig(
        config,
        _pooling(_settings(folder / modules["Pooling"] / "config.json")),
        _max_tokens(transformer, tokenizer, config),
        prompts.get("query") or "",
        prompts.get("document") or "",  # as in sentence-transformers; one named "passage" is not
    )


def first_place(config: dict[str, Any]) -> int:
    """Return the position of the first token; RoBERTa counts from after its padding."""
    return 0 if config.get("model_type") == "bert" else int(config.get("pad_token_id", 1)) + 1


def _settings(path: Path, *, needed: bool = True) -> dict[str, Any]:
    settings = _read_json(path) if needed or path.exists() else {}
    if not isinstance(settings, dict):
        raise UnsupportedModel(f"{path.name} is not what it should be")
    return settings


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnsupportedModel(f"it has no {path.name}") from None
    except (OSError, ValueError) as error:
        raise UnsupportedModel(f"{path.name} cannot be read: {error}") from error


def _check_architecture(config: dict[str, Any]) -> None:
    kind = config.get("model_type")
    if kind not in _ARCHITECTURES:
        raise UnsupportedModel(f"its architecture is {kind}")
    if "auto_map" in config:
        raise UnsupportedModel("it brings code of its own")
    fixed = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    for name, value in fixed.items():
        if config.get(name, value) != value:
            raise UnsupportedModel(f"its {name} is {config[name]}")
    for name in ("add_cross_attention", "quantization_config"):
        if config.get(name):
            raise UnsupportedModel(f"its config.json has {name}")


def _modules(folder: Path) -> dict[str, str]:
    """Return the folder of each module, in the one order that is supported."""
    listed = _read_json(folder / "modules.json")
    try:
        folders = {str(each["type"]).rpartition(".")[2]: str(each["path"]) for each in listed}
    except (TypeError, KeyError) as error:
        raise UnsupportedModel("its modules.json cannot be read") from error
    if tuple(folders) not in (_MODULES, _MODULES[:2]) or len(listed) != len(folders):
        raise UnsupportedModel(f"its modules are {', '.join(folders)}")
    return folders


def _transformer(folder: Path) -> dict[str, Any]:
    settings = _settings(folder / "sentence_bert_config.json", needed=False)
    task = settings.get("transformer_task")
    if settings.get("do_lower_case") or task not in (None, "feature-extraction"):
        raise UnsupportedModel("its sentence_bert_config.json changes how text is read")
    set_ = {name for name, value in settings.items() if value}
    if others := sorted(name for name in set_ if name.endswith(("_args", "_kwargs"))):
        raise UnsupportedModel(f"its sentence_bert_config.json sets {', '.join(others)}")
    return settings


def _check_tokenizer(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse a tokenizer whose settings contradict its file, or that pads on the left."""
    if "auto_map" in settings:
        raise UnsupportedModel("its tokenizer brings code of its own")
    for side in ("padding_side", "truncation_side"):
        if settings.get(side, "right") != "right":
            raise UnsupportedModel(f"its {side} is {settings[side]}")
    normalizer = _settings(folder / "tokenizer.json").get("normalizer") or {}
    for name, own in _NORMALIZER.items():
        if name in settings and own in normalizer and settings[name] != normalizer[own]:
            raise UnsupportedModel(
                f"its {name} is {settings[name]}, and {normalizer[own]} in its file"
            )


def _pooling(settings: dict[str, Any]) -> str:
    flags = [mode for flag, mode in _POOLING_FLAGS.items() if settings.get(flag)]
    mode = settings.get("pooling_mode", flags[0] if len(flags) == 1 else flags)
    if mode not in _POOLINGS or settings.get("include_prompt", True) is not True:
        without = ", without prompts" if mode in _POOLINGS else ""
        raise UnsupportedModel(f"its pooling is {mode}{without}")
    return str(mode)


def _max_tokens(
    transformer: dict[str, Any], tokenizer: dict[str, Any], config: dict[str, Any]
) -> int:
    """Return how many tokens it reads: its own setting, or what tokenizer and network allow."""
    places = config.get("max_position_embeddings", 0) - first_place(config)
    own = transformer.get("max_seq_length")
    most = own or min(tokenizer.get("model_max_length") or 0, places)
    if not isinstance(most, int) or not 2 < most <= places:
        raise UnsupportedModel("it does not say how much it reads")
    return most


def _prompts(settings: dict[str, Any]) -> dict[str, Any]:
    if settings.get("default_prompt_name"):
        raise UnsupportedModel("it has a prompt for every text")
    if settings.get("model_type", "SentenceTransformer") != "SentenceTransformer":
        raise UnsupportedModel(f"it is a {settings['model_type']}")
    return settings.get("prompts") or {}
