"""Models small enough to be made in a test, of random weights that are the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedModel

WORDS = "fish silver penguins dive coins island bought the for in and . , ?"
READS = 24
"""Tokens that a tiny model reads."""
TINY: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "initializer_range": 1.0,  # large, so that texts get scores that are far apart
}


def save_tiny_bert(folder: Path, kind: str, *, labels: int = 1) -> PreTrainedModel:
    """Make a BERT of a class of transformers, and save it as transformers does."""
    import transformers
    from torch import manual_seed
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split()]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    transformers.BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), max_position_embeddings=READS, **TINY
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


def save_tiny_encoder(folder: Path, *modules: Module) -> Path:
    """Make a text encoder of a tiny BERT and what comes behind it, as sentence-transformers does.

    Without modules, the mean of the tokens is taken.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    plain = folder.with_name(f"{folder.name}-plain")
    save_tiny_bert(plain, "BertModel")
    transformer = Transformer(str(plain), max_seq_length=READS)
    behind = modules or (Pooling(transformer.get_embedding_dimension(), "mean"),)
    SentenceTransformer(modules=[transformer, *behind], device="cpu").save(
        str(folder), create_model_card=False
    )
    return folder


def save_tiny_roberta(folder: Path) -> Path:
    """Make a text encoder of a tiny RoBERTa, whose places are numbered from behind its padding."""
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from torch import manual_seed

    plain = folder.with_name(f"{folder.name}-plain")
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *WORDS.split()]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", model_max_length=READS
    ).save_pretrained(plain)
    manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(vocabulary), max_position_embeddings=READS + 2, type_vocab_size=1, **TINY
    )
    transformers.RobertaModel(config).eval().save_pretrained(plain)
    here = {"local_files_only": True}
    transformer = Transformer(
        str(plain), max_seq_length=READS, processor_kwargs=here, model_kwargs=here
    )
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(
        str(folder), create_model_card=False
    )
    return folder
