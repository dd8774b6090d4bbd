from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.stores import segments
from qa.documents import Document
from qa.index import Index, update_index, writer
from qa.index.manifest import Manifest
from qa.index.transaction import transaction
from tests.fakes import FakeEncoder


class QuickEncoder(FakeEncoder):
    precision = "bfloat16"
    token_precision = "float32"


def precisions_after(folder: Path, *texts: str) -> list[tuple[str, ...]]:
    """Index documents of these texts, and return the precisions of each segment."""
    documents = [Document(text, f"{text}.") for text in texts]
    update_index(folder, documents, encoder=QuickEncoder(), token_vectors=1)
    return [segment.precisions for segment in manifest_of(folder).segments]


def manifest_of(folder: Path) -> Manifest:
    with closing(Index.open(folder)) as opened:
        return opened.manifest


def test_each_segment_tells_in_which_precisions_its_passages_were_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    monkeypatch.setattr(writer, "_FEW", 1)
    assert precisions_after(folder, "one") == [("float32",)]  # with its tokens
    assert precisions_after(folder, "two", "three") == [("bfloat16", "float32")]  # merged
    monkeypatch.setattr(segments, "_SMALL", 0)
    monkeypatch.setattr(segments, "_MERGED", 0)
    assert precisions_after(folder, "four", "five") == [("bfloat16", "float32"), ("bfloat16",)]
    assert manifest_of(folder).precisions == ("bfloat16", "float32")


def test_few_passages_are_encoded_as_those_with_stored_tokens_are(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    assert precisions_after(folder, "one") == [("float32",)]  # with its tokens
    assert precisions_after(folder, "a few", "others") == [("float32",)]
    with transaction(folder) as connection:
        assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (1,)


@pytest.mark.parametrize("told", [["bfloat16"], None])
def test_a_manifest_that_tells_the_precisions_of_all_segments_is_read(
    tmp_path: Path, told: list[str] | None
) -> None:
    folder = tmp_path / "index"
    precisions_after(folder, "one")
    fields = json.loads(manifest_of(folder).to_json())
    del fields["segments"][0]["precisions"]
    if told:
        fields["precisions"] = told
    assert Manifest.from_json(json.dumps(fields)).precisions == tuple(told or ())
