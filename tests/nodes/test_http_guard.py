"""Private addresses are out of reach when the run says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes import _addresses
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.http import _guard
from tests.nodes.web_server import Server, serving
from tests.support.runs import run_node


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_a_blocked_run_does_not_reach_this_machine(server: Server, host: str) -> None:
    url = f"http://{host}:{server.server_port}/echo"
    result = run_node("HttpRequestNode", {"url": url}, block_private_addresses=True)
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"
    assert server.seen == []


@pytest.mark.parametrize(
    ("node_type", "more"),
    [
        ("HttpDownloadFileNode", {"save_path": "f"}),
        ("HttpUploadFileNode", {"file_path": "up"}),
        ("HttpSuperNode", {"action": "GET"}),
        ("HttpSuperNode", {"action": "Upload File", "file_path": "up"}),
        ("HttpSuperNode", {"action": "Download File", "save_path": "f"}),
        ("WebhookNotifyNode", {}),
    ],
)
def test_every_node_keeps_to_it(
    server: Server, tmp_path: Path, node_type: str, more: dict[str, Any]
) -> None:
    (tmp_path / "up").write_text("x")
    url = f"{server.url}/echo"
    config = {"webhook_url" if node_type == "WebhookNotifyNode" else "url": url, **more}
    result = run_node(node_type, config, folder=tmp_path, block_private_addresses=True)
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"
    assert server.seen == []


def test_a_node_may_block_for_itself(server: Server, tmp_path: Path) -> None:
    config = {"url": f"{server.url}/echo", "save_path": "f", "allow_internal_urls": False}
    result = run_node("HttpDownloadFileNode", config, folder=tmp_path)
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"


def test_a_node_cannot_open_what_the_run_blocks(server: Server, tmp_path: Path) -> None:
    config = {"url": f"{server.url}/echo", "save_path": "f", "allow_internal_urls": True}
    options: dict[str, Any] = {"folder": tmp_path, "block_private_addresses": True}
    assert not run_node("HttpDownloadFileNode", config, **options).success


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "::"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"),
    ],
)
def test_these_addresses_are_private(address: str) -> None:
    assert _addresses.is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_these_addresses_are_public(address: str) -> None:
    assert not _addresses.is_private(address)


def test_the_checked_address_is_the_one_connected_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers otherwise the second time changes nothing."""
    asked: list[str] = []

    async def looked_up(host: str) -> list[str]:
        asked.append(host)
        if host == "inner.test":
            raise NodeError("private", ErrorCode.PERMISSION_DENIED)
        return ["127.0.0.1"]

    monkeypatch.setattr(_guard, "public_addresses", looked_up)

    async def fetch(path: str) -> httpx.Response:
        transport = _guard.GuardedTransport(httpx.create_ssl_context())
        async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
            return await client.get(f"http://outer.test:{server.server_port}{path}")

    answer = asyncio.run(fetch("/redirect/1"))
    assert answer.status_code == 200
    assert server.seen[-1]["headers"]["Host"] == f"outer.test:{server.server_port}"
    with pytest.raises(NodeError):
        asyncio.run(fetch("/to?url=http://inner.test/"))
    # Once a connection: the first redirect goes over the one that was checked.
    assert asked == ["outer.test", "outer.test", "inner.test"]


def test_an_address_that_refuses_is_followed_by_the_next_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked_up(host: str) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # the server listens on the second one only

    monkeypatch.setattr(_guard, "public_addresses", looked_up)

    async def fetch() -> int:
        transport = _guard.GuardedTransport(httpx.create_ssl_context())
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.post(
                f"http://outer.test:{server.server_port}/echo", content=b"once"
            )
            return answer.status_code

    assert asyncio.run(fetch()) == 200
    assert len(server.seen) == 1
