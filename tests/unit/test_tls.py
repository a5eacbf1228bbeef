"""Why TLS fails, said plainly: real handshakes with certificates made here."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa import tls
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import ConfigInvalid, Unreachable
from casare_rpa.settings import Settings
from tests.support.certificates import Authority, Pair, locked


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextlib.contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[int]:
    """The port of a server that greets everybody over TLS, or without it, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            raw, _ = server.accept()
            # Kept open until the client is gone: a reset would overtake what TLS has to say.
            with socket.socket(fileno=os.dup(raw.fileno())) as kept, contextlib.suppress(OSError):
                with contextlib.suppress(ssl.SSLError):
                    _greet(raw, context)
                while kept.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _greet(raw: socket.socket, context: ssl.SSLContext | None) -> None:
    with raw, context.wrap_socket(raw, server_side=True) if context else raw as near:
        near.recv(65536)
        near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def refused(context: ssl.SSLContext | None, **options: object) -> Unreachable:
    """What a client says that calls such a server."""
    with listening(context) as port:
        settings = Settings(orchestrator_url=f"https://127.0.0.1:{port}", **options)  # type: ignore[arg-type]
        with (
            OrchestratorClient.of(settings, "") as client,
            pytest.raises(Unreachable) as caught,
        ):
            client.health()
    return caught.value


@pytest.mark.parametrize(
    ("about", "trusted", "message", "mend"),
    [
        ({"days": -1}, True, "it has expired", "renew"),
        ({"days": 100}, True, "it is not valid yet", "clock"),
        ({"host": "192.0.2.1"}, True, "for another address", "name"),
        ({"self_signed": True}, False, "self-signed", "--ca-file"),
        ({}, False, "authority that this machine does not know", "--ca-file"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_is_explained(
    authority: Authority, about: dict[str, object], trusted: bool, message: str, mend: str
) -> None:
    pair = authority.issue("server", **about)  # type: ignore[arg-type]
    ca_file = str(authority.root.cert_file) if trusted else ""
    error = refused(pair.server_context(), ca_file=ca_file)
    assert message in error.message
    assert mend in str(error.hint)


def test_the_stricter_checks_of_newer_pythons_are_explained(tmp_path: Path) -> None:
    careless = Authority(tmp_path / "careless", careless=True)
    context = ssl.create_default_context(cafile=str(careless.root.cert_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python 3.13 does by itself
    with (
        listening(careless.issue("server").server_context()) as port,
        OrchestratorClient(f"https://127.0.0.1:{port}", tls=context) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.health()
    assert "Python 3.13" in caught.value.message
    assert "keyUsage" in str(caught.value.hint)


def test_a_good_certificate_passes_the_strict_checks(authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.root.cert_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        listening(authority.issue("good").server_context()) as port,
        OrchestratorClient(f"https://127.0.0.1:{port}", tls=context) as client,
    ):
        assert client.health() == {}


def test_a_server_that_wants_a_certificate_says_so(authority: Authority, tmp_path: Path) -> None:
    wants = authority.issue("strict").server_context(clients=authority.root)
    ca_file = str(authority.root.cert_file)
    assert "--client-cert" in str(refused(wants, ca_file=ca_file).hint)
    stranger = Authority(tmp_path / "stranger").issue("client")
    given = {"client_cert": str(stranger.cert_file), "client_key": str(stranger.key_file)}
    assert "refuses the certificate" in refused(wants, ca_file=ca_file, **given).message


def test_plain_http_behind_an_https_address_is_told() -> None:
    assert "does not speak TLS" in refused(None).message


@pytest.fixture(scope="module")
def client_pair(authority: Authority) -> Pair:
    return authority.issue("client")


def test_files_that_cannot_be_used_are_named(
    authority: Authority, client_pair: Pair, tmp_path: Path
) -> None:
    text = tmp_path / "text"
    text.write_text("no certificate\n")
    other = authority.issue("other")
    cert, key = str(client_pair.cert_file), str(client_pair.key_file)
    wrong = [
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file: cannot read /nowhere/ca.pem"),
        ({"ca_file": str(text)}, "holds no certificate"),
        ({"client_cert": str(text), "client_key": key}, "client_cert: "),
        ({"client_cert": cert, "client_key": str(other.key_file)}, "is not the key of"),
        ({"client_cert": cert, "client_key": str(locked(client_pair))}, "has a password"),
        ({"client_cert": cert}, "a certificate and its key"),
        ({"client_key": key}, "without client_cert"),
    ]
    for given, message in wrong:
        settings = Settings(orchestrator_url="https://example.org", **given)  # type: ignore[arg-type]
        with pytest.raises(ConfigInvalid, match=message):
            tls.context_of(settings)


def test_plain_http_needs_none_of_it() -> None:
    assert tls.context_of(Settings(orchestrator_url="http://example.org", ca_file="/nope")) is None
