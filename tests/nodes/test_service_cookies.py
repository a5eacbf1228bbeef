"""Services that know a caller by a token share no cookies with the web requests of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support.api_server import ApiServer, Reply, Request, serving
from tests.support.runs import chain, document, node, run_document


class _Baker(ApiServer):
    """Answers as each of the services does, and gives a cookie of its own with each answer."""

    def reply(self, request: Request) -> Reply:
        said = {
            **{"ok": True, "result": {"message_id": 1, "chat": {"id": 1}}},
            "messages": [{"id": "wamid.1"}],
            **{"access_token": "at-0123456789", "active": True},
        }
        cookie = f"answer{len(self.seen)}=x; Path=/"
        return Reply(body=said, headers={"Set-Cookie": cookie})


def _telegram(url: str) -> Mapping[str, Any]:
    login = {"bot_token": "1:x", "api_url": url, "chat_id": 1}
    return node("TelegramSendMessageNode", **login, text="x")


def _whatsapp(url: str) -> Mapping[str, Any]:
    login = {"access_token": "EAAx", "phone_number_id": "7", "api_url": url}
    return node("WhatsAppSendMessageNode", **login, to="+49 170 1234567", text="x")


def _exchange(url: str) -> Mapping[str, Any]:
    asked = {"grant_type": "client_credentials", "client_id": "app"}
    return node("OAuth2TokenExchangeNode", **asked, token_url=url)


def _validate(url: str) -> Mapping[str, Any]:
    return node("OAuth2TokenValidateNode", client_id="app", token="t", introspection_url=url)


@pytest.mark.parametrize("service", [_telegram, _whatsapp, _exchange, _validate])
def test_cookies_neither_come_from_a_service_nor_go_to_it(
    service: Callable[[str], Mapping[str, Any]],
) -> None:
    with serving(_Baker()) as server:
        nodes = {
            "page": node("HttpRequestNode", url=server.url),
            "first": service(server.url),
            "second": service(server.url),
            "again": node("HttpRequestNode", url=server.url),
        }
        result = run_document(document(nodes, chain(*nodes)))
        assert result.success, result.error
        brought = [request.headers.get("cookie") for request in server.seen]
        assert brought == [None, None, None, "answer1=x"]
