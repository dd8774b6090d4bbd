"""The retrievers for other frameworks, each with the real one where it is installed.

`make frameworks` runs this with all of them, in an environment of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inquote import QA, Chunking, Document
from inquote.integrations.proof import retrieve_with_proof
from qa.index import Index, update_index
from tests.event_loops import run
from tests.fakes import FakeEncoder

QUESTION = "When was the lighthouse of Marn built?"
TEXT = (
    "# Marn\n\nThe lighthouse of Marn was built in 1871. Its lamp is seen far out.\n\n"
    "# Food\n\nThe fish soup of the harbour is famous. It is cooked with saffron.\n"
)


@pytest.fixture
def document() -> Document:
    return Document("marn.md", TEXT, source="/notes/marn.md")


@pytest.fixture
def qa(tmp_path: Path, document: Document) -> Iterator[QA]:
    other = Document("other.md", "The lighthouse of Skell was built in 1902.")
    encoder = FakeEncoder()
    chunking = Chunking(max_tokens=16, overlap=0)
    update_index(tmp_path / "index", [document, other], chunking=chunking, encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as opened:
        yield opened


def check(text: str, metadata: dict[str, Any], document: Document) -> None:
    """Check the proof of a passage against its document."""
    assert text == document.text[metadata["start"] : metadata["end"]]
    encoded = document.text.encode()[metadata["byte_start"] : metadata["byte_end"]]
    assert encoded.decode() == text
    assert metadata["sha256"] == document.sha256
    assert metadata["document_id"] == document.id
    assert metadata["source"] == document.source
    assert metadata["line"] == 1 + document.text.count("\n", 0, metadata["start"])
    assert metadata["rank"] == 1


def test_what_is_found_has_the_metadata_of_its_document(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    notes = [
        Document(f"{year}.md", TEXT, metadata={"year": year, "rank": "a rank of its own"})
        for year in (2023, 2024)
    ]
    update_index(tmp_path / "index", notes, encoder=encoder)
    with QA(Index.open(tmp_path / "index"), encoder) as qa:
        found = retrieve_with_proof(qa, QUESTION, 5, where={"year": 2024})
        pytest.importorskip("langchain_core")
        from inquote.integrations.langchain import InquoteRetriever

        (chained,) = InquoteRetriever(qa=qa, top_k=1, where="year=2023").invoke(QUESTION)
    assert chained.metadata["year"] == 2023
    assert {each.metadata["document_id"] for each in found} == {"2024.md"}
    assert (found[0].metadata["year"], found[0].metadata["rank"]) == (2024, 1)


def test_what_is_found_has_its_proof(qa: QA, document: Document) -> None:
    first, second = retrieve_with_proof(qa, QUESTION, 2, ["marn.md"])
    check(first.text, first.metadata, document)
    assert "1871" in first.text
    assert first.score > second.score
    assert first.key != second.key
    assert all(
        value is None or isinstance(value, str | int | float) for value in first.metadata.values()
    )


class TestLangChain:
    @pytest.fixture
    def retriever(self, qa: QA) -> Any:
        pytest.importorskip("langchain_core")
        from inquote.integrations.langchain import InquoteRetriever

        return InquoteRetriever(qa=qa, top_k=1, documents=["marn.md"])

    def test_finds_documents_with_their_proof(self, retriever: Any, document: Document) -> None:
        (found,) = retriever.invoke(QUESTION)
        check(found.page_content, found.metadata, document)

    def test_is_a_step_of_a_chain_also_of_one_that_waits(self, retriever: Any) -> None:
        chain = retriever | (lambda found: found[0].metadata["document_id"])
        assert chain.invoke(QUESTION) == run(chain.ainvoke(QUESTION)) == "marn.md"


class TestLlamaIndex:
    @pytest.fixture
    def retriever(self, qa: QA) -> Any:
        pytest.importorskip("llama_index.core")
        from inquote.integrations.llama_index import InquoteRetriever

        return InquoteRetriever(qa, top_k=1, documents=["marn.md"])

    def test_finds_nodes_with_their_proof(self, retriever: Any, document: Document) -> None:
        (found,) = retriever.retrieve(QUESTION)
        check(found.node.text, found.node.metadata, document)
        assert found.score == found.node.metadata["score"]
        assert (found.node.start_char_idx, found.node.end_char_idx) == (
            found.node.metadata["start"],
            found.node.metadata["end"],
        )
        assert run(retriever.aretrieve(QUESTION))[0].node.id_ == found.node.id_

    def test_shows_a_model_the_text_and_not_its_digest(self, retriever: Any) -> None:
        from llama_index.core.schema import MetadataMode

        (found,) = retriever.retrieve(QUESTION)
        shown = found.node.get_content(metadata_mode=MetadataMode.LLM)
        assert "1871" in shown
        assert found.node.metadata["sha256"] not in shown


class TestHaystack:
    @pytest.fixture
    def retriever(self, qa: QA, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
        pytest.importorskip("haystack")
        from inquote.integrations.haystack import InquoteRetriever

        return InquoteRetriever(qa, top_k=2, documents=["marn.md"])

    def test_finds_documents_with_their_proof_in_a_pipeline(
        self, retriever: Any, document: Document
    ) -> None:
        from haystack import Pipeline

        pipeline = Pipeline()
        pipeline.add_component("retriever", retriever)
        found, second = pipeline.run({"retriever": {"query": QUESTION}})["retriever"]["documents"]
        check(found.content, found.meta, document)
        assert found.score > second.score

    def test_takes_another_number_with_the_question_and_can_be_waited_for(
        self, retriever: Any
    ) -> None:
        (found,) = retriever.run(query=QUESTION, top_k=1)["documents"]
        (awaited,) = run(retriever.run_async(query=QUESTION, top_k=1))["documents"]
        assert awaited == found


@pytest.mark.process
def test_a_framework_that_is_missing_is_named_with_the_way_to_install_it(tmp_path: Path) -> None:
    packages = {"langchain_core": "langchain", "llama_index": "llama-index", "haystack": "haystack"}
    code = f"""
import importlib, sys
for package, extra in {packages!r}.items():
    sys.modules[package] = None
    try:
        importlib.import_module("inquote.integrations." + extra.replace("-", "_"))
    except ImportError as error:
        assert f"pip install 'inquote[{{extra}}]'" in str(error), error
    else:
        raise SystemExit(package)
import inquote.integrations
assert not {{"torch", "lxml", "faiss"}} & set(sys.modules)
"""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
