"""What the commands share: options, and printing to a terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.answering import DEFAULT_TENTATIVE, DEFAULT_THRESHOLD

if TYPE_CHECKING:
    from qa.engine import QA
    from qa.opening import Source

_Command = Callable[..., Any]


_backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "openvino", "torch"]),
    help="Library that runs the model. By default torch on a GPU, else OpenVINO if it supports the "
    "model.",
)

_model_option = click.option(
    "--model",
    help="A sentence-transformers model: a folder or a name on the Hub. By default the one "
    "that comes with inquote.",
)

_precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Number format in which new passages are encoded. bfloat16 is faster on some processors; "
    "vectors differ slightly, and passages with stored token vectors stay in float32.",
)


def model_options(command: _Command) -> _Command:
    """Add --model, --backend and --precision."""
    return _model_option(_backend_option(_precision_option(command)))


def documents_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add --document, which the command gets as `documents`."""
    return click.option(
        "--document",
        "documents",
        type=click.Path(path_type=Path),
        multiple=True,
        help=help_text,
    )


def index_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add --index."""
    return click.option("--index", type=click.Path(path_type=Path), help=help_text)


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """The documents or index to ask, and the models."""

    documents: tuple[Path, ...]
    index: Path | None
    model: str | None
    backend: str | None
    precision: str
    reranker: str | None

    def open(
        self,
        source: Sequence[Source] | None = None,
        *,
        threshold: float | None = None,
        tentative: float | None = None,
    ) -> QA:
        """Open what the options name, or `source` in place of the documents."""
        from qa.engine import QA

        return QA.open(
            source or self.documents or None,
            index=self.index,
            model=self.model,
            backend=self.backend or "auto",
            precision=self.precision,
            reranker=self.reranker,
            threshold=threshold,
            tentative=tentative,
        )


def corpus_options(command: _Command) -> _Command:
    """Add the options of `CorpusOptions`, which the command gets as `corpus`."""

    @wraps(command)
    def with_corpus(**given: Any) -> Any:
        corpus = CorpusOptions(
            **{field.name: given.pop(field.name) for field in fields(CorpusOptions)}
        )
        return command(corpus=corpus, **given)

    decorated: _Command = with_corpus
    for option in (
        click.option(
            "--reranker",
            help="A sentence-transformers cross-encoder that reranks passages: a folder or a name "
            "on the Hub. By default none.",
        ),
        model_options,
        index_option("Folder of an index: an existing one, or a new one for the documents named."),
        documents_option("File or folder to ask; repeatable."),
    ):
        decorated = option(decorated)
    return decorated


_threshold_option = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help=f"Mark an answer as tentative below this confidence.  [default: {DEFAULT_THRESHOLD}]",
)
_tentative_option = click.option(
    "--tentative",
    type=click.FloatRange(0, 1),
    help="Abstain below this confidence, or below --threshold if that is lower; 0 never abstains.  "
    f"[default: {DEFAULT_TENTATIVE}]",
)


def threshold_options(command: _Command) -> _Command:
    """Add --threshold and --tentative."""
    return _threshold_option(_tentative_option(command))


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
top_k_option = click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Passages to retrieve.",
)


def show_every_character() -> None:
    """Have the output show what its encoding lacks as an escape, rather than fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_json(data: object) -> None:
    """Print data as JSON, with its characters as they are where the output is in UTF-8."""
    in_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(data, ensure_ascii=not in_utf8, indent=2))
