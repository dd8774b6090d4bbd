"""Calibrates the bundled model for int8.

    python -m benchmarks.calibrate

It encodes passages of the everyday documents, and writes the minimum and maximum of each channel of
each activation to `embeddings/ranges`.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tqdm.auto import tqdm

from benchmarks.everyday_examples import texts
from embeddings import load_encoder
from embeddings.bert import build_inputs
from embeddings.model_config import read_config
from embeddings.models import find_model
from embeddings.openvino_runtime import Network
from embeddings.quantization import RANGES_FILE
from qa.documents import Document
from qa.passages import Chunking, cut

PASSAGES, SHORT = 300, 100  # of the short ones, none has more than three words


def main() -> None:
    files, encoder = find_model(), load_encoder(backend="openvino", precision="float32")
    cuts = (p for text in texts().items() for p in cut(Document(*text), Chunking(), encoder))
    passages = random.Random(0).sample([p.text_in_context for p in cuts], PASSAGES)
    passages += [" ".join(passage.split()[: n % 4]) for n, passage in enumerate(passages[:SHORT])]
    weights = load_file(files.folder / "model.safetensors")
    graph, names = build_inputs(weights, read_config(files.folder).config)
    network, tokenizer = Network(graph), Tokenizer.from_file(str(files.folder / "tokenizer.json"))
    tokenizer.no_padding()
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for passage in tqdm(passages, unit=" passages"):
        ids = np.array([tokenizer.encode(passage).ids[: encoder.max_tokens]])
        for name, values in zip(names, network.run(ids, np.ones_like(ids)), strict=True):
            seen[name] += values[0].min(axis=0), values[0].max(axis=0)
    ranges = {n: np.stack([np.min(v, 0), np.max(v, 0)]).astype(np.float16) for n, v in seen.items()}
    save_file(ranges, RANGES_FILE, {"model": files.digest})


if __name__ == "__main__":
    main()
