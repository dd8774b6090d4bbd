"""What a question costs among 100,000 passages, beside what it costs on the essay.

Encoder, questions and code are real; passages are made up (`benchmarks/made_up.py`), as long as
those of the essay. They hold no answers, but take as long to find, to read and to quote from. Both
corpora are asked the same questions, in turns. Then each question is asked as if its passages had
never been found: with token vectors from the index, and with ones encoded anew.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import HEAD, Samples, asked, cells, essay_questions, floor_of, times_of
from benchmarks.machine import Rates
from benchmarks.made_up import build_index, questions_and_texts
from benchmarks.results import Line, Measured, table
from benchmarks.timing import clocked
from embeddings import Encoder, load_encoder
from qa import QA
from qa.answering import Answer, ExtractiveAnswerer
from qa.answering.late_interaction import TokensOf
from qa.index.storage import FORMAT, is_index

PASSAGES = 100_000
TARGET = 1.5  # times the essay's, at most
REAL = 2_000  # passages whose vectors are used


def measure(rates: Rates, options: argparse.Namespace) -> Measured:
    """Ask the same questions of the essay and of made-up passages."""
    count = min(PASSAGES, options.passages)
    questions, texts = questions_and_texts(options.bench, len(essay_questions()))
    kept = nullcontext(options.keep) if options.keep else tempfile.TemporaryDirectory()
    with kept as folder:
        index = built(Path(folder) / f"many-{count}-format-{FORMAT}", texts, count)
        with QA.open() as essay, QA.open(index=index) as many:
            corpora = {"the essay": essay, f"{count:,} passages": many}
            samples = asked(corpora, questions)
            floor = floor_of(rates, essay, questions)
            tokens = ", ".join(f"{name} {_tokens(qa):.0f}" for name, qa in corpora.items())
            rows = [cells(f"`{method}`, {name}", s, floor) for (name, method), s in samples.items()]
            for how, first in asked_at_first(many, questions).items():
                what = f"`ask`, {count:,} passages, new to it, tokens {how}"
                rows.append(cells(what, first, floor))
    times = {key: times_of(each) for key, each in samples.items()}
    lines, processor = [], []
    for method in ("retrieve", "ask"):
        before, after = (times[name, method] for name in corpora)
        what = f"`{method}` among {count:,} passages, times the essay's"
        lines.append(Line(what, after.median / before.median, "", TARGET))
        processor.append(f"`{method}` {after.processor / before.processor:.2f}")
    note = (
        f"{len(questions)} questions. Processor time, relative to the essay: "
        f"{', '.join(processor)}. Tokens of a passage: {tokens}."
    )
    return Measured(f"{table(HEAD, rows)}\n\n{note}", lines)


def asked_at_first(qa: QA, questions: Sequence[str]) -> dict[str, Samples]:
    """Time `ask` where no passage that is found has been found before."""
    ways: dict[str, TokensOf] = {
        "stored": partial(qa.index.passage_tokens, encoder=qa.encoder),
        "encoded": qa.encoder.passage_tokens,
    }
    samples: dict[str, Samples] = {how: [] for how in ways}
    for question in questions:
        for blanks, (how, tokens) in enumerate(ways.items(), 7):
            answerer = _WithTokens(qa.encoder, tokens)
            _ = answerer.answer("", "", [], qa.index.document)  # loads the reader
            fresh = QA(qa.index, qa.encoder, answerer)
            samples[how].append([clocked(partial(fresh.ask, question + " " * blanks))])
    return samples


class _WithTokens(ExtractiveAnswerer):
    """An answerer that takes the tokens of passages from where it is told."""

    def __init__(self, encoder: Encoder, tokens: TokensOf) -> None:
        super().__init__(encoder)
        self._tokens = tokens

    def answer(self, *asked: Any, **_: Any) -> Answer:
        """Quote, whatever tokens are given."""
        question, query, passages, find = asked[:4]
        return super().answer(question, query, passages, find, self._tokens)


def built(folder: Path, texts: Sequence[str], count: int) -> Path:
    """Build the index, unless it is there, and return its folder."""
    if not is_index(folder):
        encoder = load_encoder()
        some = np.random.default_rng(0).permutation(len(texts))[:REAL]
        real = encoder.encode_passages([texts[number] for number in some])
        build_index(folder, texts, real, count, like=encoder, token_vectors=count)
    return folder


def _tokens(qa: QA) -> float:
    """Return the mean number of tokens of a passage of the first document."""
    passages = qa.index.passages_of(qa.index.document_ids()[0])
    return float(np.mean(qa.encoder.count_tokens([p.text_in_context for p in passages])))
