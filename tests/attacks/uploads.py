"""Uploads break off, flood, go by hostile names, and are asked for by others and again.

None may leave a file behind, go beyond the limits, or be read by any but the visitor who sent it.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.page_client import PageClient
from tests.attacks import Outcome
from tests.ui.serving import Running, eventually, small_page
from ui.visitors.limits import MAX_UPLOAD_BYTES, MAX_WAITING_BYTES, MAX_WAITING_FILES

SMALL = 5
FULL = 200

_NAMES = ("../../up.txt", "/etc/cron.d/x", "..", "a\0b", "C:\\x.txt", "x" * 900, "~/.ssh/x", "%2e/")
_FLOOD_AT_ONCE = 8
_LARGE = 12  # files of the largest size; they are more than may wait

Survivors = Iterator[str]


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Mistreat uploads in one way after another, and flood the server at the end."""
    with (
        small_page(folder, mcp=False) as page,
        PageClient(page.url) as one,
        PageClient(page.url) as other,
    ):
        ways: tuple[Callable[[], Survivors], ...] = (
            lambda: _break_off(page, rng),
            lambda: _steal(one, other),
            lambda: _bring_alike(one, other),
            lambda: _take_twice(one),
            lambda: _name(page, one, rng),
        )
        survivors = [line for number in range(tries) for line in ways[number % len(ways)]()]
        survivors += _flood(page, MAX_WAITING_FILES + 20, b"x")
        if tries >= FULL:
            survivors += _flood(page, _LARGE, b"x" * MAX_UPLOAD_BYTES)
    return Outcome(tries, tuple(survivors))


def _break_off(page: Running, rng: random.Random) -> Survivors:
    """Send a part of what was announced, and go."""
    url = urlsplit(page.url)
    said = rng.randrange(10_000, MAX_UPLOAD_BYTES)
    head = (
        f"POST /uploads?name=a.txt HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {said}\r\n\r\n"
    )
    with socket.create_connection((url.hostname or "", url.port or 0)) as broken:
        broken.sendall(head.encode() + b"x" * rng.randrange(0, 9_000))
    if not eventually(lambda: not _waiting(page)):
        yield "an upload that broke off left a file"


def _steal(one: PageClient, other: PageClient) -> Survivors:
    """Hand in another visitor's token."""
    token = one.send("mine.bin", b"text")
    if "error" not in other.hand_in(token):
        yield "a visitor had another's file read"
    if "error" in one.hand_in(token):
        yield "a visitor's own file was lost"


def _bring_alike(one: PageClient, other: PageClient) -> Survivors:
    """Have two visitors bring the same file at the same time."""
    tokens = one.send("same.bin", b"same"), other.send("same.bin", b"same")
    for visitor, token in zip((one, other), tokens, strict=True):
        if "error" in visitor.hand_in(token):
            yield "a visitor lost a file as another brought the same"


def _take_twice(one: PageClient) -> Survivors:
    """Hand in a token in the same request again, and in the next."""
    token = one.send("mine.bin", b"text")
    if "error" not in one.hand_in(token, token):
        yield "a file was read twice at once"
    one.hand_in(token)
    if "error" not in one.hand_in(token):
        yield "a file was read again"


def _name(page: Running, one: PageClient, rng: random.Random) -> Survivors:
    """Send a file that calls itself something hostile."""
    before = set(page.folder.rglob("*"))
    token = one.send(rng.choice(_NAMES), b"text")
    (path,) = set(page.folder.rglob("*")) - before
    if path.parent != page.folder / "uploads" or not path.stem.isalnum():
        yield f"an upload chose its place: {path}"
    one.hand_in(token)
    if _waiting(page):
        yield "a file that was read was left behind"


def _flood(page: Running, files: int, content: bytes) -> Survivors:
    """Send more files, several at a time, than may wait."""

    def send(number: int) -> int:
        with page.client() as client:
            try:
                sent = client.post("/uploads", params={"name": f"{number}.txt"}, content=content)
            except httpx.TransportError:  # the server would not listen to all of it
                return 429
            return sent.status_code

    with ThreadPoolExecutor(_FLOOD_AT_ONCE) as pool:
        statuses = list(pool.map(send, range(files)))
    waiting = _waiting(page)
    if len(waiting) > MAX_WAITING_FILES or sum(waiting) > MAX_WAITING_BYTES:
        yield f"{len(waiting)} files of {sum(waiting):,} bytes wait"
    if set(statuses) - {200, 429} or 429 not in statuses:
        yield f"a flood was answered with {set(statuses)}"


def _waiting(page: Running) -> list[int]:
    return [path.stat().st_size for path in (page.folder / "uploads").iterdir()]
