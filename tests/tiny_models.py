"""Models small enough to be made in a test, of random weights that are the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WORDS = "fish silver penguins dive coins island bought the for in and . , ?"
READS = 24
"""Tokens that a tiny model reads."""


def save_tiny_bert(folder: Path, kind: str, *, labels: int = 1) -> PreTrainedModel:
    """Make a BERT of a class of transformers, and save it as transformers does."""
    import transformers
    from torch import manual_seed
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split()]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    transformers.BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=READS,
        initializer_range=1.0,  # large, so that texts get scores that are far apart
    )
    config.num_labels = labels
    model: PreTrainedModel = getattr(transformers, kind)(config).eval()
    model.save_pretrained(folder)
    return model


def save_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """Make a cross-encoder, and save it as sentence-transformers does."""
    from sentence_transformers import CrossEncoder

    plain = folder.with_name(f"{folder.name}-plain")
    save_tiny_bert(plain, "BertForSequenceClassification", labels=labels)
    CrossEncoder(str(plain), device="cpu", local_files_only=True).save_pretrained(str(folder))
    return folder
