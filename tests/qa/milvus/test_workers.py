"""Workers of this machine share its cores."""

from __future__ import annotations

import pytest

from qa.milvus import workers
from qa.milvus.workers import Workers


def test_each_worker_of_this_machine_has_its_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: 8)
    here = workers._on_their_cores(Workers(3, {"backend": "auto"}), "mine")
    too_many = workers._on_their_cores(Workers(99, {}), "mine")
    cluster = workers._on_their_cores(Workers(99, {}, "there:6379"), "mine")

    assert here == Workers(3, {"backend": "auto", "model": "mine", "threads": 2})
    assert too_many == Workers(8, {"model": "mine", "threads": 1})
    assert cluster == Workers(99, {"model": "mine"}, "there:6379")
