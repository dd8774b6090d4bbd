"""Web pages lead into the server's own network, change their address, and are huge, slow or packed.

Names resolve to what the attack says, and every connection ends at a server on loopback, so that it
is known which addresses were connected to. None may be other than public; what is kept of a page
is bounded in size and time.
"""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from unittest.mock import patch

from tests.attacks import Outcome, patience
from tests.ui.web_server import PUBLIC, Web, redirect, sent, web
from ui.visitors import web_pages
from ui.visitors.uploads import Uploads
from ui.visitors.web_pages import WebPageError, WebPages

SMALL, FULL = 40, 2_000

_SECONDS = 0.3
_MOST_BYTES = 200_000
_INNER = (
    *("127.0.0.1", "10.0.0.1", "172.31.255.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.5", "255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1"),
    *("64:ff9b::a00:1", "2002:7f00:1::", "fec0::1", "ff02::1", "::127.0.0.1"),
)
_SCHEMES = ("file:///etc/passwd", "ftp://a/", "data:text/html,x", "gopher://a/", "http:/a", "//")

Survivors = Iterator[str]


def attack(tries: int, rng: random.Random, folder: Path) -> Outcome:
    """Have one hostile page after another fetched."""
    pages = WebPages(Uploads(folder))
    ways = (_name_inner, _redirect, _rebind, _flood, _drip, _pack, _loop, _name_badly)
    survivors: list[str] = []
    with (
        web() as made,
        patch.object(web_pages, "SECONDS", _SECONDS),
        patch.object(web_pages, "MOST_BYTES", _MOST_BYTES),
    ):
        for number in range(tries):
            survivors += _fetched(ways[number % len(ways)], pages, made, rng)
            survivors += [f"{one} was connected to" for one in made.dialled if one != PUBLIC]
            for each in (made.answers, made.names, made.dialled):
                each.clear()
    survivors += [f"{path} was left behind" for path in (folder / "uploads").iterdir()]
    return Outcome(tries, tuple(survivors))


def _fetched(
    way: Callable[[Web, random.Random], str], pages: WebPages, made: Web, rng: random.Random
) -> Survivors:
    url = way(made, rng)
    began = time.monotonic()
    try:
        with pages.page(url) as upload:
            yield f"{way.__name__} got {upload.size:,} bytes from {url}"
    except WebPageError as error:
        if "\n" in str(error) or len(str(error)) > 300:
            yield f"{way.__name__} is told as {str(error)!r}"
    if time.monotonic() - began > patience(_SECONDS + 1):
        yield f"{way.__name__} took {time.monotonic() - began:.1f} s"


def _name_inner(made: Web, rng: random.Random) -> str:
    """Name a host of the own network, among public ones, by its name or its number."""
    inner = rng.choice(_INNER)
    made.names["a.example"] = [rng.sample([PUBLIC, inner], 2)]
    made.answers["/"] = sent(b"secret")
    number = f"[{inner}]" if ":" in inner else inner
    return rng.choice(("http", "https")) + "://" + rng.choice(("a.example", number)) + "/"


def _redirect(made: Web, rng: random.Random) -> str:
    """Redirect to a host of the own network, or to another kind of address, after some steps."""
    steps = rng.randrange(1, 5)
    inner = rng.choice(_INNER)
    number = f"[{inner}]" if ":" in inner else inner
    made.names["inner.example"] = [[inner]]
    for step in range(steps):
        made.answers[f"/{step}"] = redirect(f"/{step + 1}")
    ends = (f"http://{number}/", "http://inner.example/", "//inner.example/", *_SCHEMES[:4])
    made.answers[f"/{steps}"] = redirect(rng.choice(ends))
    return "http://a.example/0"


def _rebind(made: Web, rng: random.Random) -> str:
    """Resolve to a public address first, and to one of the own network from then on."""
    made.names["a.example"] = [[PUBLIC], [rng.choice(_INNER)]]
    made.answers["/"] = redirect("/again")
    made.answers["/again"] = sent(b"secret")
    return "http://a.example/"


def _flood(made: Web, rng: random.Random) -> str:
    """Send more than may be read, with and without saying so, in the body or the head."""

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
        handler.wfile.write(rng.choice((b"\r\n", b"X: ")))
        while True:
            handler.wfile.write(b"word " * 2_000)

    said = sent(b"", "text/plain", Content_Length=str(10**12))
    made.answers["/"] = rng.choice((endless, said))
    return "http://a.example/"


def _drip(made: Web, rng: random.Random) -> str:
    """Send a byte now and then."""
    head = rng.choice(
        (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    )

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.02)

    made.answers["/"] = drip
    return "http://a.example/"


def _pack(made: Web, rng: random.Random) -> str:
    """Send a gzip bomb."""
    bomb = gzip.compress(bytes(rng.randrange(10**6, 10**7)))
    made.answers["/"] = sent(bomb, Content_Encoding=rng.choice(("gzip", "br", "deflate, gzip")))
    return "http://a.example/"


def _loop(made: Web, rng: random.Random) -> str:
    """Redirect for ever."""
    made.answers["/"] = redirect(rng.choice(("/", "http://a.example/", "//a.example/", "?")))
    made.answers["/?"] = redirect("/")
    return "http://a.example/"


def _name_badly(_: Web, rng: random.Random) -> str:
    """Name what is no address of a page."""
    odd = "".join(rng.choice("\0\r\n\t @#?/\\[]%：。ａ-.") for _ in range(rng.randrange(1, 9)))
    return rng.choice((*_SCHEMES, f"http://a.example{odd}:22/", f"http://{odd}@a.example:1/"))
