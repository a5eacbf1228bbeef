"""Certificates are checked, unless a node says not to."""

from __future__ import annotations

import asyncio
import datetime
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from casare_rpa.nodes.http import _guard
from tests.nodes.web_server import Server, serving
from tests.support.runs import run_node

pytest.importorskip("cryptography", reason="it makes the server's certificate")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return _certificate(tmp_path, "outer.test")


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving(tls) as running:
        yield running


def test_an_unknown_certificate_fails_unless_told(server: Server) -> None:
    url = f"https://127.0.0.1:{server.server_port}/echo"
    refused = run_node("HttpRequestNode", {"url": url})
    assert refused.error is not None
    assert refused.error.code == "SSL_ERROR"
    assert server.seen == []
    trusted = run_node("HttpRequestNode", {"url": url, "verify_ssl": False})
    assert trusted.success, trusted.error


@pytest.mark.parametrize(
    ("node_type", "config", "is_answered"),
    [
        ("HttpRequestNode", {"method": "POST"}, False),
        ("HttpRequestNode", {"method": "POST"}, True),
        ("HttpDownloadFileNode", {"save_path": "f"}, True),
    ],
)
def test_an_encrypted_connection_that_breaks_is_a_failure_of_the_line(
    certificate: Path, tmp_path: Path, node_type: str, config: dict[str, str], is_answered: bool
) -> None:
    """The request has arrived: it is another thing than a certificate that is refused."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with tls.wrap_socket(connection, server_side=True) as stream:
            stream.recv(1 << 16)
            if is_answered:
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
            os.write(stream.fileno(), b"this is no record of TLS")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        given = {"url": url, "verify_ssl": False, **config}
        result = run_node(node_type, given, folder=tmp_path)
        thread.join(10)
    assert result.error is not None
    assert (result.error.code, "SSL" in result.error.message) == ("NETWORK_ERROR", True)


@pytest.mark.parametrize(("host", "fits"), [("outer.test", True), ("other.test", False)])
def test_a_checked_address_is_held_to_the_name(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, fits: bool
) -> None:
    async def looked_up(host: str) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(_guard, "public_addresses", looked_up)

    async def fetch() -> int:
        tls = ssl.create_default_context(cafile=str(certificate))
        transport = _guard.GuardedTransport(tls)
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get(f"https://{host}:{server.server_port}/echo")
            return answer.status_code

    if fits:
        assert asyncio.run(fetch()) == 200
    else:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            asyncio.run(fetch())


def test_a_connection_that_was_checked_for_one_name_serves_no_other(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both names lead to one address, and the server's certificate is good for one of them."""

    async def looked_up(host: str) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(_guard, "public_addresses", looked_up)

    async def fetch() -> None:
        tls = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(transport=_guard.GuardedTransport(tls)) as client:
            for host in ("outer.test", "other.test"):
                await client.get(f"https://{host}:{server.server_port}/echo")

    with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
        asyncio.run(fetch())
    assert [seen["headers"]["Host"].partition(":")[0] for seen in server.seen] == ["outer.test"]
