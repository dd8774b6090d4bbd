"""What the server keeps of those who ask does not grow without end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ui.serving import API, QUESTION, small_page


def test_of_calls_that_are_over_gradio_keeps_no_more_than_it_is_let(tmp_path: Path) -> None:
    with small_page(tmp_path, mcp=False, sessions=3) as page:
        with page.client() as client:
            for _ in range(5):
                asked = client.post(f"{API}/call/ask", json={"data": [QUESTION, [], 3, False]})
                call = asked.json()["event_id"]
                assert "event: complete" in client.get(f"{API}/call/ask/{call}").text
        assert page.stop() == 0
    assert json.loads((tmp_path / "known.json").read_text()) == [3, 1]  # sessions, events
