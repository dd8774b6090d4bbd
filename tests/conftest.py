"""What every test stands on: the essay, two encoders, a cache of its own, and no network."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from embeddings import Encoder, load_encoder
from qa.documents import Document
from qa.loaders import load
from qa.seeds import essay_path
from tests.fakes import FakeEncoder

# A busy machine draws slowly, and fails no test for it.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

_ASKED: list[str] = []
_LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    if event in _LOOK_UPS:
        host = args[0]
    elif event in _SENDS and isinstance(args[1], tuple):  # other addresses are of this machine
        host = args[1][0]
    else:
        return
    if not _is_loopback(host):
        _ASKED.append(f"{event} {host!r}")
        raise ConnectionRefusedError(f"no network in tests: {event} {host!r}")


sys.addaudithook(_refuse_network)


@pytest.fixture(autouse=True)
def network_asked_for() -> Iterator[list[str]]:
    """Refuse the network; what was asked for all the same is listed, and fails the test.

    The code under test may swallow the refusal, so it is not enough. A test that is about the
    network looks at the list and clears it.
    """
    _ASKED.clear()
    yield _ASKED
    assert not _ASKED, f"the network was asked for: {', '.join(_ASKED)}"


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a cache folder of its own."""
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


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """Load the bundled model, once for all tests that are marked `model`."""
    return load_encoder(device="cpu")
