from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.stores import segments
from qa.documents import Document
from qa.index import Index, update_index
from qa.index.manifest import Manifest
from tests.fakes import FakeEncoder


class EncoderIn(FakeEncoder):
    def __init__(self, precision: str) -> None:
        super().__init__()
        self.precision = precision


def precisions_after(
    folder: Path, *texts: str, precision: str = "float32"
) -> list[tuple[str, ...]]:
    """Index documents of these texts, and return the precisions of each segment."""
    documents = [Document(text, f"{text}.") for text in texts]
    update_index(folder, documents, encoder=EncoderIn(precision))
    return [segment.precisions for segment in manifest_of(folder).segments]


def manifest_of(folder: Path) -> Manifest:
    with closing(Index.open(folder)) as opened:
        return opened.manifest


def test_each_segment_tells_in_which_precisions_its_passages_were_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    assert precisions_after(folder, "one") == [("float32",)]
    merged = precisions_after(folder, "two", "three", precision="bfloat16")
    assert merged == [("bfloat16", "float32")]
    monkeypatch.setattr(segments, "_SMALL", 0)
    monkeypatch.setattr(segments, "_MERGED", 0)
    added = precisions_after(folder, "four", "five", precision="int8")
    assert added == [("bfloat16", "float32"), ("int8",)]
    assert manifest_of(folder).precisions == ("bfloat16", "float32", "int8")


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
