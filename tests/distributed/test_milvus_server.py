"""Milvus itself, and not Milvus Lite: the same index, whose server and writers are killed.

INQUOTE_KILLS says how often; the figures in docs/scale.md are of 50.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymilvus import MilvusClient

from embeddings import Encoder
from qa import QA, Document
from qa.bundled import questions_path
from qa.errors import IndexUnreachable
from qa.evaluation import load_questions
from qa.index import Index, update_index
from qa.milvus import writer
from qa.milvus.client import STRONG
from qa.milvus.reader import MilvusIndex
from qa.milvus.schema import WRITTEN
from qa.milvus.writer import update_milvus
from tests.distributed.server import Server
from tests.distributed.write_versions import CHUNKING, DOCUMENTS, documents, write
from tests.fakes import FakeEncoder

KILLS = int(os.environ.get("INQUOTE_KILLS", "3"))
NOTICED_SECONDS, PATIENCE = 8.0, 180.0
KINDS = ("FLAT", "HNSW", "IVF_FLAT", "DISKANN")
_VERSION = re.compile(r"version (\d+)")


@pytest.mark.model
def test_exact_search_finds_what_a_folder_finds(
    server: Server, essay: Document, real_encoder: Encoder, tmp_path: Path
) -> None:
    address = server.address("essay", "FLAT")
    update_milvus(address, [essay], encoder=real_encoder)
    update_index(tmp_path / "index", [essay], encoder=real_encoder)
    questions = [question.text for question in load_questions(questions_path())]
    vectors = real_encoder.encode_queries(questions)

    on_server, in_folder = MilvusIndex.open(address), Index.open(tmp_path / "index")
    for ours, theirs in zip(
        on_server.search(vectors, 10), in_folder.search(vectors, 10), strict=True
    ):
        assert [p.span for p in on_server.passages([n for n, _ in ours])] == [
            p.span for p in in_folder.passages([n for n, _ in theirs])
        ]
        assert np.allclose([s for _, s in ours], [s for _, s in theirs], atol=1e-5)
    with QA(on_server, real_encoder) as qa:
        assert "2013" in qa.ask("When was the Belt and Road Initiative proposed?").text
    in_folder.close()


def test_each_kind_of_vector_index_is_built_and_finds_what_exact_search_finds(
    server: Server,
) -> None:
    encoder, client = FakeEncoder(), server.client()
    both = [*documents(0), *(replace(one, id=f"again-{one.id}") for one in documents(1))]
    for kind in KINDS:
        address = server.address(f"kind_{kind}", kind)
        update_milvus(address, both, encoder=encoder, chunking=CHUNKING)
        client.flush(f"kind_{kind}_passages", timeout=60)
    queries = encoder.encode_queries(["sentence 3 of note 7", "note 19", "version 1"])
    scores = {}
    for kind in KINDS:
        if kind != "DISKANN":  # this server takes it, but does not build it
            wait_until_built(client, f"kind_{kind}_passages")
        index = MilvusIndex.open(server.address(f"kind_{kind}"))
        scores[kind] = [[score for _, score in hits] for hits in index.search(queries, 10)]
        assert index.manifest.kind == kind
        index.close()
    client.close()

    for kind in KINDS:
        assert np.allclose(scores[kind], scores["FLAT"], atol=1e-5), kind


def test_readers_notice_a_change_within_seconds(server: Server) -> None:
    address, encoder = server.address("noticed"), FakeEncoder()
    update_milvus(address, [Document("note.txt", "The gate is green.")], encoder=encoder)
    with QA(MilvusIndex.open(address), encoder) as qa:
        update_milvus(address, [Document("note.txt", "The gate is blue.")], encoder=encoder)
        until = time.monotonic() + NOTICED_SECONDS
        while "blue" not in (text := qa.retrieve("the gate")[0].passage.text):
            assert text == "The gate is green."
            assert time.monotonic() < until, "the change is not noticed"
            time.sleep(0.2)


def test_a_reader_sees_whole_versions_while_the_server_is_killed(server: Server) -> None:
    address = server.address("kills")
    write(address, 0)
    seen: set[str] = set()
    with writing(address, 1):
        for _ in range(KILLS):
            seen |= look(address, seconds=random.uniform(2, 5))
            server.kill()
            server.start()

    assert len(seen) > 1
    assert_mended(address)


def test_a_reader_sees_whole_versions_while_writers_are_killed(server: Server) -> None:
    address = server.address("stopped")
    write(address, 0)
    seen: set[str] = set()
    for number in range(KILLS):
        with writing(address, number + 1), writing(address, number + 500):
            seen |= look(address, seconds=random.uniform(2, 5))

    assert len(seen) > 1
    assert_mended(address)


@contextmanager
def writing(address: str, first: int) -> Iterator[None]:
    """Have a process write one version after the other, from now on, and kill it."""
    command = [sys.executable, "-m", "tests.distributed.write_versions", address, f"{first}"]
    with subprocess.Popen([*command, "1000"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            yield
        finally:
            process.kill()


def look(address: str, seconds: float) -> set[str]:
    """Once the server answers, read documents and passages for a while, all of them whole.

    Returns the versions that were seen.
    """
    seen: set[str] = set()
    patience, until = time.monotonic() + PATIENCE, float("inf")
    while time.monotonic() < until:
        assert time.monotonic() < patience, "the server does not answer"
        try:
            index = MilvusIndex.open(address)
            assert len(index.document_ids()) == DOCUMENTS
            for id_ in random.sample(index.document_ids(), 10):
                whole = index.document(id_)
                versions = {*_VERSION.findall(whole.text)}
                passages = list(index.passages_of(id_))
                assert len(versions) == 1, whole.text
                assert {v for p in passages for v in _VERSION.findall(p.text)} == versions
                assert passages[-1].end == len(whole.text)
                seen |= versions
            index.close()
            until = min(until, time.monotonic() + seconds)
        except IndexUnreachable:
            time.sleep(0.1)
    return seen


def wait_until_built(client: MilvusClient, collection: str) -> None:
    until = time.monotonic() + PATIENCE
    while client.describe_index(collection, "vector")["pending_index_rows"]:
        assert time.monotonic() < until, "the index is not built"
        time.sleep(0.5)


def assert_mended(address: str) -> None:
    """Write a last version, and find all of it, and nothing else."""
    write(address, 5_000)
    kept, writer._KEPT_SECONDS = writer._KEPT_SECONDS, -1
    try:
        write(address, 5_000)
    finally:
        writer._KEPT_SECONDS = kept
    index = MilvusIndex.open(address)
    index.check_whole()
    assert [index.document(one.id).text for one in documents(5_000)] == [
        one.text for one in documents(5_000)
    ]
    connection = index._connection
    written = [*connection.every(connection.documents, f"kind == {WRITTEN}", ["first"])]
    numbers = connection.client.query(
        connection.passages, filter="", output_fields=["count(*)"], consistency_level=STRONG
    )
    assert (len(written), numbers[0]["count(*)"]) == (DOCUMENTS, len(index))
    index.close()
