"""Questions on the manuals of git, Python, PostgreSQL and SQLite, as Debian packages them.

    python -m benchmarks.manuals --corpus FOLDER [--files 300] [--precision int8] [--list]

Packages of documentation are downloaded with apt-get and unpacked into FOLDER, a folder for each
manual; a folder that is there is taken as it is. The corpus is the pages that questions name, and
others, drawn by their names, up to --files of them (all, without it); its index is kept in FOLDER.

The questions are in `manuals.jsonl`, with the page that answers them and its words, any of which
is right wherever they stand. Questions whose words are not in this release are reported and left
out. A `term` names what the words are about, such as an option or an exception: a quote without
it does not answer. A passage is right if it has the words.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.metrics import roc_auc_score
from tqdm.auto import tqdm

from benchmarks.results import table
from qa import QA, Answer, Document
from qa.errors import LoadError
from qa.loaders import File

QUESTIONS = Path(__file__).with_suffix(".jsonl")
PACKAGES = {
    "git": "git-doc",
    "python": "python3-doc",
    "postgresql": "postgresql-doc",
    "sqlite": "sqlite3-doc",
}
STATUSES = ("answered", "tentative", "abstained")


class MissingError(Exception):
    """A manual cannot be fetched; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ManualQuestion:
    """A question, and what answers it.

    Attributes:
        manual: the manual that it is on.
        question: its text.
        file: the page that answers it; empty if no page does.
        words: what the quote must have, any one of these.
        term: what must be shown with it; empty where the words say enough.
    """

    manual: str
    question: str
    file: str = ""
    words: tuple[str, ...] = ()
    term: str = ""

    @property
    def page(self) -> str:
        """The id of its page."""
        return f"{self.manual}/{self.file}"

    def stands_in(self, text: str) -> bool:
        """Return whether a text has the words."""
        return any(plain(words) in plain(text) for words in self.words)

    def is_answered_by(self, quote: str) -> bool:
        """Return whether a quote has the words and the term."""
        return self.stands_in(quote) and plain(self.term) in plain(quote)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question.

    Attributes:
        asked: the question.
        answer: what was shown.
        passage: the rank of the first passage with the words, from 1; 0 if none has them.
        quote: the number of the first quote that answers, from 1; 0 if none does.
        near: whether one of the nearest sentences does, of those shown with an abstention.
    """

    asked: ManualQuestion
    answer: Answer
    passage: int
    quote: int
    near: bool

    @property
    def status(self) -> str:
        """Which of `STATUSES` the answer has."""
        return str(getattr(self.answer, "status", STATUSES[2 * self.answer.abstained]))

    def line(self) -> str:
        """Describe the outcome in a line, to be compared with another version's."""
        first = next((c.quote for c in (*self.answer.citations, *self.answer.near)), "")
        right = "  ".join([f"passage {self.passage}", f"quote {self.quote}", f"near {self.near:d}"])
        found = right if self.asked.words else "no answer in the corpus"
        shown = f"{self.status:9} {self.answer.confidence:.2f}  {found}"
        return f"{shown}  {self.asked.question}  |  {' '.join(first.split())[:120]}"


def plain(text: str) -> str:
    """Return a text without differences in white space and case."""
    return " ".join(text.split()).casefold()


def questions() -> list[ManualQuestion]:
    rows = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    return [ManualQuestion(**row | {"words": tuple(row.get("words", ()))}) for row in rows]


def fetch(corpus: Path, manual: str) -> None:
    """Unpack the packages of a manual into its folder, unless that is there already."""
    folder = corpus / manual
    if folder.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=corpus) as scratch:
        packages = with_pages(PACKAGES[manual])
        run(["apt-get", "download", *packages], scratch)
        for package in sorted(Path(scratch).glob("*.deb")):
            run(["dpkg", "-x", package.name, "unpacked"], scratch)
        Path(scratch, "unpacked").rename(folder)


def with_pages(package: str) -> list[str]:
    """Return a package, and those of documentation that it depends on, which may have its pages."""
    listed = run(["apt-cache", "depends", "--important", package]).splitlines()
    needed = [line.split(":")[1].strip() for line in listed if "Depends:" in line]
    return [package, *(name for name in needed if "-doc" in name)]


def run(command: Sequence[str], folder: str | None = None) -> str:
    """Run a command of Debian's and return what it writes."""
    program = shutil.which(command[0])
    if program is None:
        raise MissingError(f"{command[0]} is not installed, and is needed to fetch {command[-1]}")
    done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MissingError(f"{' '.join(command)}: {reason} (apt-get update may help)")
    return done.stdout


def pages(corpus: Path, manual: str) -> dict[str, Path]:
    """Return the pages of a manual by id: its name, and the path below the package's folder."""
    found: dict[str, Path] = {}
    for path in sorted((corpus / manual).glob("usr/share/doc/*/**/*.html")):
        parts = path.relative_to(corpus / manual / "usr/share/doc").parts[1:]
        below = parts[1:] if parts[0] == "html" else parts
        if path.is_file() and not path.is_symlink():
            found.setdefault("/".join([manual, *below]), path)
    return found


def chosen(found: Iterable[str], named: set[str], most: int | None) -> list[str]:
    """Return the pages that are named, and others, up to so many: the same ones every time."""

    def place(page: str) -> tuple[bool, str]:
        return page not in named, hashlib.sha256(page.encode()).hexdigest()

    return sorted(found, key=place)[:most]


def loaded(paths: dict[str, Path], ids: Iterable[str]) -> Iterator[Document]:
    """Load pages, without those that hold no text."""
    for id_ in tqdm(list(ids), desc="reading", unit=" pages"):
        try:
            yield File.at(paths[id_], id_).load()
        except LoadError as error:
            print(f"left out: {id_}: {error}")


def in_this_release(
    asked: Iterable[ManualQuestion], texts: dict[str, str]
) -> Iterator[ManualQuestion]:
    """Yield the questions whose words are on their page, and report the others."""
    manuals = {page.split("/")[0] for page in texts}
    for question in asked:
        page = texts.get(question.page)
        if question.manual not in manuals:
            reason = f"there is no manual of {question.manual}"
        elif question.words and page is None:
            reason = f"there is no page {question.page}"
        elif page and not question.is_answered_by(page):
            reason = f"{question.page} says it in other words"
        else:
            yield question
            continue
        print(f"left out: {question.question}  ({reason})")


def outcome(qa: QA, asked: ManualQuestion) -> Outcome:
    answer = qa.ask(asked.question)
    passages = (hit.passage.text for hit in answer.passages)
    quotes, near = ([c.quote for c in part] for part in (answer.citations, answer.near))
    return Outcome(
        asked,
        answer,
        passage=first(asked.stands_in(passage) for passage in passages),
        quote=first(map(asked.is_answered_by, quotes)),
        near=any(map(asked.is_answered_by, near)),
    )


def first(right: Iterable[bool]) -> int:
    """Return the number of the first that is right, from 1; 0 if none is."""
    return next((number for number, one in enumerate(right, 1) if one), 0)


def by_manual(outcomes: Sequence[Outcome]) -> str:
    """Return how well the questions that have an answer were answered, as a table."""
    rows = []
    for manual in (*PACKAGES, "all"):
        part = [o for o in outcomes if o.asked.words and manual in (o.asked.manual, "all")]
        passages, quotes = [o.passage for o in part], [o.quote for o in part]
        near = [o.near or o.quote > 0 for o in part]
        cells = (
            *(share(map(bool, passages)), share(rank == 1 for rank in passages)),
            *(share(map(bool, quotes)), share(rank == 1 for rank in quotes), share(near)),
        )
        rows.append([manual, len(part), *cells])
    names = ("manual", "questions", "right passage in the first 8", "first")
    return table([*names, "answer in a quote", "in the first", "in a quote or near"], rows)


def by_status(outcomes: Sequence[Outcome]) -> str:
    """Return what each status was worth, as a table."""
    has = [o for o in outcomes if o.asked.words]
    without = [o for o in outcomes if not o.asked.words]
    rows = []
    for status in STATUSES:
        answerable = [o for o in has if o.status == status]
        right = sum(o.quote > 0 for o in answerable)
        near = sum(o.near for o in answerable)
        false = sum(o.status == status for o in without)
        shares = f"{len(answerable)} of {len(has)}", right, near, f"{false} of {len(without)}"
        rows.append([status, *shares])
    names = ("status", "has an answer", "in a quote", "near", "has none")
    return table(names, rows)


def confidence(outcomes: Sequence[Outcome]) -> str:
    """Return how well the confidence tells questions with an answer from those without."""
    has = [bool(o.asked.words) for o in outcomes]
    if len(set(has)) < 2:
        return ""
    area = roc_auc_score(has, [o.answer.confidence for o in outcomes])
    return f"AUROC of the confidence, questions with an answer against those without: {area:.3f}"


def share(right: Iterable[bool]) -> str:
    of = list(right)
    return f"{sum(of) / len(of):.2f}" if of else ""


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(
        "python -m benchmarks.manuals", description=__doc__, formatter_class=raw
    )
    made.add_argument("--corpus", type=Path, required=True, help="the folder of the manuals")
    made.add_argument("--files", type=int, help="pages to index at most; default: all")
    made.add_argument("--precision", default="float32", help="of passages, as they are encoded")
    made.add_argument("--list", action="store_true", help="print a line for each question")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    options.corpus.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for manual in PACKAGES:
        try:
            fetch(options.corpus, manual)
        except MissingError as error:
            print(f"the manual of {manual} is missing: {error}")
        paths |= pages(options.corpus, manual)
    if not paths:
        raise SystemExit(f"{options.corpus} has no manuals")
    asked = questions()
    ids = chosen(paths, {question.page for question in asked}, options.files)
    documents = list(loaded(paths, ids))
    asked = list(in_this_release(asked, {d.id: d.text for d in documents}))
    index = options.corpus / f"index-{options.files or 'all'}-{options.precision}"
    with QA.open(documents, index=index, precision=options.precision, token_vectors=0) as qa:
        print(f"{len(documents):,} pages, {len(qa.index):,} passages", flush=True)
        outcomes = [outcome(qa, question) for question in tqdm(asked, desc="asking")]
    if options.list:
        print(*(one.line() for one in outcomes), sep="\n")
    print(f"\n{by_manual(outcomes)}\n\n{by_status(outcomes)}\n\n{confidence(outcomes)}")


if __name__ == "__main__":
    main()
