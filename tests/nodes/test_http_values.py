"""What prepares requests and reads answers, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.runs import run_node


def _run(node_type: str, variables: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    options = {"environment": config.pop("environment", {})}
    result = run_node(node_type, config, variables, **options)
    assert result.success, result.error
    return dict(result.outputs["n"])


def _code(node_type: str, **config: Any) -> str:
    result = run_node(node_type, config, environment={})
    assert result.error is not None
    return result.error.code


@pytest.mark.parametrize(
    ("config", "url"),
    [
        ({"base_url": "https://a.org/api/", "path": "/v1/x"}, "https://a.org/api/v1/x"),
        ({"base_url": "https://a.org"}, "https://a.org"),
        (
            {"base_url": "https://a.org?k=1", "path": "x", "params": {"q": "a b&c", "l": [1, 2]}},
            "https://a.org/x?k=1&q=a+b%26c&l=1&l=2",
        ),
        ({"base_url": "https://a.org", "params": '{"on": true}'}, "https://a.org?on=true"),
    ],
)
def test_a_url_is_assembled(config: dict[str, Any], url: str) -> None:
    assert _run("BuildUrlNode", **config)["url"] == url


def test_later_headers_win() -> None:
    got = _run(
        "SetHttpHeadersNode",
        headers={"A": "1", "B": "1", "C": 1},
        headers_json='{"B": "2", "C": "2"}',
        header_name="C",
        header_value="3",
    )
    assert got["headers"] == {"A": "1", "B": "2", "C": "3"}


def test_a_header_cannot_smuggle_in_another() -> None:
    config = {"header_name": "A", "header_value": "b\nC: d"}
    assert _code("SetHttpHeadersNode", **config) == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("config", "headers"),
    [
        ({"token": "t"}, {"Authorization": "Bearer t"}),
        (
            {"auth_type": "basic", "username": "Aladdin", "password": "open sesame"},
            {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        ),
        ({"auth_type": "ApiKey", "token": "k", "api_key_name": "K"}, {"K": "k"}),
        ({"token": "t", "base_headers": {"A": "b"}}, {"A": "b", "Authorization": "Bearer t"}),
        ({"credential_name": "cred", "token": "no"}, {"Authorization": "Bearer stored"}),
        ({"environment": {"HTTP_TOKEN": "e"}}, {"Authorization": "Bearer e"}),
    ],
)
def test_credentials_become_headers(config: dict[str, Any], headers: dict[str, str]) -> None:
    variables = {"cred": {"token": "stored"}}
    assert _run("HttpAuthNode", variables, **config)["headers"] == headers


def test_a_missing_secret_and_an_unknown_kind_fail() -> None:
    assert _code("HttpAuthNode") == "MISSING_REQUIRED_FIELD"
    assert _code("HttpAuthNode", auth_type="Digest", token="t") == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b[1].c", 7), ("a.b[-1].c", 7), ("a.b", [1, {"c": 7}]), ("", {"a": {"b": [1, {"c": 7}]}})],
)
def test_a_path_leads_into_json(path: str, value: Any) -> None:
    for response in ('{"a": {"b": [1, {"c": 7}]}}', {"a": {"b": [1, {"c": 7}]}}):
        got = _run("ParseJsonResponseNode", response=response, path=path)
        assert got == {"value": value, "success": True, "error": ""}


def test_a_missing_value_fails_unless_there_is_a_default() -> None:
    config: dict[str, Any] = {"response": {"a": 1}, "path": "b.c"}
    assert _code("ParseJsonResponseNode", **config) == "VALIDATION_FAILED"
    assert _run("ParseJsonResponseNode", **config, default="none")["value"] == "none"
    assert _code("ParseJsonResponseNode", response="{", path="a") == "PARSE_ERROR"
    assert _code("ParseJsonResponseNode", path="a") == "MISSING_REQUIRED_FIELD"
