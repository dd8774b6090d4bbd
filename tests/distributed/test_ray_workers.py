"""Several workers on a Ray cluster of two nodes, of which some are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import QA
from qa.errors import LoadError, SettingsError
from qa.milvus.reader import MilvusIndex
from qa.opening import open_corpus
from tests.distributed.server import Server

pytest.importorskip("ray", reason="Ray is not installed: make test-distributed")

FILES, SENTENCES = 60, 30


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Start two nodes on loopback, each with a processor for a worker."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1"}
    with pytest.MonkeyPatch.context() as patch:
        # Else who connects takes loopback for another address of this machine.
        patch.setattr("ray._private.services.get_node_ip_address", lambda *_: "127.0.0.1")
        made: Any = Cluster(initialize_head=True, head_node_args=node)
        made.add_node(**node)
        made.wait_for_nodes()
        yield made.address
        made.shutdown()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(FILES):
        text = " ".join(
            f"Sentence {n} of note {number} is about the harvest of the year {1900 + number}."
            for n in range(SENTENCES)
        )
        (folder / f"note-{number}.txt").write_text(text)
    return folder


def test_workers_write_all_files_and_name_the_bad_ones(
    server: Server, cluster: str, notes: Path
) -> None:
    address = server.address("by_workers")
    (notes / "bad.pdf").write_bytes(b"%PDF-1.7 no more")
    errors: list[LoadError] = []

    corpus = open_corpus(notes, index=address, workers=2, cluster=cluster, unreadable=errors.append)
    again = open_corpus(notes, index=address, workers=2, cluster=cluster, unreadable=errors.append)

    assert len(corpus.changes.added) == FILES
    assert corpus.changes.passages == len(corpus.index)
    assert {Path(error.source).name for error in errors} == {"bad.pdf"}
    assert (len(again.changes.unchanged), again.changes.encoded) == (FILES, 0)
    corpus.index.check_whole()
    with QA(corpus.index, corpus.encoder) as qa:
        (hit,) = qa.retrieve("the harvest of the year 1917", top_k=1)
        assert "1917" in hit.passage.text
    again.index.close()


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost_or_doubled(
    server: Server, cluster: str, notes: Path
) -> None:
    address = server.address("with_deaths")
    killed: list[int] = []
    killer = threading.Thread(target=kill_a_worker, args=(address, killed))
    killer.start()

    corpus = open_corpus(notes, index=address, workers=2, cluster=cluster)
    killer.join()

    assert killed
    assert sorted(corpus.index.document_ids()) == sorted(f"note-{n}.txt" for n in range(FILES))
    assert {*corpus.changes.added, *corpus.changes.unchanged} == {*corpus.index.document_ids()}
    corpus.index.check_whole()
    corpus.index.close()


def test_a_cluster_that_is_not_there_is_named(server: Server, notes: Path) -> None:
    with pytest.raises(SettingsError, match=r"no Ray cluster at 127\.0\.0\.1:9"):
        open_corpus(notes, index=server.address("none"), workers=2, cluster="127.0.0.1:9")


def kill_a_worker(address: str, killed: list[int], patience: float = 60.0) -> None:
    """Kill a worker once some documents are there."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        time.sleep(0.2)
        try:
            index = MilvusIndex.open(address)
        except Exception:  # it is not made yet
            continue
        there = len(index.document_ids())
        index.close()
        if there and (pids := list(workers())):
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])
            return


def workers() -> Iterator[int]:
    """Yield the processes of this test's cluster that encode."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if command.startswith(b"ray::") and b"_Worker" in command and is_ours(int(folder.name)):
                yield int(folder.name)
        except OSError:  # it has ended
            continue


def is_ours(process: int) -> bool:
    """Return whether this process started that one, or what did."""
    while process > 1 and process != os.getpid():
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])
    return process == os.getpid()
