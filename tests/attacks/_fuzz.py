"""`python -m tests.attacks._fuzz TARGET --seconds 3600`: throw bytes at a parser until it fails.

With atheris installed (`pip install atheris`, for Python 3.11) the bytes are led by what code
they reach; without it they are drawn from sound files, as in `malformed_documents`. A failure is
an exception that no user should see; the bytes of it are kept in a file.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

Target = Callable[[bytes], None]


def _parser(kind: str) -> Target:
    from qa.loaders.parsers import Refused

    parse = import_module(f"qa.loaders.parsers.{kind}").parse

    def target(data: bytes) -> None:
        try:
            parse(data, f"a.{kind}").text.encode()
        except Refused:
            return

    return target


def _text(data: bytes) -> None:
    from qa.loaders.parsers import Refused
    from qa.loaders.parsers.encodings import decoded

    try:
        decoded(data).text.encode()
    except (Refused, UnicodeEncodeError):
        return


def _answers(data: bytes) -> None:
    from qa.errors import AnswerFileError
    from qa.verification.answer_files import parse_answer

    try:
        parse_answer(json.loads(data))
    except (AnswerFileError, ValueError, RecursionError):
        return


def _questions(data: bytes) -> None:
    """Read a question set; the first byte chooses its form."""
    from qa.errors import QuestionSetError
    from qa.evaluation.formats import FORMATS

    suffix = sorted(FORMATS)[data[0] % len(FORMATS)] if data else ".jsonl"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"set{suffix}")
        path.write_bytes(data[1:])
        try:
            FORMATS[suffix](path)
        except QuestionSetError:
            return


def _index(data: bytes) -> None:
    """Read the manifest and a passage of an index, whose checksums somebody made right."""
    from qa.documents import Document
    from qa.index.manifest import Manifest
    from qa.index.rows import NotWhole, checksum, passage_of

    text = data.decode("utf-8", "replace")
    for read in (
        lambda: Manifest.from_json(text),
        lambda: passage_of((1, text, "", checksum(1, text, "")), 1, Document("a", "A pilot. " * 9)),
    ):
        try:
            read()
        except (NotWhole, ValueError, TypeError, RecursionError):  # which the index calls damage
            continue


TARGETS: dict[str, tuple[Callable[[], Target], str]] = {
    "html": (lambda: _parser("html"), ".html"),
    "docx": (lambda: _parser("docx"), ".docx"),
    "pdf": (lambda: _parser("pdf"), ".pdf"),
    "pptx": (lambda: _parser("pptx"), ".pptx"),
    "xlsx": (lambda: _parser("xlsx"), ".xlsx"),
    "epub": (lambda: _parser("epub"), ".epub"),
    "eml": (lambda: _parser("eml"), ".eml"),
    "text": (lambda: _text, ".txt"),
    "answers": (lambda: _answers, ".json"),
    "questions": (lambda: _questions, ".jsonl"),
    "index": (lambda: _index, ".json"),
}
"""What is thrown at, and the suffix of the sound files to begin with."""


@click.command()
@click.argument("target", type=click.Choice(list(TARGETS)))
@click.option("--seconds", default=60, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("fuzzing"))
def main(target: str, seconds: int, seed: int, folder: Path) -> None:
    """Throw bytes at TARGET; exit with 1 at the first that makes it fail."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare, suffix = TARGETS[target]
    begin = _sound(suffix)
    for number, data in enumerate(begin):
        (folder / f"sound-{number}{suffix}").write_bytes(data)
    try:
        import atheris
    except ImportError:
        _drawn(prepare(), begin, seconds, random.Random(seed), folder)
        return
    with atheris.instrument_imports(
        include=[
            "qa.loaders.parsers",
            "qa.loaders.formats",
            "qa.verification.answer_files",
            "qa.evaluation.formats",
            "qa.index.manifest",
            "qa.index.rows",
        ]
    ):
        run = prepare()
    options = [f"-max_total_time={seconds}", f"-seed={seed + 1}", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, "-timeout=30", "-rss_limit_mb=4000", str(folder)], run)
    atheris.Fuzz()


def _sound(suffix: str) -> list[bytes]:
    from tests.attacks._documents import sound

    answer = {"question": "Who?", "text": "", "abstained": True, "citations": [], "near": []}
    question = {"id": "a", "question": "When?", "answerable": True, "quotes": ["opens at nine"]}
    table = b"\0question,quote\nWhen?,opens at nine\n"
    begin = {
        ".json": [json.dumps(answer).encode(), b"[[0, 8], [9, 17]]"],
        ".jsonl": [b"\2" + json.dumps(question).encode(), table],
    }
    return sound().get(suffix) or begin[suffix]


def _drawn(
    target: Target, begin: list[bytes], seconds: int, rng: random.Random, folder: Path
) -> None:
    from tests.attacks._documents import spoilt

    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = spoilt(rng.choice(begin), rng)
        count += 1
        try:
            target(data)
        except BaseException:
            (folder / "failure").write_bytes(data)
            click.echo(f"failed after {count:,} tries; {folder / 'failure'} has the bytes")
            raise
    click.echo(f"{count:,} tries, and none failed")


if __name__ == "__main__":
    main()
