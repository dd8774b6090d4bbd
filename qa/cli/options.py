"""What the commands share: options, and printing to a terminal."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from qa.answering import ANSWERABLE, DEFAULT_TENTATIVE, DEFAULT_THRESHOLD
from qa.indexes import Place, placed
from qa.text.printable import printable, printable_name

if TYPE_CHECKING:
    from qa.documents import Document
    from qa.engine import QA
    from qa.errors import LoadError
    from qa.index.protocol import AnyIndex
    from qa.opening import Source
    from qa.writing import LLM

_Command = Callable[..., Any]

STANDARD_INPUT = Path("-")
_SKIPPED_SHOWN = 20


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
    type=click.Choice(["auto", "float32", "bfloat16", "int8"]),
    default="auto",
    show_default=True,
    help="Number format in which questions and new passages are encoded. auto is the quickest that "
    "was measured to cost no quality on this processor; float32 gives the same vectors everywhere.",
)


def model_options(command: _Command) -> _Command:
    """Add --model, --backend and --precision."""
    return _model_option(_backend_option(_precision_option(command)))


class SourceType(click.Path):
    """The path of a file or folder, or the address of some, such as `s3://bucket/folder`."""

    name = "path or address"

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, allow_dash=allow_dash)

    def convert(self, value: Any, *rest: Any) -> Any:
        """Return an address as it is, and anything else as a path."""
        from qa.loaders.remote import is_url

        return value if is_url(value) else super().convert(value, *rest)


def documents_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add --document, which the command gets as `documents`."""
    return click.option(
        "--document",
        "documents",
        type=SourceType(allow_dash=True),
        multiple=True,
        help=help_text,
    )


class _IndexType(click.ParamType):  # type: ignore[type-arg]  # no generic before Click 8.3
    """The path of a folder, or an address on Milvus."""

    name = "folder or address"

    def convert(self, value: Any, _: click.Parameter | None, __: click.Context | None) -> Place:
        """Return an address as it is, and anything else as a path."""
        return placed(value)


def index_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add --index."""
    return click.option("--index", type=_IndexType(), metavar="INDEX", help=help_text)


_encoding_option = click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of text files that are not in UTF-8 and do not tell their own, such as "
    "windows-1252. By default it is detected.",
)

_strict_option = click.option(
    "--strict", is_flag=True, help="Stop at a file that cannot be read, instead of skipping it."
)


def reading_options(command: _Command) -> _Command:
    """Add --encoding and --strict."""
    return _encoding_option(_strict_option(command))


class Skipped:
    """Files that could not be read; they are named when a command has done its work."""

    def __init__(self) -> None:
        self.errors: dict[str, LoadError] = {}
        self._still_indexed: set[str] = set()

    def add(self, error: LoadError) -> None:
        """Take the error of a file."""
        self.errors[str(error)] = error

    def look_up(self, index: AnyIndex) -> None:
        """Find which of the files an index still has an earlier text of."""
        if self.errors:
            self._still_indexed = {source for source in index.sources().values() if source}

    def tell(self) -> None:
        """Print the files on standard error, each with the reason."""
        if not self.errors:
            return
        files = "1 file" if len(self.errors) == 1 else f"{len(self.errors):,} files"
        click.echo(f"Skipped {files} (--strict stops at the first):", err=True)
        for message, error in islice(self.errors.items(), _SKIPPED_SHOWN):
            still = not self._still_indexed.isdisjoint(
                (error.source, os.path.realpath(error.source))
            )
            kept = " (the index still has its earlier text)" if still else ""
            click.echo(f"  {printable(message)}{kept}", err=True)
        if len(self.errors) > _SKIPPED_SHOWN:
            click.echo(f"  and {len(self.errors) - _SKIPPED_SHOWN:,} more", err=True)

    def to_list(self) -> list[dict[str, str]]:
        """Return the files as plain data."""
        return [{"file": error.source, "reason": text} for text, error in self.errors.items()]


def named_sources(paths: Sequence[Path | str], encoding: str | None) -> list[Path | str | Document]:
    """Return files, folders and addresses, and the text on standard input for "-"."""
    return [_read_document(encoding) if path == STANDARD_INPUT else path for path in paths]


def _read_document(encoding: str | None) -> Document:
    from qa.loaders import check_encoding
    from qa.loaders.formats import MAX_BYTES, text_document

    check_encoding(encoding)
    data = read_standard_input(MAX_BYTES["text"])
    return text_document(data, "stdin", Path("standard input"), encoding=encoding)


def read_standard_input(limit: int) -> bytes:
    """Read standard input to its end; a `ClickException` if there is more than the limit."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise click.ClickException(f"standard input has more than {limit:,} bytes, the most")
    return data


class Thresholds(TypedDict, total=False):
    """What decides between the outcomes of an answer; None is the default."""

    threshold: float | None
    tentative: float | None
    answerable: float | None


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """The documents or index to ask, and the models."""

    documents: tuple[Path | str, ...]
    index: Place | None
    only: tuple[str, ...]
    where: tuple[str, ...]
    encoding: str | None
    strict: bool
    model: str | None
    backend: str | None
    precision: str
    reranker: str | None

    def open(
        self,
        source: Sequence[Source] | None = None,
        *,
        thresholds: Thresholds | None = None,
        llm: LLM | None = None,
        lasting: bool = False,
    ) -> QA:
        """Open what the options name, or `source` in place of the documents.

        Files that are skipped are told of when the command ends, or at once if it is `lasting`.
        """
        from qa.engine import QA

        if source is None and self.documents and self.index:
            raise click.UsageError(
                f"--index is asked as it is: leave out --document, or add the documents first with "
                f"inquote index PATH --index {printable_name(str(self.index))}. "
                "To ask some documents of an index, choose them with --only PATTERN or --where."
            )
        skipped = Skipped()
        qa = QA.open(
            source or self.sources() or None,
            index=self.index or self._temporary_index(),
            model=self.model,
            backend=self.backend or "auto",
            precision=self.precision,
            reranker=self.reranker,
            llm=llm,
            **(thresholds or {}),
            **self.reading(skipped),
        )
        skipped.look_up(qa.index)
        if lasting:
            skipped.tell()
        else:
            click.get_current_context().call_on_close(skipped.tell)
        return qa

    def reading(self, skipped: Skipped) -> dict[str, Any]:
        """Return what `QA.open` is told about reading; `skipped` gets the files left out."""
        unreadable = None if self.strict else skipped.add
        return {
            "only": self.only,
            "where": self.where,
            "encoding": self.encoding,
            "unreadable": unreadable,
        }

    def sources(self) -> list[Source]:
        """Return the documents, of which "-" is read from standard input."""
        return [*named_sources(self.documents, self.encoding)]

    def _temporary_index(self) -> Path | None:
        """Return a folder for as long as the command runs, if a document is read from a pipe."""
        if STANDARD_INPUT not in self.documents:
            return None
        folder = tempfile.TemporaryDirectory(prefix="inquote-")
        return Path(click.get_current_context().with_resource(folder))


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
        reading_options,
        click.option(
            "--only",
            multiple=True,
            metavar="PATTERN",
            help="Ask only documents whose names match, such as 'git-*.html'; repeatable.",
        ),
        click.option(
            "--where",
            multiple=True,
            metavar="CONDITION",
            help="Ask only documents whose metadata match, such as year=2024, 'date>=2023-06' or "
            "'author~smith'; repeatable.",
        ),
        index_option("Index to ask, as it is: its folder, or its address on Milvus."),
        documents_option("File, folder or address to ask, or - for standard input; repeatable."),
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


_answerable_option = click.option(
    "--answerable",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of your questions that the documents answer, for the confidence to start from.  "
    f"[default: {ANSWERABLE}]",
)


def threshold_options(command: _Command) -> _Command:
    """Add --threshold, --tentative and --answerable, which the command gets as `thresholds`."""

    @wraps(command)
    def with_thresholds(**given: Any) -> Any:
        thresholds = {name: given.pop(name) for name in Thresholds.__annotations__}
        return command(thresholds=thresholds, **given)

    decorated: _Command = with_thresholds
    return _threshold_option(_tentative_option(_answerable_option(decorated)))


def llm_options(command: _Command) -> _Command:
    """Add --llm, --llm-url and --llm-context: the command gets an `LLM`, or None, as `llm`."""

    @wraps(command)
    def with_llm(**given: Any) -> Any:
        model, url, context = (given.pop(name) for name in ("llm", "llm_url", "llm_context"))
        if not model and (url or context):
            raise click.UsageError("--llm-url and --llm-context need --llm: name the model.")
        return command(llm=_llm(model, url, context) if model else None, **given)

    decorated: _Command = with_llm
    for option in (
        click.option(
            "--llm-context",
            type=click.IntRange(min=1_024),
            help="Tokens that the model can read and write together.  [default: 8192]",
        ),
        click.option(
            "--llm-url",
            help="Endpoint of the model, such as http://127.0.0.1:11434/v1. By default "
            "INQUOTE_LLM_URL. A key is read from INQUOTE_LLM_KEY.",
        ),
        click.option(
            "--llm",
            metavar="MODEL",
            help="Let this language model write answers. Sentences of the documents are sent to "
            "its endpoint.",
        ),
    ):
        decorated = option(decorated)
    return decorated


def _llm(model: str, url: str | None, context: int | None) -> LLM:
    from qa.writing import LLM

    return LLM.of(model, url, **({"context": context} if context else {}))


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
top_k_option = click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Passages to retrieve.",
)


def print_json(data: object) -> None:
    """Print data as JSON, with its characters as they are where the output is in UTF-8."""
    in_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(data, ensure_ascii=not in_utf8, indent=2))
