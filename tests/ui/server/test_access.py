"""Nothing is answered without the login that is asked for, nor to other sites."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from qa import QAError
from tests.ui.serving import API, QUESTION, Running, eventually, small_page
from ui.server import access
from ui.server.access import Login
from ui.server.accounts import VARIABLE, Accounts, find_accounts, parse_accounts
from ui.visitors.clients import client_of
from ui.visitors.limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES

ADA = ("ada", "a: secret é")
CALL = {"data": [QUESTION, None, 8]}
PROXY = "127.0.0.1"
BASIC = (ADA[0], ADA[1].encode())
EVIL = {"Origin": "http://evil.example"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page that asks for a login, on every address of the machine."""
    folder = tmp_path_factory.mktemp("locked")
    with small_page(folder, host="0.0.0.0", accounts=dict([ADA]), proxies=[PROXY]) as page:
        yield page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page that asks for none."""
    folder = tmp_path_factory.mktemp("open")
    with small_page(folder, names=["quotes.example"], proxies=[PROXY]) as served:
        yield served


def log_in(client: httpx.Client) -> httpx.Response:
    return client.post("/login", data={"username": ADA[0], "password": ADA[1]})


def test_every_route_of_the_app_is_closed_without_a_login(locked: Running) -> None:
    ways = {(method, path) for method, path in locked.said["ways"]}
    seen = {path for _, path in ways}
    for known in ("/", "/config", f"{API}/queue/join", "/uploads", f"{API}/file=1", "/mcp"):
        assert known in seen, sorted(seen)
    assert len(ways) > 60
    answered = []
    with locked.client() as client:
        for method, path in sorted(ways | {("POST", f"{API}/call/ask"), ("PUT", "/x")}):
            response = client.request(method, path)
            if (method, path.rstrip("/")) == ("POST", "/login"):
                assert response.status_code == 400
            elif (method, path.rstrip("/")) == ("GET", "/logout"):
                assert response.status_code == 303
            elif response.status_code != 401:
                answered.append((method, path, response.status_code))
            assert "small" not in response.text
    assert answered == []


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
        *(
            f"{API}/stream/1",
            f"{API}/startup-events",
            f"{API}/custom_component/1/1/1/1",
            "/openapi.json",
            "/docs",
        ),
    ):
        assert closed not in open_ways
    assert {"", "/config", f"{API}/info", f"{API}/queue/join", "/uploads"} <= open_ways


def test_the_login_page_asks_for_nothing_more_and_tells_nothing(locked: Running) -> None:
    with locked.client(headers={"Accept": "text/html"}) as client:
        shown = client.get("/")
        assert shown.status_code == 200
        assert 'name="password"' in shown.text
        assert not re.search(r"src=|href=|small|ask", shown.text.replace("autofocus", ""))
        wrong = client.post("/login", data={"username": "ada", "password": "<b>"})
        assert wrong.status_code == 401
        assert "The name or the password is wrong." in wrong.text
        right = log_in(client)
        assert (right.status_code, right.headers["location"]) == (303, "./")
        assert "window.gradio_config" in client.get("/").text
        assert client.get("/logout").status_code == 303
        assert client.get("/config").status_code == 401


def test_a_login_is_a_cookie_that_no_script_reads_and_no_other_site_sends(locked: Running) -> None:
    with locked.client() as client:
        response = log_in(client)
        assert response.json() == {"success": True}
        cookie = response.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert client.get("/config").status_code == 200
    with locked.client(cookies={cookie.split("=")[0]: "made up"}) as client:
        assert client.get("/config").status_code == 401
    with locked.client(headers={"X-Forwarded-Proto": "https"}) as client:
        assert "Secure" in log_in(client).headers["set-cookie"]


def test_a_program_logs_in_with_every_request(locked: Running) -> None:
    with locked.client(auth=(ADA[0], ADA[1].encode())) as client:
        assert client.get("/config").status_code == 200
        assert client.post(f"{API}/call/ask", json=CALL).status_code == 200
    for header in ("Basic", "Basic !", "Basic YWRh", "Bearer x", "Basic /w=="):
        with locked.client(headers={"Authorization": header}) as client:
            assert client.get("/config").status_code == 401
    with locked.client(auth=("ada", "a: secret e")) as client:
        refused = client.get("/config")
        assert refused.json() == {"detail": "The name or the password is wrong."}
        assert refused.headers["www-authenticate"].startswith("Basic")


def test_mcp_tools_ask_for_the_login_too(locked: Running) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    with locked.client(headers=accepts, auth=(ADA[0], ADA[1].encode())) as client:
        assert len(client.post("/mcp", json=asked).json()["result"]["tools"]) == 3
    with locked.client(headers=accepts) as client:
        assert client.post("/mcp", json=asked).json() == {"detail": "Log in first."}


def guess(page: Running, address: str, name: str = "ada") -> int:
    """Try a wrong password from an address behind the proxy; return the status."""
    with page.client(headers={"X-Forwarded-For": address}) as client:
        return client.post("/login", data={"username": name, "password": "x"}).status_code


def test_guessing_is_stopped_even_with_the_right_password(locked: Running) -> None:
    assert {guess(locked, "10.1.2.3") for _ in range(10)} == {401}
    with locked.client(headers={"X-Forwarded-For": "10.1.2.3"}) as client:
        assert log_in(client).status_code == 429
        assert client.get("/config", auth=BASIC).status_code == 429
    with locked.client(headers={"X-Forwarded-For": "10.1.2.4"}) as client:
        assert log_in(client).status_code == 200


def test_who_has_a_whole_network_of_addresses_guesses_no_more_often(locked: Running) -> None:
    guessed = [guess(locked, f"2001:db8::{number:x}") for number in range(12)]
    assert guessed == [401] * 10 + [429] * 2


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Login:
    """A login before an app that answers everything, without a server."""
    monkeypatch.setattr(access, "_WRONG_COSTS_SECONDS", 0)
    return Login(PlainTextResponse("in"), Accounts({"ada": "x", "bob": "y"}))


def tried(login: Login, address: str, name: str, password: str) -> int:
    given = {"username": name, "password": password}
    return TestClient(login, client=(address, 1)).post("/login", data=given).status_code


def test_an_account_that_many_guess_at_is_open_to_its_owner_alone(login: Login) -> None:
    assert tried(login, "10.9.9.9", "ada", "x") == 200
    guessed = [tried(login, f"10.0.{n}.1", "ada", "?") for n in range(11) for _ in range(10)]
    assert guessed == [401] * 100 + [429] * 10
    assert tried(login, "10.9.9.9", "ada", "x") == 200
    assert tried(login, "10.7.7.7", "ada", "x") == 429
    assert tried(login, "10.7.7.7", "bob", "y") == 200


def test_what_is_noted_of_wrong_passwords_has_a_limit(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_MOST_NOTED", 5)
    for number in range(8):
        assert tried(login, f"10.0.0.{number}", "?" * number + "a" * 5_000, "?") == 401
    for noted in (login._wrong_from._times, login._wrong_for._times):
        assert len(noted) == 5
        assert max(map(len, noted)) <= 100


def test_who_logs_in_again_and_again_ends_sessions_of_that_account_alone(login: Login) -> None:
    bob, ada, again = TestClient(login), TestClient(login), TestClient(login)
    bob.post("/login", data={"username": "bob", "password": "y"})
    for client, times in ((ada, 1), (again, 100)):
        for _ in range(times):
            client.post("/login", data={"username": "ada", "password": "x"})
    assert [c.get("/config").status_code for c in (bob, ada, again)] == [200, 401, 200]


def test_requests_are_counted_by_the_account_that_is_logged_in() -> None:
    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(client_of(scope))(scope, receive, send)

    client = TestClient(Login(told, Accounts({"ada": "x"})))
    assert client.get("/", auth=("ada", "x")).text == "account ada"
    client.post("/login", data={"username": " ada", "password": "x"})
    assert client.get("/").text == "account ada"


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


def test_what_no_named_proxy_says_of_a_visitor_is_not_believed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("direct")
    with small_page(folder, accounts=dict([ADA]), mcp=False) as page:
        guessed = [guess(page, f"10.0.0.{number}") for number in range(12)]
        assert guessed == [401] * 10 + [429] * 2
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        headers = {"X-Forwarded-Proto": "https"}
        with page.client(headers=headers, transport=transport) as client:
            assert "Secure" not in log_in(client).headers["set-cookie"]


@pytest.mark.parametrize("body", [{}, {"username": "ada"}, {"password": "x"}])
def test_a_login_that_lacks_something_is_told_so(locked: Running, body: dict[str, str]) -> None:
    with locked.client() as client:
        assert client.post("/login", data=body).status_code == 400
        assert client.post("/login", files={"username": ("a", b"x")}).status_code == 400


def test_accounts_are_lines_and_comments() -> None:
    accounts = parse_accounts("# who\n\nada:a:b \r\n bob : c\n", "here")
    assert accounts.admits("ada", "a:b ")
    assert accounts.admits("bob", " c")
    assert not accounts.admits("ada", "a:b")
    assert not accounts.admits("eve", "")
    assert "a:b" not in repr(accounts)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ada\n", "line 1, is not of the form"),
        ("ada:\n", "line 1, is not of the form"),
        (":x\n", "line 1, is not of the form"),
        ("ada:x\nada:y\n", "line 2: there is already an account 'ada'"),
        ("# nobody\n", "holds no account"),
    ],
)
def test_accounts_that_are_none_are_one_sentence(text: str, told: str) -> None:
    with pytest.raises(QAError, match=told):
        parse_accounts(text, "here")


def test_a_file_of_passwords_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    file.write_text("ada:x\n")
    file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    with pytest.raises(QAError, match="others may read it: run chmod 600"):
        find_accounts(file)
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    found = find_accounts(file)
    assert found
    assert found.admits("ada", "x")
    with pytest.raises(QAError, match="cannot be read: No such file"):
        find_accounts(tmp_path / "missing")


def test_accounts_may_stand_in_the_environment_which_then_forgets_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "ada:x")
    found = find_accounts(None)
    assert found
    assert found.admits("ada", "x")
    assert find_accounts(None) is None


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


def test_a_page_on_every_address_is_asked_by_an_address_or_its_own_name_alone(
    locked: Running,
) -> None:
    with locked.client() as client:
        for host, status in {"10.1.2.3:80": 401, "[::1]:80": 401, "evil.example": 400}.items():
            assert client.get("/config", headers={"Host": host}).status_code == status


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
