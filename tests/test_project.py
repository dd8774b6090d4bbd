"""What holds for the project as a whole."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name

import pytest
from hatchling.builders.sdist import SdistBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import embeddings
import qa
import qa.evaluation
from benchmarks.__main__ import SECTIONS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BENCHMARKS = ROOT / "benchmarks"
PROSE = [
    *DOCUMENTS,
    ROOT / "CONTRIBUTING.md",
    BENCHMARKS / "results.md",
    *sorted(BENCHMARKS.glob("*/README.md")),
]
TOP_LEVEL = "benchmarks|docs|embeddings|qa|seeds|tests|ui"
LOCKS = ("requirements.txt", "requirements-dev.txt")
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
FEW_QUESTIONS = """
import runpy
import sys

from qa import evaluation

load = evaluation.load_questions
evaluation.load_questions = lambda path: load(path)[::16]
runpy.run_path(sys.argv[1], run_name="__main__")
"""
ESSAY_SHA256 = "a16c832eb8bb5be8e2f94ac5a33667dd0d30317f3c1896191db540f58facfb20"

REFUSE_THE_NETWORK = """
import sys

def refuse(event, args):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.sendto"):
        address = args[0] if event == "socket.getaddrinfo" else args[1]
        sys.exit(f"the network was asked for: {event} {address}")

sys.addaudithook(refuse)
"""
THE_WHOLE_ROAD = """
from qa import QA, retrieve, verify
from qa.evaluation import evaluate, load_questions
from qa.bundled import questions_path

with QA.open() as qa:
    answer = qa.ask("When was the Belt and Road Initiative proposed?")
    assert "2013" in answer.text, answer
    assert verify(answer, [qa.index.document("essay.txt")]).verified
    assert retrieve("THAAD", top_k=1)
    assert evaluate(qa, load_questions(questions_path())[:2]).figures["quotes verified"].value == 1
"""

TYPED = """
from inquote import QA, Answer, Document, __version__, evaluate, load_questions


def quotes(qa: QA, question: str) -> list[str]:
    answer: Answer = qa.ask(question, top_k=3)
    return [citation.quote for citation in answer.citations]


async def confidence(qa: QA, question: str) -> float:
    return (await qa.aask(question, top_k=3)).confidence


with QA.open(Document("notes", "It opens at nine."), progress=lambda done, of: None) as qa:
    print(__version__.upper(), quotes(qa, "When?"), qa.retrieve("When?")[0].score + 1)
    print(evaluate(qa, load_questions("questions.jsonl")).figures["hit@5"].value + 1)
"""
MISTYPED = """
qa.ask(3)
qa.ask("When?").confidence + ""
qa.aks
"""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_essay_is_the_one_that_was_given() -> None:
    essay = (ROOT / "seeds" / "essay.txt").read_bytes()
    assert hashlib.sha256(essay).hexdigest() == ESSAY_SHA256


@pytest.mark.parametrize("package", [qa, embeddings, qa.evaluation])
def test_the_public_names_are_there_and_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name).__doc__, name
    assert len(package.__all__) <= 13  # type: ignore[attr-defined]


def test_every_dependency_is_pinned_with_the_hashes_of_its_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = "".join((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    pinned = {
        canonicalize_name(name): (version, rest.count("--hash=sha256:"))
        for name, version, rest in re.findall(r"^(\S+)==(\S+)((?:.*\\\n)*.*)", locked, re.MULTILINE)
    }
    for requirement in map(Requirement, wanted):
        if requirement.name != "torch":  # its builds differ by machine
            version, hashes = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement
            assert hashes, requirement


@pytest.mark.model
def test_the_whole_road_asks_nothing_of_the_network(cache_folder: Path) -> None:
    subprocess.run([sys.executable, "-c", REFUSE_THE_NETWORK + THE_WHOLE_ROAD], check=True)


@pytest.mark.model
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_in_the_documents_runs(document: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        subprocess.run([sys.executable, "-W", "error", "-c", block], cwd=ROOT, check=True)


@pytest.mark.model
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_run(example: Path) -> None:
    subprocess.run([sys.executable, "-c", FEW_QUESTIONS, example], cwd=ROOT, check=True)


@pytest.mark.parametrize("document", [*PROSE, ROOT / "CHANGELOG.md"], ids=_name)
def test_the_links_in_a_document_lead_somewhere(document: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", _without_code(document)):
        target = document.parent / link if link else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), f"{link}#{anchor}"


def test_every_picture_is_shown_in_a_document() -> None:
    shown = re.findall(r"screenshots/([\w-]+\.png)", "".join(map(_read, DOCUMENTS)))
    assert {path.name for path in (ROOT / "docs" / "screenshots").iterdir()} == {*shown}


def _without_code(document: Path) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", _read(document), flags=re.DOTALL)


@pytest.mark.parametrize("document", PROSE, ids=_name)
def test_the_paths_and_modules_that_a_document_names_exist(document: Path) -> None:
    text = _read(document)
    for path in re.findall(rf"(?<![\w./])(?:{TOP_LEVEL})/[\w./-]*\w/?|`[\w-]+\.(?:py|toml)`", text):
        assert (ROOT / path.strip("`")).exists(), path
    for module in re.findall(r"python -m ([a-z_]\w*(?:\.\w+)*)", text):
        assert find_spec(module), module
    for sections in re.findall(r"python -m benchmarks((?: [a-z]+)+)", text):
        assert set(sections.split()) <= SECTIONS.keys(), sections
    for name in re.findall(rf"`((?:{TOP_LEVEL})(?:\.[a-zA-Z_]\w*)+)", text):
        assert _is_there(name), name


def _is_there(name: str) -> bool:
    """Return whether a dotted name is a module, something in one, or a method of `QA`."""
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return name.startswith("qa.") and hasattr(qa.QA, name.removeprefix("qa."))
    return True


@pytest.mark.parametrize("package", ["embeddings", "qa", "ui", "benchmarks"])
def test_the_documents_and_benchmarks_that_the_code_names_exist(package: str) -> None:
    for module in (ROOT / package).rglob("*.py"):
        for path in re.findall(r"\b(?:docs|benchmarks)/[\w/]+\.(?:md|py)\b", _read(module)):
            assert (ROOT / path).exists(), f"{module}: {path}"


def _anchors(document: Path) -> set[str]:
    """Return what the headings of a document are linked by, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", _read(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_sdist_has_the_documents_and_what_they_link_to(tmp_path: Path) -> None:
    (built,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(built) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = Path(built.removesuffix(".tar.gz"))
    for document in PROSE:
        unpacked = folder / document.relative_to(ROOT)
        for link in re.findall(r"\]\((?!http)([^)#]+)", _without_code(unpacked)):
            assert (unpacked.parent / link).exists(), link


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("inquote-*.whl")
    return built


@pytest.mark.wheel
def test_a_program_is_type_checked_against_the_wheel(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)

    def errors(program: str) -> list[str]:
        (tmp_path / "program.py").write_text(program, encoding="utf-8")
        mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MYPYPATH")}
        done = subprocess.run(
            [*mypy, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return re.findall(r"error: .*\[([\w-]+)\]", done.stdout + done.stderr)

    assert errors(TYPED) == []
    assert errors(TYPED + MISTYPED) == ["arg-type", "operator", "attr-defined"]


@pytest.mark.model
@pytest.mark.wheel
def test_the_wheel_works_by_itself_in_another_folder(wheel: Path, tmp_path: Path) -> None:
    """It is installed beside the dependencies of this environment, and before the checkout."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    report = ROOT / "qa" / "evaluation" / "report"
    for kind in ("templates", "static"):
        for path in (report / kind).iterdir():
            assert path.relative_to(ROOT).as_posix() in names
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    environment = os.environ | {"PYTHONPATH": str(site)}

    def run(*command: str | Path) -> str:
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    code = "import inquote, qa, ui.app; print(inquote.__file__, qa.__file__, ui.app.__file__)"
    assert run(sys.executable, "-c", code).count(str(site)) == 3
    question = "When was the Belt and Road Initiative proposed?"
    assert "2013" in run(site / "bin" / "inquote", "ask", question)
