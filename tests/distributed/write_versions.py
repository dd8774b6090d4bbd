"""A writer that tests kill: it writes one version after the other of the same documents."""

from __future__ import annotations

import sys
import time

from qa import Document
from qa.errors import IndexUnreachable
from qa.milvus.writer import update_milvus
from qa.passages import Chunking
from tests.fakes import FakeEncoder

DOCUMENTS, SENTENCES = 200, 5
CHUNKING = Chunking(max_tokens=20, overlap=0)


def documents(version: int) -> list[Document]:
    """Return the documents; each sentence says which version it is of."""
    return [
        Document(
            f"note-{number}.txt",
            " ".join(
                f"Sentence {n} of note {number} tells in some words of the version {version}."
                for n in range(SENTENCES)
            ),
        )
        for number in range(DOCUMENTS)
    ]


def write(address: str, version: int) -> None:
    """Write a version of all documents; try again while the server is down."""
    encoder = FakeEncoder()
    while True:
        try:
            update_milvus(address, documents(version), encoder=encoder, chunking=CHUNKING)
        except IndexUnreachable:
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    print("begins", flush=True)
    for each in range(int(sys.argv[2]), int(sys.argv[3])):
        write(sys.argv[1], each)
