"""Requests to a real server, and what becomes of its answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from casare_rpa.nodes.http import request
from tests.nodes.web_server import Server, serving
from tests.support.runs import chain, document, node, run_document, run_node


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def ask(url: str, node_type: str = "HttpRequestNode", **config: Any) -> dict[str, Any]:
    result = run_node(node_type, {"url": url, **config})
    assert result.success, result.error
    return dict(result.outputs["n"])


def refusal(url: str, node_type: str = "HttpRequestNode", **config: Any) -> tuple[str, str]:
    options = config.pop("options", {})
    result = run_node(node_type, {"url": url, **config}, **options)
    assert result.error is not None, result.outputs
    return result.error.code, result.error.message


def test_an_answer_in_json_is_parsed(server: Server) -> None:
    got = ask(f"{server.url}/echo?a=1", params={"b": [2, "ü"], "c": None}, headers={"X-Y": 7})
    assert (got["status_code"], got["success"], got["error"]) == (200, True, "")
    assert got["response_json"]["query"] == {"a": ["1"], "b": ["2", "ü"]}
    assert got["response_json"]["headers"]["X-Y"] == "7"
    assert json.loads(got["response_body"]) == got["response_json"]
    assert got["response_headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [201, 301, 404, 500])
def test_any_status_is_a_success_of_the_node(server: Server, status: int) -> None:
    got = ask(f"{server.url}/status/{status}")
    assert (got["status_code"], got["response_body"]) == (status, "sorry")
    assert got["success"] is (status == 201)
    assert got["error"] == ("" if status == 201 else f"HTTP {status}")


def test_text_is_decoded_as_the_server_says_or_the_node(server: Server) -> None:
    assert ask(f"{server.url}/text")["response_body"] == "grüße"
    assert ask(f"{server.url}/text", response_encoding="cp437")["response_body"] != "grüße"
    config = {"response_encoding": "utf-99"}
    assert refusal(f"{server.url}/text", **config)[0] == "INVALID_INPUT"


def test_what_calls_itself_json_and_is_not_stays_text(server: Server) -> None:
    got = ask(f"{server.url}/broken")
    assert got["response_body"] == '{"a": '
    assert got.get("response_json") is None


@pytest.mark.parametrize(
    ("body", "content_type", "sent", "sent_type"),
    [
        ({"a": [1, "ü"]}, "application/json", '{"a": [1, "ü"]}', "application/json"),
        ("<a/>", "text/xml", "<a/>", "text/xml"),
        (
            {"a": "1 2", "b": True},
            "application/x-www-form-urlencoded",
            "a=1+2&b=true",
            "application/x-www-form-urlencoded",
        ),
        ([1], "", "[1]", "application/json"),
    ],
)
def test_bodies_are_sent_by_their_kind(
    server: Server, body: Any, content_type: str, sent: str, sent_type: str
) -> None:
    ask(f"{server.url}/echo", method="post", body=body, content_type=content_type)
    seen = server.seen[0]
    assert (seen["method"], seen["body"].decode()) == ("POST", sent)
    assert seen["headers"]["Content-Type"] == sent_type


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "OPTIONS"])
def test_other_methods_send_no_body(server: Server, method: str) -> None:
    ask(f"{server.url}/echo", method=method, body="x")
    assert (server.seen[0]["method"], server.seen[0]["body"]) == (method, b"")


def test_the_older_nodes_stand_for_their_method(server: Server) -> None:
    ask(f"{server.url}/echo", node_type="HttpPutNode", body="x")
    assert (server.seen[0]["method"], server.seen[0]["body"]) == ("PUT", b"x")


def test_headers_may_be_json_text(server: Server) -> None:
    ask(f"{server.url}/echo", headers='{"Content-Type": "text/x", "A": "b"}', method="POST", body=1)
    assert server.seen[0]["headers"]["Content-Type"] == "text/x"
    assert server.seen[0]["headers"]["A"] == "b"


@pytest.mark.parametrize("headers", ["nonsense!", "[1]", {"A": "b\r\nC: d"}])
def test_bad_headers_fail(server: Server, headers: Any) -> None:
    assert refusal(f"{server.url}/echo", headers=headers)[0] in ("TYPE_MISMATCH", "INVALID_INPUT")
    assert server.seen == []


def test_redirects_are_followed_up_to_a_limit(server: Server) -> None:
    assert ask(f"{server.url}/redirect/3")["response_json"]["path"] == "/echo"
    code, message = refusal(f"{server.url}/redirect/3", max_redirects=2)
    assert (code, "more than 2 redirects" in message) == ("HTTP_ERROR", True)


def test_redirects_are_left_alone_if_told(server: Server) -> None:
    got = ask(f"{server.url}/redirect/3", follow_redirects=False)
    assert (got["status_code"], got["response_headers"]["Location"]) == (302, "/redirect/2")


def test_a_redirect_keeps_the_body_where_it_has_to(server: Server) -> None:
    got = ask(f"{server.url}/to?url=/echo", method="POST", body="again")
    assert got["response_json"]["body"] == "again"


def test_a_redirect_leads_to_http_only(server: Server) -> None:
    assert refusal(f"{server.url}/to?url=file:///etc/passwd")[0] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x/y",
        "http://",
        "x.org",
        "http://h:99999/",
        "{{u}}",
        "http://a\x01b/",
        "http://[::1/",
    ],
)
def test_what_is_no_url_fails(url: str) -> None:
    assert refusal(url)[0] in ("INVALID_INPUT", "MISSING_REQUIRED_FIELD")


def test_an_unknown_method_is_answered_with_the_list(server: Server) -> None:
    code, message = refusal(f"{server.url}/echo", method="FETCH")
    assert (code, "OPTIONS" in message) == ("INVALID_INPUT", True)


def test_a_refused_connection_fails_the_node() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, message = refusal(f"http://127.0.0.1:{taken.getsockname()[1]}/?key=secret")
    assert (code, "secret" in message) == ("CONNECTION_REFUSED", False)


def test_an_unknown_host_fails_the_node() -> None:
    assert refusal("http://nowhere.invalid/")[0] == "DNS_LOOKUP_FAILED"


def test_a_server_that_does_not_answer_is_not_waited_for(server: Server) -> None:
    code, message = refusal(f"{server.url}/slow", timeout=0.3)
    assert (code, "0.3 s" in message) == ("TIMEOUT", True)


def test_an_answer_that_breaks_off_fails(server: Server) -> None:
    assert refusal(f"{server.url}/cut")[0] == "NETWORK_ERROR"


def test_an_answer_too_large_fails(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "MAX_BODY_BYTES", 1000)
    assert len(ask(f"{server.url}/big/1000")["response_body"]) == 1000
    assert refusal(f"{server.url}/big/1001")[0] == "RESOURCE_EXHAUSTED"
    assert refusal(f"{server.url}/bomb/100000")[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("path", "code"), [("big/1001", "RESOURCE_EXHAUSTED"), ("slow", "TIMEOUT")]
)
def test_a_webhook_keeps_to_the_same_limits(
    server: Server, monkeypatch: pytest.MonkeyPatch, path: str, code: str
) -> None:
    monkeypatch.setattr(request, "MAX_BODY_BYTES", 1000)
    timeout = 1 if code == "TIMEOUT" else 60
    about = {"webhook_url": f"{server.url}/{path}?token=t0ken", "timeout": timeout}
    error = run_node("WebhookNotifyNode", about).error
    assert error is not None
    assert error.code == code
    assert "the webhook did not answer: " in error.message
    assert path not in error.message and "t0ken" not in error.message


@pytest.mark.parametrize("password", ["abc/def", "a?b", "a#b"])
def test_a_password_that_is_not_encoded_is_not_quoted_in_pieces(password: str) -> None:
    result = run_node(
        "HttpRequestNode",
        {"url": "http://user:{{pw}}@host/"},
        {"pw": password},
    )
    assert result.error is not None
    assert "Port could not" not in result.error.message


def test_a_busy_server_is_asked_again(server: Server) -> None:
    got = ask(f"{server.url}/busy/2", retry_count=2, retry_delay=0)
    assert (got["status_code"], len(server.seen)) == (200, 3)


def test_the_last_busy_answer_is_the_answer(server: Server) -> None:
    got = ask(f"{server.url}/busy/9", retry_count=1, retry_delay=0)
    assert (got["status_code"], len(server.seen)) == (503, 2)


def test_a_broken_connection_is_tried_again(server: Server) -> None:
    assert refusal(f"{server.url}/cut", retry_count=2, retry_delay=0)[0] == "NETWORK_ERROR"
    assert len(server.seen) == 3


def test_a_login_lasts_for_the_run(server: Server) -> None:
    raw = document(
        {
            "login": node("HttpRequestNode", url=f"{server.url}/login"),
            "use": node("HttpRequestNode", url=f"{server.url}/echo"),
        },
        chain("login", "use"),
    )
    assert run_document(raw).success
    assert server.seen[1]["headers"]["Cookie"] == "session=abc"


def test_loopback_needs_no_proxy_and_others_take_the_one_of_the_environment(
    server: Server,
) -> None:
    environment = {"HTTP_PROXY": server.url, "NO_PROXY": "skipped.invalid"}
    for url in (f"{server.url}/echo", "http://there.invalid/status/418"):
        assert run_node("HttpRequestNode", {"url": url}, environment=environment).success
    # A proxy is asked for the whole URL.
    assert [seen["path"] for seen in server.seen] == ["/echo", "/status/418"]
    code, _ = refusal("http://skipped.invalid/", options={"environment": environment})
    assert code == "DNS_LOOKUP_FAILED"


def test_a_proxy_of_an_unknown_kind_fails(server: Server) -> None:
    assert refusal(f"{server.url}/echo", proxy="gopher://x")[0] == "CONFIG_INVALID"


@pytest.mark.parametrize(("path", "wanted"), [("echo?v=1", "{'v': ['1']}"), ("text", "grüße")])
def test_response_is_json_or_else_text(server: Server, path: str, wanted: str) -> None:
    field = "response.query" if "echo" in path else "response"
    raw = document(
        {
            "get": node("HttpRequestNode", url=f"{server.url}/{path}"),
            "keep": node("SetVariableNode", variable_name="v", value=f"{{{{get.{field}}}}}"),
        },
        chain("get", "keep"),
    )
    assert str(run_document(raw).variables["v"]) == wanted


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_super_node_speaks_every_method(server: Server, method: str) -> None:
    for action in (f"{method} Request", method):
        config = {"action": action, "body": {"k": 1}, "params": {"q": 2}}
        got = ask(f"{server.url}/echo", node_type="HTTPSuperNode", **config)
        told = got["response_json"]
        assert told["method"] == method
        assert told["body"] == ('{"k": 1}' if method in ("POST", "PUT", "PATCH") else "")
        assert told["query"] == ({"q": ["2"]} if method in ("GET", "POST") else {})


def test_the_super_node_lists_its_actions() -> None:
    code, message = refusal("http://x.org", node_type="HttpSuperNode", action="FETCH")
    assert (code, "Configure Auth" in message) == ("INVALID_INPUT", True)


def test_the_super_node_makes_headers_of_a_secret() -> None:
    config = {"action": "Configure Auth", "auth_type": "api_key", "token": "t", "header_name": "K"}
    assert ask("", node_type="HttpSuperNode", **config) == {
        "auth_headers": {"K": "t"},
        "success": True,
    }
