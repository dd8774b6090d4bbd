"""Nothing is answered without the login that is asked for."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from qa import QAError
from tests.ui.serving import API, QUESTION, Running, small_page
from ui.server import access
from ui.server.access import Login
from ui.server.accounts import VARIABLE, Accounts, find_accounts, parse_accounts
from ui.visitors.clients import client_of

ADA = ("ada", "a: secret é")
BASIC = (ADA[0], ADA[1].encode())
CALL = {"data": [QUESTION, None, 8, False]}
PROXY = "127.0.0.1"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page that asks for a login, on every address of the machine."""
    folder = tmp_path_factory.mktemp("locked")
    with small_page(folder, host="0.0.0.0", accounts=dict([ADA]), proxies=[PROXY]) as page:
        yield page


def log_in(client: httpx.Client) -> httpx.Response:
    return client.post("/login", data={"username": ADA[0], "password": ADA[1]})


@pytest.mark.parametrize(
    ("query", "link"),
    [("?turn=aB_-9", "?turn=aB_-9"), ("?turn=%22%3E%3Cb", ""), ("?turn=//x", ""), ("?x=1", "")],
)
def test_a_link_to_an_answer_outlives_the_login_and_nothing_else_does(
    locked: Running, query: str, link: str
) -> None:
    with locked.client(headers={"Accept": "text/html"}) as client:
        assert f'action="login{link}"' in client.get(f"/{query}").text
        data = {"username": ADA[0], "password": ADA[1]}
        answer = client.post(f"/login{query}", data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, f"./{link}")


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
    with locked.client(auth=BASIC) as client:
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
    with locked.client(headers=accepts, auth=BASIC) as client:
        assert len(client.post("/mcp", json=asked).json()["result"]["tools"]) == 5
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


def test_a_page_on_every_address_is_asked_by_an_address_or_its_own_name_alone(
    locked: Running,
) -> None:
    with locked.client() as client:
        for host, status in {"10.1.2.3:80": 401, "[::1]:80": 401, "evil.example": 400}.items():
            assert client.get("/config", headers={"Host": host}).status_code == status
