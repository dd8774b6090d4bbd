from __future__ import annotations

import copy
import pickle
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from qa import Document
from qa.errors import SettingsError
from qa.metadata import LONGEST_VALUE, MOST_NAMES, Metadata, told_by_file


class TestMetadata:
    def test_keeps_texts_numbers_and_truths(self) -> None:
        given = {"author": "Smith", "year": 2024, "rating": 4.5, "public": True}
        assert Metadata(given) == given
        assert Metadata({"n": np.int64(3), "x": np.float32(0.5)}) == {"n": 3, "x": 0.5}

    def test_makes_texts_of_dates_and_lists(self) -> None:
        given: dict[str, Any] = {
            "day": date(2024, 3, 5),
            "at": datetime(2024, 3, 5, 10),
            "tags": ["a", 1, ["b"]],
        }
        assert Metadata(given) == {"day": "2024-03-05", "at": "2024-03-05T10:00:00", "tags": "a, 1"}

    def test_leaves_out_what_is_empty_or_nested(self) -> None:
        given: dict[str, Any] = {
            "": "x",
            "a": "",
            "b": None,
            "c": {"d": 1},
            "e": [],
            "f": float("nan"),
            "g": b"x",
        }
        assert not Metadata(given)

    def test_is_bounded(self) -> None:
        many = Metadata({f"name {n}": n for n in range(1_000)})
        assert (len(many), many["name 49"]) == (MOST_NAMES, 49)
        assert len(str(Metadata({"text": "x" * 10**6})["text"])) == LONGEST_VALUE
        assert Metadata({"id": 10**20, "more": 10**5_000}) == {"id": str(10**20)}

    def test_is_on_one_line_without_control_characters(self) -> None:
        assert Metadata({"a\nb": "x\r\n\x1b[31my\ud800 z"}) == {"a b": "x [31my z"}

    def test_takes_the_last_of_one_name_in_any_case(self) -> None:
        assert Metadata({"Author": "A", "year": 1}, {"author": "B"}) == {"author": "B", "year": 1}

    def test_is_a_dictionary(self) -> None:
        with pytest.raises(SettingsError, match=r'metadata is 5: give .* \{"year": 2024\}'):
            Document("a", "Text.", metadata=5)  # type: ignore[arg-type]

    def test_of_a_document_cannot_be_changed_and_can_be_copied(self) -> None:
        given = {"year": 2024}
        document = Document("a", "Text.", metadata=given)
        given["year"] = 2025
        assert document.metadata == {"year": 2024}
        assert copy.deepcopy(document) == pickle.loads(pickle.dumps(document)) == document
        assert hash(document) == hash(Document("a", "Text.", metadata={"year": 2024}))
        assert document != Document("a", "Text.")

    def test_may_be_added_to_a_document(self) -> None:
        document = Document("a", "Text.", metadata={"year": 2024, "author": "A"})
        assert document.with_metadata({"year": 2025}).metadata == {"year": 2025, "author": "A"}


def test_files_tell_whole_numbers_and_truths_in_texts() -> None:
    told = {"n": "12", "draft": "True", "version": "1.10", "zip": "01234", "id": "1" * 16}
    assert told_by_file(told) == told | {"n": 12, "draft": True}


def test_a_date_brings_its_year_unless_another_is_told() -> None:
    assert told_by_file({"date": "2024-03-05"}) == {"date": "2024-03-05", "year": 2024}
    assert told_by_file({"date": "2024-03", "year": "2023"})["year"] == 2023
    assert told_by_file({"date": "March 2024"}) == {"date": "March 2024"}
