"""Many visitors at once, each with a document of their own."""

from __future__ import annotations

import pytest

from benchmarks.load import at_once
from benchmarks.page_client import OwnVisitor

pytestmark = [pytest.mark.browser, pytest.mark.model]  # it uses the page that browsers are sent to


def test_twenty_visitors_get_their_own_answers_alone_and_none_fails(essay_page: str) -> None:
    visitors = [OwnVisitor(essay_page, number) for number in range(20)]
    at_once([visitor.visit for visitor in visitors])
    assert [fault for visitor in visitors for fault in visitor.faults] == []
    assert all(len(visitor.seconds) == 3 for visitor in visitors)
