"""What every test stands on: the essay, two encoders, a cache of its own, and no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from embeddings import Encoder, load_encoder
from qa import QA
from qa.bundled import essay_path
from qa.documents import Document
from qa.loaders import load
from tests.fakes import FakeEncoder
from tests.network import ASKED, refuse_network

# A busy machine draws slowly, and fails no test for it. The attacks try many more texts.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    max_examples=40,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

refuse_network()

_SLOW = ("browser", "model", "process", "wheel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, so that no process waits long for the last one."""
    slow = {item.path for item in items if any(map(item.get_closest_marker, _SLOW))}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def network_asked_for() -> Iterator[list[str]]:
    """Refuse the network; what was asked for all the same is listed, and fails the test.

    The code under test may swallow the refusal, so it is not enough. A test that is about the
    network looks at the list and clears it.
    """
    ASKED.clear()
    yield ASKED
    assert not ASKED, f"the network was asked for: {', '.join(ASKED)}"


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a separate cache folder for every test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INQUOTE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def essay() -> Document:
    """Load the essay that comes with the installation."""
    (document,) = load(essay_path())
    return document


@pytest.fixture
def fake_encoder() -> FakeEncoder:
    """Make an encoder that needs no model."""
    return FakeEncoder()


@pytest.fixture
def no_model(fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """Open every corpus with that encoder."""
    monkeypatch.setattr("qa.opening.load_encoder", lambda *_, **__: fake_encoder)
    return fake_encoder


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """Load the bundled model, once for all tests that are marked `model`."""
    return load_encoder(device="cpu")


@pytest.fixture(scope="session")
def cache_with_essay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("essay")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INQUOTE_CACHE", str(folder))
        QA.open().close()
    return folder


@pytest.fixture
def indexed_essay(
    cache_folder: Path, cache_with_essay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Use a cache that tests share, in which the essay is indexed with the real model."""
    monkeypatch.setenv("INQUOTE_CACHE", str(cache_with_essay))


@pytest.fixture(scope="session")
def essay_qa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    """Open the essay with the real model, once for all tests that only ask."""
    with QA.open(essay_path(), index=tmp_path_factory.mktemp("essay")) as qa:
        yield qa
