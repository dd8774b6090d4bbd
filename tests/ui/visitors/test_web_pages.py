"""Web pages by their addresses: what is fetched, and what is never connected to.

No address of these tests is real: names resolve to what a test says, and each connection to an IP
address ends at a server on loopback.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.pdf_files import pages_of
from tests.ui.web_server import PUBLIC, Web, redirect, sent, web
from ui.visitors import web_pages
from ui.visitors.uploads import Uploads
from ui.visitors.web_pages import WebPageError, WebPages, fetch, is_public

PAGE = b"<title>Marn</title><p>The keeper of Marn is called Ilse.</p>"


@pytest.fixture
def made_up() -> Iterator[Web]:
    with web() as made:
        yield made


def test_a_page_is_read_as_a_file_would_be_and_the_file_is_removed(
    made_up: Web, tmp_path: Path
) -> None:
    made_up.answers["/towns/marn"] = sent(PAGE)
    with WebPages(Uploads(tmp_path)).page("http://example.org/towns/marn#top") as upload:
        document = upload.load()
        assert upload.path.parent == tmp_path / "uploads"
    assert (document.id, document.title) == ("marn.html", "Marn")
    assert document.text.strip() == "The keeper of Marn is called Ilse."
    assert not upload.path.exists()
    assert (made_up.dialled, made_up.asked) == ([PUBLIC], [("/towns/marn", "example.org")])


@pytest.mark.parametrize(
    ("path", "kind", "content", "name"),
    [
        ("/", "text/html; charset=utf-8", PAGE, "example.org.html"),
        ("/a/notes.md?raw=1", "text/plain", b"Ilse", "notes.txt"),
        ("/b%C3%A4r.pdf", "application/pdf", pages_of(["Ilse"]), "bär.pdf"),
    ],
)
def test_a_page_is_named_by_its_address_and_its_kind(
    made_up: Web, path: str, kind: str, content: bytes, name: str
) -> None:
    made_up.answers[path] = sent(content, kind)
    assert fetch(f"http://example.org{path}") == web_pages.Page(name, content)


def test_the_encoding_that_the_server_names_holds(made_up: Web, tmp_path: Path) -> None:
    made_up.answers["/ski"] = sent("<p>Żółw</p>".encode("iso-8859-2"), "text/html; charset=latin2")
    with WebPages(Uploads(tmp_path)).page("http://example.org/ski") as upload:
        assert upload.load().text.strip() == "Żółw"


def test_redirects_are_followed_five_times_and_no_more(made_up: Web) -> None:
    for number in range(6):
        made_up.answers[f"/{number}"] = redirect(f"/{number + 1}")
    made_up.answers["/6"] = sent(PAGE)
    assert fetch("http://example.org/1").content == PAGE
    with pytest.raises(WebPageError, match="leads on more than 5 times"):
        fetch("http://example.org/0")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("file:///etc/passwd", "is not the address of a web page"),
        ("ftp://example.org/", "is not the address of a web page"),
        ("gopher://example.org:70/", "is not the address of a web page"),
        ("http://ada:secret@example.org/", "is not the address of a web page"),
        ("http://[::1", "is not the address of a web page"),
        ("http://exa mple.org/\r\nHost: x", "is not the address of a web page"),
        ("http://" + "a" * 70 + ".org/", "is not the address of a web page"),
        ("", "is not the address of a web page"),
        ("http://example.org:22/", "names a port"),
        ("https://example.org:80/", "names a port"),
        ("http://example.org/gone", "answers with the status 404"),
        ("http://example.org/picture", "is neither a web page nor a text or PDF"),
        ("http://example.org/packed", "is sent compressed"),
    ],
)
def test_what_is_no_page_is_one_sentence(made_up: Web, address: str, told: str) -> None:
    made_up.answers["/picture"] = sent(b"x", "image/png")
    made_up.answers["/packed"] = sent(b"x", Content_Encoding="gzip")
    with pytest.raises(WebPageError, match=told) as caught:
        fetch(address)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1", "239.1.2.3", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1"),
        *("fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "::127.0.0.1"),
        "2001:0:7f00:1::80ff:fffe",
    ],
)
def test_no_address_but_a_public_one_is_connected_to(made_up: Web, address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    made_up.names["evil.example"] = [[PUBLIC, address]]
    shown = f"[{address}]" if ":" in address else address
    for url in ("http://evil.example/", f"https://{shown}/"):
        with pytest.raises(WebPageError, match="is not in the public Internet"):
            fetch(url)
    assert made_up.dialled == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_redirect_into_the_own_network_is_not_followed(made_up: Web) -> None:
    for number, inner in enumerate(
        ("http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://[::1]/", "//10.1/")
    ):
        made_up.names |= {"localhost": [["127.0.0.1"]], "2130706433": [["127.0.0.1"]]}
        made_up.names["10.1"] = [["10.0.0.1"]]
        made_up.answers[f"/{number}"] = redirect(inner)
        with pytest.raises(WebPageError, match="is not in the public Internet"):
            fetch(f"http://example.org/{number}")
    assert set(made_up.dialled) == {PUBLIC}


def test_a_name_is_resolved_once_for_a_connection_and_each_time_checked(made_up: Web) -> None:
    made_up.names["evil.example"] = [[PUBLIC], ["127.0.0.1"]]
    made_up.answers["/"] = sent(PAGE)
    assert fetch("http://evil.example/").content == PAGE
    made_up.names["evil.example"] = [[PUBLIC], ["127.0.0.1"]]
    made_up.answers["/"] = redirect("/again")
    with pytest.raises(WebPageError, match="is not in the public Internet"):
        fetch("http://evil.example/")
    assert made_up.dialled == [PUBLIC, PUBLIC]


def test_this_machines_own_addresses_are_refused_also_where_they_are_public(
    made_up: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_pages, "is_public", lambda _: True)
    with pytest.raises(WebPageError, match="is not in the public Internet"):
        fetch("http://127.0.0.1/")


def test_a_page_that_is_too_large_is_not_read_to_its_end(
    made_up: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_pages, "MOST_BYTES", 100_000)

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        while True:
            handler.wfile.write(b"word " * 1_000)

    made_up.answers["/"] = endless
    with pytest.raises(WebPageError, match="is too large"):
        fetch("http://example.org/")


@pytest.mark.parametrize("slow", ["head", "body", "silence"])
def test_a_slow_server_is_left_at_the_deadline(
    made_up: Web, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    monkeypatch.setattr(web_pages, "SECONDS", 0.4)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        if slow == "body":
            sent(b"", "text/plain", Content_Length="1000000")(handler)
        elif slow == "head":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            handler.wfile.write(b"" if slow == "silence" else b"x")
            time.sleep(0.05)

    made_up.answers["/"] = drip
    began = time.monotonic()
    with pytest.raises(WebPageError, match="takes more than"):
        fetch("http://example.org/")
    assert time.monotonic() - began < 3


def test_a_name_that_is_not_resolved_in_time_or_at_all_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(WebPageError, match="cannot be reached"):
        fetch("http://nowhere.example/")
    monkeypatch.setattr(web_pages, "SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.5))
    with pytest.raises(WebPageError, match="takes more than"):
        fetch("http://slow.example/")
