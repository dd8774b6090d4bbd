"""Files of which each line, or row, is a document."""

from __future__ import annotations

import gzip
import json
import pickle
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fsspec
import pytest

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders import find, load, load_all, records
from tests.refusals import refusal

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "Tickets cost five euros.", "title": "Prices", "metadata": {"year": 2024}},
    {"_id": 2, "text": "The museum opens\nat nine.", "url": "https://a.example/2", "open": True},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    sink = pyarrow.BufferOutputStream()
    named = dict.fromkeys(name for row in [*rows, *ROWS] for name in row)
    table = [{name: row.get(name) for name in named} for row in rows]
    for row in table:
        row["_id"] = row["_id"] and str(row["_id"])
    parquet.write_table(pyarrow.Table.from_pylist(table), sink)
    return bytes(sink.getvalue())


FORMS: list[tuple[str, Callable[[list[dict[str, Any]]], bytes]]] = [
    ("rows.jsonl", lines),
    ("rows.jsonl.gz", lambda rows: gzip.compress(lines(rows))),
    ("rows.parquet", parquet),
]


@pytest.fixture(params=FORMS, ids=[name for name, _ in FORMS])
def form(request: pytest.FixtureRequest) -> tuple[str, Callable[..., bytes]]:
    found: tuple[str, Callable[..., bytes]] = request.param
    return found


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


class TestInEachForm:
    def test_each_row_is_a_document(
        self, tmp_path: Path, form: tuple[str, Callable[..., bytes]]
    ) -> None:
        name, made = form
        path = write(tmp_path / name, made(ROWS))
        first, second = load(path)
        assert (first.id, first.text, first.title) == ("a", ROWS[0]["text"], "Prices")
        assert first.source == f"{path}#a"
        assert first.metadata == {"title": "Prices", "year": 2024}
        assert (second.id, second.text) == ("2", ROWS[1]["text"])
        assert second.metadata == {"url": "https://a.example/2", "open": True}

    def test_only_rows_that_changed_have_new_stamps(
        self, tmp_path: Path, form: tuple[str, Callable[..., bytes]]
    ) -> None:
        name, made = form
        path = write(tmp_path / name, made(ROWS))
        before = [one.stamp for one in find(path)]
        new = {"id": "0", "text": "New."}
        write(path, made([new, ROWS[0], ROWS[1] | {"text": "The museum opens at ten."}]))
        after = [one.stamp for one in find(path)]
        assert after[1] == before[0]
        assert after[2] != before[1]

    def test_another_process_reads_them_as_well(
        self, tmp_path: Path, form: tuple[str, Callable[..., bytes]]
    ) -> None:
        name, made = form
        sent = pickle.dumps(find(write(tmp_path / name, made(ROWS))))
        records._lines.cache_clear()  # what this one has of it
        assert [one.load().id for one in pickle.loads(sent)] == ["a", "2"]

    def test_it_is_read_from_an_address_and_no_copy_is_left(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        form: tuple[str, Callable[..., bytes]],
    ) -> None:
        name, made = form
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        fsspec.filesystem("memory").pipe(f"/rows/{name}", made(ROWS))
        assert [one.id for one in load(f"memory://rows/{name}")] == ["a", "2"]
        assert not list(tmp_path.iterdir())


def test_a_folder_s_own_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", lines(ROWS))
    write(tmp_path / "notes.txt", b"text")
    assert [one.id for one in load(tmp_path)] == ["notes.txt"]


class TestBadLines:
    BAD = (
        b'no JSON\n[1]\n{"text": "No id."}\n{"id": true, "text": "x"}\n{"id": "b"}\n'
        b'{"id": "c", "text": " "}\n\n{"id": "d", "text": "x", \n\xff\n' + b"[" * 100_000 + b"\n"
    )

    def test_are_named_and_skipped(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", self.BAD + lines(ROWS))
        errors: list[LoadError] = []
        assert [one.id for one in load_all([path], errors.append)] == ["a", "2"]
        told = [str(error).removeprefix(f"{path} line ") for error in errors]
        example = 'write an object, such as {"id": "a", "text": "…"}'
        assert told[0] == f"1 is no JSON: {example}"
        assert told[2:6] == ['3 has no "id"', '4 has no "id"', '5 has no "text"', '6 has no "text"']
        assert [one.split()[0] for one in told] == ["1", "2", "3", "4", "5", "6", "8", "9", "10"]
        assert {error.source for error in errors} == {str(path)}

    def test_are_errors_where_nobody_takes_them(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines(ROWS) + b"{}\n")
        assert refusal(path) == f'{path} line 3 has no "id"'

    def test_are_counted_where_there_are_many(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", b"{}\n" * 1_000 + lines(ROWS))
        errors: list[LoadError] = []
        load_all([path], errors.append)
        assert len(errors) == 21
        assert str(errors[-1]) == f"{path} has 980 more lines that are no documents"

    def test_are_not_read_to_the_end_where_they_are_too_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records, "MAX_LINE", 100)
        monkeypatch.setattr(records, "_BLOCK", 10)
        long = {"id": "long", "text": "x" * 1_000}
        path = write(tmp_path / "rows.jsonl", lines([long, *ROWS[1:]]))
        errors: list[LoadError] = []
        assert [one.id for one in load_all([path], errors.append)] == ["2"]
        assert str(errors[0]) == f"{path} line 1 has more than 100 bytes, the most of a document"

    def test_with_a_text_that_no_document_has_are_named(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines([{"id": "nul", "text": "a\0b"}, *ROWS]))
        errors: list[LoadError] = []
        assert [one.id for one in load_all([path], errors.append)] == ["a", "2"]
        assert [error.source for error in errors] == [f"{path}#nul"]


class TestFiles:
    @pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.parquet"])
    @pytest.mark.parametrize("data", [b"", b"PAR1", b"\x1f\x8b\x08"])
    def test_that_are_damaged_are_refused(self, tmp_path: Path, name: str, data: bytes) -> None:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        path = write(tmp_path / name, data)
        assert "is damaged" in refusal(path) or "holds no document" in refusal(path)

    def test_without_a_document_are_refused(self, tmp_path: Path) -> None:
        assert "holds no document" in refusal(write(tmp_path / "rows.jsonl", b"\n"))

    def test_with_two_documents_of_one_id_are_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines([*ROWS, {"id": "a", "text": "Other."}]))
        assert refusal(path) == f"{path} has two documents called 'a', in lines 1 and 3"
        write(path, lines(ROWS))
        with pytest.raises(LoadError, match="two documents are called '2'"):
            load_all([path, Document("2", "Other.")])

    def test_that_change_while_they_are_read_are_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines(ROWS))
        first, _ = find(path)
        write(path, lines(ROWS[::-1]))
        with pytest.raises(LoadError, match="is being written") as caught:
            first.load()
        assert caught.value.source == f"{path}#a"

    def test_that_unpack_to_too_much_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records, "MAX_UNPACKED", 1_000)
        for name, made in FORMS[1:]:
            data = made([{"id": "a", "text": "x" * 10_000}])
            path = write(tmp_path / name, data)
            assert "unpacks to more than 1,000 bytes: split it" in refusal(path)

    def test_may_have_a_byte_order_mark_and_other_line_ends(self, tmp_path: Path) -> None:
        data = b"\xef\xbb\xbf" + lines(ROWS).replace(b"\n", b"\r\n")
        assert [one.id for one in load(write(tmp_path / "rows.jsonl", data))] == ["a", "2"]

    def test_may_have_dates_and_what_is_no_metadata(self, tmp_path: Path) -> None:
        row = {"id": "a", "text": "x", "date": date(2024, 3, 5), "bytes": b"x", "vector": [1.0]}
        (document,) = load(write(tmp_path / "rows.parquet", parquet([row])))
        assert document.metadata == {"date": "2024-03-05", "year": 2024}


def test_many_documents_are_listed_without_their_texts(tmp_path: Path) -> None:
    row = {"text": "x" * 20_000}
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as file:
        for number in range(1_000):
            file.write(lines([{"id": str(number)} | row]))
    tracemalloc.start()
    assert len(find(path)) == 1_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000  # of 20 million
