"""What a question costs among 100,000 passages, beside what it costs on the essay.

Real are the encoder, the questions, and all that `retrieve` and `ask` do. Made up are the
passages: their texts as `benchmarks/lexical_corpus.py` says, cut to the words and sentences that a
passage of the essay has; their vectors, which are not those of the texts, as
`benchmarks/scale_corpus.py` says. So what is found is no answer, but it takes as long to find, to
read and to quote from. The index keeps tokens for all of them, made up too, of which it has as
many as a text has words. The questions are of the sets whose words the texts are made of, and the
essay is asked the same ones, in turns.

Then each question is asked as if its passages were met for the first time: with their tokens from
the index, and with their tokens encoded.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.asking import HEAD, asked, essay_questions, least, row, together
from benchmarks.floor import Rates
from benchmarks.lexical_corpus import Invention
from benchmarks.scale import Given, documents
from benchmarks.scale_corpus import made_up
from benchmarks.summary import Line, Measured, Options, table
from benchmarks.timing import Sample, clocked
from embeddings import Encoder, Tokens, load_encoder
from qa import QA, Document
from qa.answering import ExtractiveAnswerer
from qa.answering.late_interaction import TokensOf
from qa.documents import Span
from qa.evaluation import load_questions
from qa.index import update_index
from qa.index.storage import FORMAT, is_index
from qa.passages import Chunking, Passage

COUNT = 100_000
TIMES = 1.5  # the essay's, at most
REAL = 2_000  # passages that vectors are made of
SENTENCES, WORDS = 3, 24  # of a passage, of a sentence: 68 words in 2.75 sentences on the essay
_WORD = re.compile(r"\S+")


def measure(rates: Rates, options: Options) -> Measured:
    """Ask the same questions of the essay and of 100,000 passages, in turns."""
    assert options.bench is not None  # noqa: S101  # the command has looked
    questions, texts = material(options.bench, len(essay_questions()))
    kept = nullcontext(str(options.keep)) if options.keep else tempfile.TemporaryDirectory()
    with kept as folder:
        index = built(Path(folder) / f"many-{COUNT}-format-{FORMAT}", texts)
        with QA.open() as essay, QA.open(index=index) as many:
            corpora = {"the essay": essay, f"{COUNT:,} passages": many}
            found = asked(corpora, questions)
            floor = least(rates, essay, questions)
            tokens = ", ".join(f"{name} {_tokens(qa):.0f}" for name, qa in corpora.items())
            first = {
                f"`ask`, {COUNT:,} passages, new to it, tokens {how}": samples
                for how, samples in first_met(many, questions).items()
            }
    rows = [row(f"`{method}`, {name}", samples, floor) for (name, method), samples in found.items()]
    rows += [row(what, samples, floor) for what, samples in first.items()]
    times = {key: together(samples) for key, samples in found.items()}
    lines, processor = [], []
    for method in ("retrieve", "ask"):
        before, after = (times[name, method] for name in corpora)
        what = f"`{method}` among {COUNT:,} passages, times the essay's"
        lines.append(Line(what, after.median / before.median, "", TIMES))
        processor.append(f"`{method}` {after.processor / before.processor:.2f}")
    note = (
        f"{len(questions)} questions. Processor time, relative to the essay: "
        f"{', '.join(processor)}. Tokens of a passage: {tokens}."
    )
    return Measured(f"{table(HEAD, rows)}\n\n{note}", lines)


def first_met(qa: QA, questions: Sequence[str]) -> dict[str, list[list[Sample]]]:
    """Time `ask` where no passage that is found has been met before."""
    ways: dict[str, TokensOf] = {
        "stored": partial(qa.index.passage_tokens, encoder=qa.encoder),
        "encoded": qa.encoder.passage_tokens,
    }
    found: dict[str, list[list[Sample]]] = {how: [] for how in ways}
    for question in questions:
        for blanks, (how, tokens) in enumerate(ways.items(), 7):
            qa.answerer = ExtractiveAnswerer(qa.encoder)
            _ = qa.answerer.answer("", "", [], qa.index.document)  # loads the reader
            qa.tokens = tokens
            found[how].append([clocked(partial(qa.ask, question + " " * blanks))])
    return found


def folders(bench: Path) -> list[Path]:
    """Return the question sets of a folder; or the folder itself, if it is one."""
    return sorted(
        file.parent for file in (*bench.glob("corpus.jsonl"), *bench.glob("*/corpus.jsonl"))
    )


def material(bench: Path, count: int) -> tuple[list[str], list[str]]:
    """Return so many of the sets' questions, drawn with a fixed seed, and all of their texts."""
    sets = [load_questions(path) for path in folders(bench)]
    texts = [document.text for questions in sets for document in questions.documents]
    questions = [question.text for each in sets for question in each]
    drawn = np.random.default_rng(0).permutation(len(questions))[:count]
    return [questions[number] for number in drawn], texts


def built(folder: Path, texts: Sequence[str]) -> Path:
    """Build the index, if it is not there, and return its folder."""
    if is_index(folder):
        return folder
    encoder = load_encoder()
    some = np.random.default_rng(0).permutation(len(texts))[:REAL]
    real = encoder.encode_passages([texts[number] for number in some])
    invented = (text for _, text in Invention([("", text) for text in texts]).passages(COUNT))
    with patch("qa.index.writer.cut", cut):
        corpus = list(documents(invented, COUNT))
        pretended = Pretended(encoder, made_up(real, COUNT))
        update_index(folder, corpus, encoder=pretended, token_vectors=COUNT)
    return folder


class Pretended(Given):
    """Goes by a real encoder's name, so that its index opens as any, and gives made-up vectors."""

    def __init__(self, encoder: Encoder, vectors: Iterator[np.ndarray]) -> None:
        super().__init__(vectors, {})
        self.model, self.digest = encoder.model, encoder.digest
        self._pool = encoder.passage_tokens(["One token after another."])[0].vectors

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[np.ndarray, list[Tokens]]:
        """Return the next vectors, and a token for each word, of a few that are real."""
        return self.encode_passages(texts), [self._tokens(text) for text in texts]

    def _tokens(self, text: str) -> Tokens:
        spans = np.array([word.span() for word in _WORD.finditer(text)], np.int64).reshape(-1, 2)
        return Tokens(np.resize(self._pool, (len(spans), self.dim)), spans)


def cut(document: Document, chunking: Chunking, encoder: object) -> Iterator[Passage]:
    """Cut a made-up document: the first words of each of its lines are a passage."""
    start = 0
    for line in document.text.split("\n"):
        words = list(islice(_WORD.finditer(line), SENTENCES * WORDS))
        sentences = [words[i : i + WORDS] for i in range(0, len(words), WORDS)]
        spans = (Span(start + some[0].start(), start + some[-1].end()) for some in sentences)
        yield Passage.of(document, tuple(spans))
        start += len(line) + 1


def _tokens(qa: QA) -> float:
    """Return how many tokens a passage has, on average of the first document."""
    passages = list(qa.index.passages_of(qa.index.document_ids()[0]))
    texts = [passage.text_in_context for passage in passages]
    return statistics.mean(qa.encoder.count_tokens(texts))
