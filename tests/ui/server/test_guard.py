"""The page answers itself and programs, not other sites, and takes no more than it may."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.ui.serving import API, QUESTION, Running, eventually, small_page
from ui.visitors.clients import client_of
from ui.visitors.limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES

CALL = {"data": [QUESTION, None, 8, False]}
EVIL = {"Origin": "http://evil.example"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page that asks for none."""
    folder = tmp_path_factory.mktemp("open")
    with small_page(folder, names=["quotes.example"], proxies=["127.0.0.1"]) as served:
        yield served


def test_what_the_page_does_not_ask_for_is_closed_to_everybody(page: Running) -> None:
    open_ways = set()
    with page.client() as client:
        for method, path in page.said["ways"]:
            if "heartbeat" in path or "queue/data" in path or "mcp" in path:
                continue  # they go on
            status = client.request(method, path).status_code
            if status not in {404, 405}:
                open_ways.add(path.rstrip("/"))
    for closed in (
        *("/monitoring", "/monitoring/summary", f"{API}/runs", f"{API}/proxy=1"),
        *(f"{API}/process_recording", f"{API}/vibe-edit"),
        *(f"{API}/upload", f"{API}/upload_progress", f"{API}/file=1", f"{API}/file/1"),
        *(f"{API}/dev/reload", f"{API}/deep_link", f"{API}/run/1", f"{API}/api/1", f"{API}/call/1"),
        *(f"{API}/stream/1", f"{API}/startup-events", f"{API}/custom_component/1/1/1/1"),
        *("/openapi.json", "/docs"),
    ):
        assert closed not in open_ways
    assert {"", "/config", f"{API}/info", f"{API}/queue/join", "/uploads"} <= open_ways


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.1.2.3", "address 10.1.2.3"),
        ("::ffff:10.1.2.3", "address 10.1.2.3"),
        ("::ffff:a01:203", "address 10.1.2.3"),
        ("::ffff:127.0.0.1", "address 127.0.0.1"),
        ("::1", "address ::/64"),
        ("2001:db8::ffff:10.1.2.3", "address 2001:db8::/64"),
        ("testclient", "address testclient"),
    ],
)
def test_an_ipv4_address_counts_as_one_in_either_form(address: str, client: str) -> None:
    assert client_of({"client": (address, 1)}) == client


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a@127.0.0.1", "[", "10.1.2.3"],
)
@pytest.mark.parametrize("path", ["/", "/config", "/mcp", "/login"])
def test_a_name_that_was_turned_to_this_address_is_refused(
    page: Running, host: str, path: str
) -> None:
    with page.client(headers={"Host": host}) as client:
        assert client.get(path).status_code == 400


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "LOCALHOST", "quotes.example:443"])
def test_the_names_of_the_page_are_let_through(page: Running, host: str) -> None:
    with page.client(headers={"Host": host}) as client:
        assert client.get("/config").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        EVIL,
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_another_sites_page_can_neither_ask_nor_upload(
    page: Running, headers: dict[str, str]
) -> None:
    with page.client(headers=headers) as client:
        for path in ("queue/join", "call/ask", "cancel", "reset"):
            assert client.post(f"{API}/{path}", json=CALL).status_code == 403
        assert client.post("/uploads", content=b"x").status_code == 403
        assert client.post("/mcp", json={}).status_code == 403
        assert client.get("/config").status_code == 403
        assert client.options("/uploads").status_code == 403


def test_the_page_itself_may_ask_and_a_link_may_lead_to_it(page: Running) -> None:
    with page.client(headers={"Origin": page.url.rstrip("/")}) as client:
        assert client.post(f"{API}/call/ask", json=CALL).status_code == 200
    proxied = {"Host": "quotes.example", "Origin": "https://quotes.example"}
    with page.client(headers=proxied) as client:
        assert client.post(f"{API}/call/ask", json=CALL).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    with page.client(headers=link) as client:
        assert client.get("/").status_code == 200


def test_what_a_visitor_says_of_its_proxy_is_not_shown_to_others(page: Running) -> None:
    says = {"X-Forwarded-Host": "evil.example", "X-Gradio-Server": "http://evil.example"}
    with page.client(headers=says) as client:
        for path in ("/", "/config", f"{API}/info", f"{API}/openapi.json"):
            shown = client.get(path)
            assert shown.status_code == 200
            assert "evil.example" not in shown.text


@pytest.mark.parametrize("path", ["/login", "/mcp", f"{API}/queue/join", f"{API}/call/ask", "/x"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_body_that_is_too_large_is_refused_on_every_way(
    page: Running, path: str, streamed: bool
) -> None:
    body = [b" " * 100_000] * (MAX_BODY_BYTES // 100_000 + 1)
    with page.client() as client:
        response = client.post(path, content=iter(body) if streamed else b"".join(body))
    if not streamed or path.startswith((API, "/mcp")):
        assert response.status_code == 413
        assert response.json()["detail"].startswith("A request may have at most 2,000,000 bytes")


def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(page: Running) -> None:
    before = set(page.folder.rglob("*"))
    with page.client() as client:
        large = client.post("/uploads", content=b" " * (MAX_UPLOAD_BYTES + 1))
        assert large.status_code == 413
    body = (b" " * 1_000_000 for _ in range(MAX_UPLOAD_BYTES // 1_000_000 + 1))
    with page.client() as client, suppress(httpx.WriteError):  # the server hung up
        assert client.post("/uploads", content=body).status_code == 413
    assert eventually(lambda: set(page.folder.rglob("*")) == before)


HOSTILE = ("../../x", "/etc/passwd", "..\\..\\x", "C:\\x.txt", "CON", "a" * 1_000, "%2e%2e/x", "..")


@pytest.mark.parametrize("name", HOSTILE)
def test_an_upload_stays_in_the_private_folder_whatever_its_name(page: Running, name: str) -> None:
    before = set(page.folder.rglob("*"))
    with page.client() as client:
        told = client.post("/uploads", params={"name": name}, content=b"text").json()
        assert "/" not in told["name"]
    (path,) = set(page.folder.rglob("*")) - before
    assert path.parent == page.folder / "uploads"
    assert re.fullmatch(r"[0-9a-f]{32}(\.txt)?", path.name)
    assert path.read_bytes() == b"text"
    assert stat.S_IMODE(page.folder.stat().st_mode) == 0o700


def test_an_upload_that_breaks_off_leaves_nothing(page: Running) -> None:
    before = set(page.folder.rglob("*"))
    host, port = page.url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port))) as broken:
        head = f"POST /uploads?name=a.txt HTTP/1.1\r\nHost: {host}\r\nContent-Length: 900\r\n\r\n"
        broken.sendall(head.encode() + b"x" * 300)
        assert eventually(lambda: set(page.folder.rglob("*")) - before)
    assert eventually(lambda: set(page.folder.rglob("*")) == before)


def test_nothing_that_lies_on_the_server_is_given(page: Running) -> None:
    inside = page.folder / "inside.txt"
    inside.write_text("inside")
    asked = [
        *("/etc/passwd", str(inside), "ui/app.py", "seeds/essay.txt", f"{page.folder}/../x"),
        *("http://127.0.0.1:1/", "file:///etc/passwd", "%00", "~", "%2e%2e/%2e%2e/package.json"),
    ]
    with page.client() as client:
        for path in asked:
            for way in (f"{API}/file=", f"{API}/file/", "/static/", "/assets/", "/svelte/"):
                assert client.get(f"{way}{path}").status_code in {403, 404}, way + path


def test_no_form_is_read_as_it_may_carry_files(page: Running) -> None:
    with page.client() as client:
        for path in (f"{API}/component_server", f"{API}/queue/join", "/uploads"):
            assert client.post(path, files={"data": ("a.txt", b"x")}).status_code == 415


def test_each_browser_has_a_cookie_that_no_script_reads_and_no_other_site_sends(
    page: Running,
) -> None:
    with page.client() as client:
        given = client.get("/").headers["set-cookie"]
        assert "HttpOnly" in given
        assert "SameSite=lax" in given
        assert "set-cookie" not in client.get("/").headers
        assert "set-cookie" not in client.post("/uploads", content=b"x").headers
    with page.client(headers={"X-Forwarded-Proto": "https"}) as client:
        assert "Secure" in client.get("/").headers["set-cookie"]
    with page.client(headers={"Cookie": "inquote-visitor=made up"}) as client:
        assert (
            client.post("/uploads", content=b"x").headers["set-cookie"].split(";")[0] not in given
        )


def test_scripts_are_run_by_a_mark_that_each_answer_makes_anew(page: Running) -> None:
    marks = set()
    with page.client() as client:
        for _ in range(2):
            shown = client.get("/")
            policy = shown.headers["content-security-policy"]
            (mark,) = re.findall(r"'nonce-([^']+)'", policy)
            scripts = re.findall(r"<script[^>]*>", shown.text)
            assert len(scripts) > 3
            assert all(f'nonce="{mark}"' in script for script in scripts)
            assert "'unsafe-inline'" not in re.findall(r"script-src [^;]*", policy)[0]
            marks.add(mark)
    assert len(marks) == 2


def test_every_answer_carries_the_headers_that_keep_it_to_its_host(page: Running) -> None:
    with page.client() as client:
        for path, headers in (("/", {}), ("/x", {}), ("/config", EVIL)):
            sent = client.get(path, headers=headers).headers
            assert "default-src 'self'" in sent["content-security-policy"]
            assert sent["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in sent
            assert "server" not in sent
