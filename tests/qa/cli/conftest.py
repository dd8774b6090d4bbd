from __future__ import annotations

import pytest

from tests.fakes import FakeEncoder


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the commands use an encoder without a model."""
    monkeypatch.setattr("qa.opening.load_encoder", lambda *_, **__: FakeEncoder())
