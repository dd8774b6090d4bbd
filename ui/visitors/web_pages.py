"""Web pages that visitors name by their addresses, fetched for them by the server.

An address may name a host of the server's own network, at once, by a name that resolves to one, or
by a redirect. Each connection is therefore made to an IP address that was checked, and the name is
not resolved again.
"""

from __future__ import annotations

import codecs
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
import webencodings

from qa.errors import QAError
from ui.visitors.uploads import Upload, Uploads

MOST_BYTES = 10_000_000
"""The most bytes of a page."""

SECONDS = 20.0
"""The most time for a page, redirects included."""

_MOST_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
}
_HEADERS: dict[bytes | str, bytes | str] = {
    "Accept": ", ".join(_KINDS),
    "Accept-Encoding": "identity",  # so that what is sent is as large as it looks
    "User-Agent": "inquote",
    "Connection": "close",
}
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# What is reached through these addresses is in the last 32 bits of each.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Public by its number, and a service for virtual machines alone.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebPageError(QAError):
    """A web page cannot be fetched, or may not be."""


class WebPages:
    """Fetches web pages for visitors; they become files like those that are uploaded.

    Args:
        uploads: where the files are kept.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    @contextmanager
    def page(self, address: str) -> Iterator[Upload]:
        """Fetch a page into a file, which is removed when the block ends.

        Raises:
            WebPageError: it cannot be fetched, is too large, is of no kind that is read, or is
                not in the public Internet.
        """
        page = fetch(address)
        upload = self._uploads.put(page.name, page.content)
        try:
            yield upload
        finally:
            upload.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was fetched, and a name for it."""

    name: str
    content: bytes


def fetch(address: str) -> Page:
    """Fetch a page; errors are those of `WebPages.page`."""
    deadline = time.monotonic() + SECONDS
    url = address.strip() if "://" in address else f"https://{address.strip()}"
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            found = _get(url, deadline)
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise _too_slow(url) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise WebPageError(f"{_short(url)} cannot be reached, or sent no page") from error
        if isinstance(found, Page):
            return found
        url = found
    raise WebPageError(f"{_short(address)} leads on more than {_MOST_REDIRECTS} times")


def _get(url: str, deadline: float) -> Page | str:
    """Return the page of an address, or the address that it redirects to."""
    request = _request(url)
    backend = _CheckedNetwork(url, deadline)
    with (
        httpcore.ConnectionPool(network_backend=backend, retries=0) as pool,
        pool.stream("GET", request, headers=_HEADERS) as response,
    ):
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        if response.status in (301, 302, 303, 307, 308) and "location" in headers:
            return _led_to(url, headers["location"])
        if response.status != 200:
            raise WebPageError(f"{_short(url)} answers with the status {response.status}")
        kind, suffix = headers.get("content-type", ""), _suffix(url, headers)
        return Page(_name(url, suffix), _as_utf8(_body(url, response), kind, suffix))


def _request(url: str) -> httpcore.URL:
    """Return an address that may be asked for."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        path = "".join(c if " " < c <= "~" else _quoted(c) for c in target)
    except (ValueError, UnicodeError):
        raise WebPageError(f"{_short(url)} is not the address of a web page") from None
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or parts.username is not None:
        raise WebPageError(
            f"{_short(url)} is not the address of a web page: give one such as https://example.org"
        )
    if port not in (None, _PORTS[parts.scheme]):
        raise WebPageError(f"{_short(url)} names a port: leave it out")
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path)


def _led_to(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise WebPageError(f"{_short(url)} leads to what is no address") from None


def _quoted(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _suffix(url: str, headers: dict[str, str]) -> str:
    """Return the suffix of a page's file; refuse what is not read."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise WebPageError(f"{_short(url)} is sent compressed: save it, and add the file")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise WebPageError(
            f"{_short(url)} is neither a web page nor a text or PDF: save it, and add the file"
        )
    return _KINDS[kind]


def _body(url: str, response: httpcore.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise WebPageError(f"{_short(url)} is too large: the most is {MOST_BYTES / 1e6:.0f} MB")
    return bytes(content)


def _as_utf8(content: bytes, kind: str, suffix: str) -> bytes:
    """Return a text in UTF-8 where the server says that it is in another encoding."""
    named = _CHARSET.search(kind)
    encoding = webencodings.lookup(named.group(1)) if named and suffix != ".pdf" else None
    if encoding is None or encoding.name == "utf-8":
        return content
    text: str = encoding.codec_info.decode(content, "replace")[0]
    return codecs.BOM_UTF8 + text.encode()


def _name(url: str, suffix: str) -> str:
    """Return a name for a page: the last part of its address, or its host."""
    parts = urlsplit(url)
    last = PurePosixPath(unquote(parts.path)).name
    stem = PurePosixPath(last).stem if last else parts.hostname or "page"
    return f"{stem}{suffix}"


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to public addresses alone, and until a deadline."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = url
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers."""
        addresses = resolved(host, port, _left(self._url, self._deadline))
        if not addresses:
            raise httpcore.ConnectError(f"{host} has no address")
        if not all(is_public(one) and not _is_ours(one) for one in addresses):
            raise WebPageError(f"{_short(self._url)} is not in the public Internet")
        for address in addresses:
            try:
                left = _left(self._url, self._deadline)
                return _TimedStream(dial(str(address), port, left), self._url, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class _TimedStream(httpcore.NetworkStream):
    """A connection that nothing is read from, or written to, after a deadline."""

    def __init__(self, stream: httpcore.NetworkStream, url: str, deadline: float) -> None:
        self._stream = stream
        self._url = url
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, _left(self._url, self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._stream.write(buffer, _left(self._url, self._deadline))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on encrypted."""
        left = _left(self._url, self._deadline)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(stream, self._url, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


def dial(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """Connect to an IP address."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


def resolved(host: str, port: int, seconds: float) -> list[Address]:
    """Return the addresses of a host."""
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(seconds)
    finally:
        pool.shutdown(wait=False)
    given = dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found)
    return [ipaddress.ip_address(one) for one in given]


def is_public(address: Address) -> bool:
    """Return whether an address, and each that is written into it, is in the public Internet."""
    return all(
        one.is_global
        and not (one.is_multicast or one.is_reserved or one.is_loopback)
        and not getattr(one, "is_site_local", False)
        and one not in _METADATA
        for one in _with_embedded(address)
    )


def _with_embedded(address: Address) -> Iterable[Address]:
    """Yield what an address stands for: an IPv4 address that an IPv6 one holds, or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    embedded = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    return (address, *(one for one in embedded if one is not None))


def _is_ours(address: Address) -> bool:
    """Return whether an address is one of this machine's own, which only they can be bound to."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _left(url: str, deadline: float) -> float:
    """Return the seconds that are left; refuse to go on if none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise _too_slow(url)
    return left


def _too_slow(url: str) -> WebPageError:
    return WebPageError(
        f"{_short(url)} takes more than {SECONDS:.0f} seconds to send: save it, and add the file"
    )


def _short(url: str) -> str:
    shown = " ".join(url.split())
    return shown if len(shown) <= 100 else f"{shown[:99]}…"
