"""Signing in by OAuth 2.0, against a server that checks what the RFCs ask for."""

from __future__ import annotations

import asyncio
import http.client
import shutil
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from casare_rpa.engine import RunResult
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.http import _redirected
from casare_rpa.nodes.http._redirected import Expected, redirected
from tests.support.api_server import Reply, serving
from tests.support.oauth_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    USERNAME,
    OAuth,
)
from tests.support.runs import chain, document, node, run_document, run_node
from tests.support.told import told

CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def oauth() -> Iterator[OAuth]:
    with serving(OAuth()) as running:
        yield running


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_listening(port: int) -> bool:
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def get(port: int, target: str) -> tuple[int, str]:
    """Ask as a browser does, as soon as somebody listens."""
    end = time.monotonic() + 20
    while not is_listening(port):
        assert time.monotonic() < end, "nobody listens"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("GET", target)
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def authorize(**config: Any) -> dict[str, Any]:
    base = {"client_id": "my app", "auth_url": "https://login.example.org/a?tenant=7"}
    result = run_node("OAuth2AuthorizeNode", {**base, **config})
    assert result.success, result.error
    return dict(result.outputs["n"])


def failure(node_type: str, config: dict[str, Any], **options: Any) -> tuple[str, str]:
    error = run_node(node_type, config, **options).error
    assert error is not None
    return error.code, error.message.removeprefix(f"node n ({node_type}): ")


def exchange(oauth: OAuth, **config: Any) -> tuple[list[Any], RunResult]:
    """Ask for tokens and introspect the one that came: what was masked was real before."""
    asked = {**CLIENT, "token_url": f"{oauth.url}/token", **config}
    more = {key: asked[key] for key in ("client_auth", *CLIENT) if key in asked}
    checked = {**more, "introspection_url": f"{oauth.url}/introspect"}
    raw = document(
        {
            "exchange": node("OAuth2TokenExchangeNode", **asked),
            "check": node("OAuth2TokenValidateNode", token="{{exchange.access_token}}", **checked),
        },
        chain("exchange", "check"),
    )
    return told(raw)


def sign_in(oauth: OAuth, port: int, **config: Any) -> RunResult:
    """The whole way: a user agent follows the server's redirect to the node that waits."""
    where = f"http://127.0.0.1:{port}/back"
    asked = {"auth_url": f"{oauth.url}/authorize", "redirect_uri": where, "scope": "a b"}
    raw = document(
        {
            "authorize": node("OAuth2AuthorizeNode", client_id=CLIENT_ID, **asked, **config),
            "fork": node("ForkNode", branch_count=2),
            "browser": node(
                "HttpRequestNode", url="{{authorize.auth_url}}", retry_count=1000, retry_delay=0
            ),
            "callback": node(
                "OAuth2CallbackServerNode",
                **{"port": port, "path": "back", "expected_state": "{{authorize.state}}"},
            ),
            "exchange": node(
                "OAuth2TokenExchangeNode",
                **{**CLIENT, "token_url": f"{oauth.url}/token", "redirect_uri": where},
                code="{{callback.code}}",
                code_verifier="{{authorize.code_verifier}}",
            ),
            "keep": node("SetVariableNode", variable_name="got", value="{{exchange}}"),
            "join": node("JoinNode"),
        },
        chain("authorize", "fork"),
        chain("fork.branch_1", "browser", "join"),
        chain("fork.branch_2", "callback", "exchange", "keep", "join"),
    )
    return run_document(raw)


def test_a_person_signs_in_and_the_tokens_come(oauth: OAuth, port: int) -> None:
    result = sign_in(oauth, port)
    assert result.success, result.error
    (token,) = oauth.tokens
    got = result.variables["branch_2_got"]
    assert (got["token_type"], got["expires_in"], got["scope"]) == ("Bearer", 3600, "a b")
    assert got["access_token"] == got["full_response"]["refresh_token"] == got["id_token"] == "***"
    assert token not in f"{result}"
    assert not is_listening(port)


def test_another_verifier_gets_no_token(oauth: OAuth) -> None:
    made = authorize(auth_url=f"{oauth.url}/authorize", scope="a")
    asked = {key: values[0] for key, values in parse_qs(urlsplit(made["auth_url"]).query).items()}
    oauth.codes["c0de"] = asked
    where = {"redirect_uri": asked["redirect_uri"]}
    config = {**CLIENT, **where, "token_url": f"{oauth.url}/token", "code": "c0de"}
    code, message = failure("OAuth2TokenExchangeNode", {**config, "code_verifier": "some other"})
    assert (code, message) == (
        "PERMISSION_DENIED",
        "the server of token_url refuses: invalid_grant: another code_verifier; the code or refresh"
        " token is used up, expired, or of another client or redirect_uri: sign in again",
    )


def test_the_address_to_sign_in_at_says_all() -> None:
    made = authorize(scope="a b", extra_params={"prompt": "consent", "access_type": "offline"})
    assert made["auth_url"].startswith("https://login.example.org/a?tenant=7&")
    query = parse_qs(urlsplit(made["auth_url"]).query)
    assert query == {
        "tenant": ["7"],
        "response_type": ["code"],
        "client_id": ["my app"],
        "redirect_uri": ["http://localhost:8080/callback"],
        "scope": ["a b"],
        "state": [made["state"]],
        "code_challenge": [made["code_challenge"]],
        "code_challenge_method": ["S256"],
        "prompt": ["consent"],
        "access_type": ["offline"],
    }
    assert len(made["state"]) >= 40
    assert len(made["code_challenge"]) == 43
    assert made["code_verifier"] == "***"
    assert authorize()["state"] != made["state"]
    plain = authorize(pkce_enabled=False, state="mine")
    assert (plain["state"], plain["code_verifier"]) == ("mine", "")
    assert "code_challenge" not in plain["auth_url"]
    assert "code_challenge" not in authorize(response_type="token")["auth_url"]


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"client_id": ""}, "MISSING_REQUIRED_FIELD"),
        ({"client_id": "{{nothing}}"}, "MISSING_REQUIRED_FIELD"),
        ({"client_id": "a", "auth_url": "login"}, "INVALID_INPUT"),
        ({"client_id": "a", "auth_url": "https://x#y"}, "INVALID_INPUT"),
        ({"client_id": "a", "extra_params": {"state": "mine"}}, "INVALID_INPUT"),
        ({"client_id": "a", "auth_url": "https://x?client_id=b"}, "INVALID_INPUT"),
        ({"client_id": "a", "response_type": "both"}, "INVALID_INPUT"),
    ],
)
def test_what_is_no_address_to_sign_in_at_is_refused(config: dict[str, Any], code: str) -> None:
    config = {"auth_url": "https://x", **config}
    assert failure("OAuth2AuthorizeNode", config)[0] == code


def waiting(port: int, **config: Any) -> tuple[threading.Thread, list[RunResult]]:
    """A run that waits for a redirect; its result is in the list when the thread has ended."""
    results: list[RunResult] = []
    base = {"port": port, "timeout": 30, "expected_state": "right"}

    def run() -> None:
        results.append(run_node("OAuth2CallbackServerNode", {**base, **config}))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_only_the_redirect_with_the_right_state_is_taken(port: int) -> None:
    thread, results = waiting(port)
    assert get(port, "/favicon.ico")[0] == 404
    status, page = get(port, "/callback?code=evil&state=wrong")
    assert (status, "does not belong to the sign-in" in page) == (400, True)
    assert get(port, "/callback?code=evil")[0] == 400
    assert get(port, "/callback")[0] == 200
    status, page = get(port, "/callback?code=c0de%2F7&state=right")
    assert (status, "You can close this window" in page) == (200, True)
    thread.join(10)
    (result,) = results
    assert result.success, result.error
    got = result.outputs["n"]
    assert (got["state"], got["error"], got["code"]) == ("right", "", "***")
    assert [line["message"] for line in result.logs] == [
        "a redirect came with another state and was refused; still waiting"
    ] * 2
    assert not is_listening(port)


def test_a_refusal_comes_as_outputs_and_its_page_runs_nothing(port: int) -> None:
    thread, results = waiting(port, expected_state="")
    _, page = get(port, "/callback?error=%3Cscript%3E&error_description=said+no")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    thread.join(10)
    (result,) = results
    assert result.success, result.error
    got = result.outputs["n"]
    assert (got["error"], got["error_description"], got["code"]) == ("<script>", "said no", "")
    assert "any answer" in result.logs[0]["message"]


def test_browsers_that_only_connect_or_say_nonsense_hold_nothing_up(port: int) -> None:
    thread, results = waiting(port)
    assert get(port, "/none")[0] == 404
    with (
        closing(socket.create_connection(("127.0.0.1", port))),
        closing(socket.create_connection(("127.0.0.1", port))) as rude,
        closing(socket.create_connection(("127.0.0.1", port))) as flood,
    ):
        rude.sendall(b"\r\n\r\n")
        assert b"404" in rude.recv(100)
        flood.sendall(b"GET /callback?code=" + b"x" * (1 << 20))
        get(port, "/callback?code=c0de&state=right")
        thread.join(10)
    assert results[0].success
    assert not is_listening(port)


def test_it_waits_no_longer_than_it_says_and_leaves_nothing(port: int) -> None:
    said: list[str] = []
    expected = Expected(port=port, path="/callback", state="right")

    async def wait() -> None:
        waited = asyncio.create_task(_failing(expected, 3, said))
        await asyncio.to_thread(get, port, "/callback?code=x&state=wrong")
        assert "; 1 came with another state" in await waited
        again = asyncio.create_task(_failing(expected, 30, said))
        await asyncio.to_thread(get, port, "/none")
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.to_thread(get, port, "/none")
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not is_listening(port)
        with suppress(ConnectionError):
            assert await idle.read() == b""
        idle_writer.close()

    asyncio.run(wait())


async def _failing(expected: Expected, seconds: float, said: list[str]) -> str:
    with pytest.raises(NodeError) as caught:
        await redirected(expected, seconds, said.append)
    assert caught.value.error_code.name == "TIMEOUT"
    return caught.value.message


def test_it_listens_on_this_machine_alone_and_says_when_it_cannot(port: int) -> None:
    with closing(socket.create_server(("127.0.0.1", port))):
        code, message = failure("OAuth2CallbackServerNode", {"port": port})
        assert (code, message) == (
            "RESOURCE_LOCKED",
            f"port {port} of 127.0.0.1 is taken by another program"
            " - choose another port, here and in redirect_uri",
        )
    assert failure("OAuth2CallbackServerNode", {"port": 80})[0] == "VALUE_OUT_OF_RANGE"
    thread, _ = waiting(port)
    get(port, "/none")
    with closing(socket.create_server(("127.0.0.2", port))):
        pass
    get(port, "/callback?code=c0de&state=right")
    thread.join(10)


def has_ipv6() -> bool:
    try:
        with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="needs IPv6")


@needs_ipv6
def test_localhost_is_its_own_by_either_address(port: int) -> None:
    thread, results = waiting(port)
    get(port, "/none")
    with closing(http.client.HTTPConnection("::1", port, timeout=10)) as line:
        line.request("GET", "/callback?code=c0de&state=right")
        assert line.getresponse().status == 200
    thread.join(10)
    assert results[0].success, results[0].error
    assert not is_listening(port)
    with closing(socket.create_server(("::1", port), family=socket.AF_INET6)):
        pass


@needs_ipv6
def test_a_port_that_another_program_has_at_the_other_address_is_refused(port: int) -> None:
    with closing(socket.create_server(("::1", port), family=socket.AF_INET6)):
        code, message = failure("OAuth2CallbackServerNode", {"port": port})
        assert (code, message) == (
            "RESOURCE_LOCKED",
            f"port {port} of ::1 is taken by another program"
            " - choose another port, here and in redirect_uri",
        )
        assert not is_listening(port)


def test_a_machine_without_ipv6_goes_on(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # An address for books, which no machine has.
    monkeypatch.setattr(_redirected, "HOSTS", ("127.0.0.1", "2001:db8::1"))
    thread, results = waiting(port)
    assert get(port, "/callback?code=c0de&state=right")[0] == 200
    thread.join(10)
    assert results[0].success, results[0].error


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a Chromium")
def test_a_token_behind_the_hash_is_taken_from_a_real_browser(oauth: OAuth, port: int) -> None:
    pytest.importorskip("playwright")
    where = f"http://127.0.0.1:{port}/callback"
    asked = {"auth_url": f"{oauth.url}/authorize", "redirect_uri": where, "scope": "a"}
    made = authorize(client_id=CLIENT_ID, response_type="token", **asked)
    thread, results = waiting(port, expected_state=made["state"])
    get(port, "/none")
    raw = document(
        {
            "launch": node("LaunchBrowserNode", headless=True),
            "go": node("GoToURLNode", url=made["auth_url"]),
            "wait": node("WaitForElementNode", selector="text=Signed in"),
            "close": node("CloseBrowserNode"),
        },
        chain("launch", "go", "wait", "close"),
    )
    browsed = run_document(raw)
    assert browsed.success, browsed.error
    thread.join(10)
    got = results[0].outputs["n"]
    assert (got["access_token"], got["code"], got["state"]) == ("***", "", made["state"])


@pytest.mark.parametrize("takes", ["body", "basic"])
def test_an_application_gets_a_token_of_its_own(takes: str) -> None:
    with serving(OAuth(takes=takes)) as oauth:
        config = {"grant_type": "client_credentials", "scope": "a b", "client_auth": takes}
        events, result = exchange(oauth, **config)
        assert result.success, result.error
        got = result.outputs["exchange"]
        assert (got["expires_in"], got["scope"], got["refresh_token"]) == (60, "a b", "")
        (token,) = oauth.tokens
        assert token not in f"{events} {result}"
        checked = result.outputs["check"]
        assert (checked["active"], checked["username"], checked["client_id"]) == (
            True,
            USERNAME,
            CLIENT_ID,
        )
        assert (checked["scope"], checked["expires_at"]) == ("a b", 1_900_000_000)
        asked = oauth.seen[0]
        assert asked.headers["accept"] == "application/json"
        assert ("client_secret" in asked.fields) is (takes == "body")


def test_a_refresh_keeps_the_token_that_is_still_good(oauth: OAuth, tmp_path: Path) -> None:
    oauth.refresh_tokens["rt-0123456789"] = "a"
    asked = {**CLIENT, "grant_type": "refresh_token", "refresh_token": "rt-0123456789"}
    raw = document(
        {
            "n": node("OAuth2TokenExchangeNode", token_url=f"{oauth.url}/token", **asked),
            "keep": node(
                "WriteFileNode", file_path="t", content="{{n.refresh_token}} {{n.access_token}}"
            ),
        },
        chain("n", "keep"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert (tmp_path / "t").read_text() == f"rt-0123456789 {next(iter(oauth.tokens))}"
    code, message = failure(
        "OAuth2TokenExchangeNode",
        {**asked, "token_url": f"{oauth.url}/token", "refresh_token": "rt-other"},
    )
    assert (code, "this refresh token is not known" in message) == ("PERMISSION_DENIED", True)


def test_a_person_s_password_gets_a_token_and_is_not_told(oauth: OAuth) -> None:
    login = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
    assert exchange(oauth, **login, scope="a")[1].success
    config = {**CLIENT, "token_url": f"{oauth.url}/token", **login, "password": "wrong word"}
    code, message = failure("OAuth2TokenExchangeNode", config)
    assert (code, "invalid_grant: *** is wrong" in message) == ("PERMISSION_DENIED", True)


def test_client_and_login_come_with_a_credential_or_the_environment(oauth: OAuth) -> None:
    config = {"grant_type": "password", "token_url": f"{oauth.url}/token"}
    stored = {**CLIENT, "username": USERNAME, "password": PASSWORD}
    named = {**config, "credential_name": "app"}
    assert run_node("OAuth2TokenExchangeNode", named, {"app": stored}).success
    environment = {
        "HTTP_CLIENT_ID": CLIENT_ID,
        "HTTP_CLIENT_SECRET": CLIENT_SECRET,
        "HTTP_USERNAME": USERNAME,
        "HTTP_PASSWORD": PASSWORD,
    }
    assert run_node("OAuth2TokenExchangeNode", config, environment=environment).success
    assert failure("OAuth2TokenExchangeNode", named)[0] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({}, "MISSING_REQUIRED_FIELD"),
        ({"code": "{{callback.code}}"}, "MISSING_REQUIRED_FIELD"),
        ({"code": "c", "code_verifier": "{{authorize.none}}"}, "MISSING_REQUIRED_FIELD"),
        ({"grant_type": "refresh_token"}, "MISSING_REQUIRED_FIELD"),
        ({"grant_type": "password", "username": "ada"}, "MISSING_REQUIRED_FIELD"),
        ({"grant_type": "implicit"}, "INVALID_INPUT"),
        ({"grant_type": "client_credentials", "client_id": ""}, "MISSING_REQUIRED_FIELD"),
        ({"grant_type": "client_credentials", "token_url": ""}, "MISSING_REQUIRED_FIELD"),
        ({"grant_type": "client_credentials", "token_url": "x"}, "INVALID_INPUT"),
        ({"grant_type": "client_credentials", "client_auth": "jwt"}, "INVALID_INPUT"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_sent(
    oauth: OAuth, config: dict[str, Any], code: str
) -> None:
    config = {**CLIENT, "token_url": f"{oauth.url}/token", **config}
    assert failure("OAuth2TokenExchangeNode", config)[0] == code
    assert oauth.seen == []


def test_a_refused_client_is_told_what_to_check_and_its_secret_is_not(oauth: OAuth) -> None:
    config = {"client_id": CLIENT_ID, "client_secret": "wr0ng secret", "token": "x"}
    url = f"{oauth.url}/introspect"
    code, message = failure("OAuth2TokenValidateNode", {**config, "introspection_url": url})
    assert (code, message) == (
        "PERMISSION_DENIED",
        "the server of introspection_url refuses: invalid_client: not the secret: ***;"
        " check client_id and client_secret, or set client_auth to the other way",
    )


def test_a_token_that_is_not_good_is_no_failure(oauth: OAuth) -> None:
    config = {**CLIENT, "introspection_url": f"{oauth.url}/introspect", "token": "at-none"}
    result = run_node("OAuth2TokenValidateNode", config)
    assert result.success, result.error
    got = result.outputs["n"]
    assert (got["active"], got["username"], got["expires_at"]) == (False, "", 0)
    assert failure("OAuth2TokenValidateNode", {**config, "token": ""})[0] == (
        "MISSING_REQUIRED_FIELD"
    )


SECRETS = {
    "client_secret": "cs-0123456789",
    "code": "cd-0123456789",
    "code_verifier": "cv-0123456789",
    "refresh_token": "rt-0123456789",
    "password": "pw-0123456789",
}


def with_parameters(names: Iterable[str]) -> dict[str, Any]:
    """Each secret comes from a variable of the workflow, whose name does not say what it is."""
    return {name: f"{{{{given.{name}}}}}" for name in names}


def shown_of(oauth: OAuth, node_type: str, config: dict[str, Any], **options: Any) -> str:
    """All that others see of a run whose server says each secret again, as later nodes do."""
    oauth.instead = [
        Reply(body={"access_token": "at-0123456789", "active": True, "heard": dict(SECRETS)})
    ]
    again = node("SetVariableNode", variable_name="again", value="heard {{n.full_response}}")
    raw = document({"n": node(node_type, **config), "again": again}, chain("n", "again"))
    events, result = told(raw, {"given": SECRETS}, **options)
    assert result.success, result.error
    return f"{events} {result.outputs} {result.logs} {result.variables['again']}"


def leaked(shown: str) -> set[str]:
    return {name for name, text in SECRETS.items() if text in shown}


@pytest.mark.parametrize(
    "grant", ["authorization_code", "refresh_token", "password", "client_credentials"]
)
def test_secrets_that_a_workflow_gives_itself_are_masked(oauth: OAuth, grant: str) -> None:
    config = {"grant_type": grant, "client_id": "app", "username": "ada", "token_url": oauth.url}
    config |= with_parameters(SECRETS)
    assert leaked(shown_of(oauth, "OAuth2TokenExchangeNode", config)) == set()
    sent = oauth.seen[0].fields
    assert sent["client_secret"] == SECRETS["client_secret"]
    if grant != "client_credentials":
        assert (
            SECRETS[grant.removeprefix("authorization_")]
            == sent[grant.removeprefix("authorization_")]
        )


def test_the_client_s_secret_is_masked_when_a_token_is_asked_about(oauth: OAuth) -> None:
    config = {"client_id": "app", "token": "x", "introspection_url": oauth.url}
    config |= with_parameters(["client_secret"])
    shown = shown_of(oauth, "OAuth2TokenValidateNode", config)
    assert leaked(shown) == SECRETS.keys() - {"client_secret"}


def test_secrets_of_the_environment_and_of_variables_are_masked(oauth: OAuth) -> None:
    config = {"grant_type": "password", "client_id": "app", "username": "ada"}
    config |= {"token_url": oauth.url}
    environment = {
        "HTTP_CLIENT_SECRET": SECRETS["client_secret"],
        "HTTP_PASSWORD": SECRETS["password"],
    }
    masked = {"client_secret", "password"}
    shown = shown_of(oauth, "OAuth2TokenExchangeNode", config, environment=environment)
    assert leaked(shown) == SECRETS.keys() - masked
    shown = shown_of(oauth, "OAuth2TokenExchangeNode", {**config, "credential_name": "given"})
    assert leaked(shown) == SECRETS.keys() - masked


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(body="<h1>It works!</h1>"), "API_ERROR", "check token_url"),
        (Reply(body={"token_type": "Bearer"}), "API_ERROR", "gives no access_token"),
        (Reply(status=404, body={"message": "no"}), "API_ERROR", "HTTP 404"),
        (
            Reply(body={"error": "bad_code", "error_description": "x"}),
            "PERMISSION_DENIED",
            "bad_co",
        ),
        (Reply(status=400, body={"error": {"message": "x y"}}), "PERMISSION_DENIED", "400: x y"),
        (Reply(status=503, body="busy"), "NETWORK_ERROR", "whether a token was made is not known"),
        (Reply(body=None), "NETWORK_ERROR", "whether a token was made is not known"),
        (Reply(status=307, body="", headers={"Location": "/token"}), "API_ERROR", "HTTP 307"),
    ],
)
def test_answers_of_other_servers_are_told_apart_and_asked_for_once(
    oauth: OAuth, reply: Reply, code: str, words: str
) -> None:
    oauth.instead = [reply]
    config = {**CLIENT, "token_url": f"{oauth.url}/token", "grant_type": "client_credentials"}
    got, message = failure("OAuth2TokenExchangeNode", config)
    assert (got, words in message) == (code, True), message
    assert len(oauth.seen) == 1


@pytest.mark.parametrize(
    ("said", "seconds"), [('"soon"', 0), ("null", 0), ("1e999", 0), ("59.5", 59), ('"60"', 60)]
)
def test_a_time_that_is_none_is_zero(oauth: OAuth, said: str, seconds: int) -> None:
    oauth.instead = [Reply(body=f'{{"access_token": "at-0123456789", "expires_in": {said}}}')]
    config = {**CLIENT, "token_url": f"{oauth.url}/token", "grant_type": "client_credentials"}
    result = run_node("OAuth2TokenExchangeNode", config)
    assert result.success, result.error
    assert result.outputs["n"]["expires_in"] == seconds


def test_a_blocked_run_asks_no_server_of_this_machine(oauth: OAuth) -> None:
    config = {**CLIENT, "token_url": f"{oauth.url}/token", "grant_type": "client_credentials"}
    got = failure("OAuth2TokenExchangeNode", config, block_private_addresses=True)
    assert got[0] == "PERMISSION_DENIED"
    assert oauth.seen == []
