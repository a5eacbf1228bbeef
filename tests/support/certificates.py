"""Certificates made for a test, good and bad ones."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="certificates are made with cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as objects and as files."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    cert_file: Path
    key_file: Path

    def server_context(self, *, clients: Pair | None = None) -> ssl.SSLContext:
        """What a server shows; it wants a certificate of *clients*, if that is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        if clients is not None:
            context.load_verify_locations(clients.cert_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@dataclass
class Authority:
    """Makes certificates below its own, `root`, into one folder."""

    folder: Path
    #: Without key usage and key identifiers, as many a home-made one.
    careless: bool = False

    def __post_init__(self) -> None:
        self.root = self._make("root", None, {}, is_authority=True)

    def issue(
        self, name: str, *, host: str = "127.0.0.1", days: float = 30, self_signed: bool = False
    ) -> Pair:
        """A certificate for *host* that is good for *days* from now; negative ones have passed."""
        issuer = None if self_signed else self.root
        return self._make(name, issuer, {"host": host, "days": str(days)}, is_authority=False)

    def _make(
        self, name: str, issuer: Pair | None, about: dict[str, str], *, is_authority: bool
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.folder.name} {name}")])
        until = datetime.now(UTC) + timedelta(days=float(about.get("days", "30")))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - timedelta(days=90))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if host := about.get("host"):
            builder = builder.add_extension(x509.SubjectAlternativeName([_name(host)]), False)
        if not self.careless:
            builder = _careful(builder, key, issuer, is_authority)
        signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
        return self._written(name, signed, key)

    def _written(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> Pair:
        pair = Pair(certificate, key, self.folder / f"{name}.pem", self.folder / f"{name}.key")
        self.folder.mkdir(exist_ok=True)
        pair.cert_file.write_bytes(certificate.public_bytes(_PEM))
        pair.key_file.write_bytes(_private(key, serialization.NoEncryption()))
        return pair


def locked(pair: Pair, password: bytes = b"password") -> Path:
    """The file of the key, locked with a password."""
    path = pair.key_file.with_suffix(".locked")
    path.write_bytes(_private(pair.key, serialization.BestAvailableEncryption(password)))
    return path


def _private(
    key: ec.EllipticCurvePrivateKey, how: serialization.KeySerializationEncryption
) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, how)


def _careful(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    issuer: Pair | None,
    is_authority: bool,
) -> x509.CertificateBuilder:
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    above = (issuer.key if issuer else key).public_key()
    return (
        builder.add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), False)
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
