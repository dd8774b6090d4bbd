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
from pathlib import Path

import numpy as np
import pytest

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
from tests.distributed.write_versions import DOCUMENTS, documents, write
from tests.fakes import FakeEncoder

pytest.importorskip("milvus", reason="the Milvus server is not installed: make test-distributed")

KILLS = int(os.environ.get("INQUOTE_KILLS", "3"))
NOTICED_SECONDS = 8.0
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
    command = [sys.executable, "-m", "tests.distributed.write_versions", address, "1", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    seen = 0
    for _ in range(KILLS):
        seen += look(address, seconds=random.uniform(2, 5))
        server.kill()
        server.start()
    process.kill()
    process.wait()

    assert seen > KILLS
    assert_mended(address)


def test_a_reader_sees_whole_versions_while_writers_are_killed(server: Server) -> None:
    address = server.address("stopped")
    write(address, 0)
    command = [sys.executable, "-m", "tests.distributed.write_versions", address]
    seen = 0
    for number in range(KILLS):
        writers = [
            subprocess.Popen([*command, f"{first}", "1000"], stdout=subprocess.DEVNULL)
            for first in (number + 1, number + 500)
        ]
        seen += look(address, seconds=random.uniform(2, 5))
        for each in writers:
            each.kill()
            each.wait()

    assert seen > KILLS
    assert_mended(address)


def look(address: str, seconds: float) -> int:
    """Read documents and passages for a while; return how many were seen, all of them whole."""
    seen, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
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
                seen += 1
            index.close()
        except IndexUnreachable:
            time.sleep(0.1)
    return seen


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
