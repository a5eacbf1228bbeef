"""TLS to the orchestrator: whom this program trusts, who it says it is, and why it failed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Never
from urllib.parse import urlsplit

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings

_NEW_CERTIFICATE = (
    "Its owner makes a new one with the extensions basicConstraints and keyUsage marked critical,"
    " subjectKeyIdentifier and authorityKeyIdentifier."
)
#: What is wrong and the mend, by OpenSSL's codes of verification (openssl-verification-options).
_UNTRUSTED: dict[int, tuple[str, str]] = {
    9: ("it is not valid yet", "Compare the clocks of both machines: casare-rpa doctor."),
    10: ("it has expired", "Its owner renews it; is the clock of this machine right?"),
    18: (
        "it is self-signed, and this machine does not know it",
        "If it is the right one, name its file: --ca-file FILE, CASARE_CA_FILE.",
    ),
    19: (
        "it comes from an authority that this machine does not know",
        "Name the file of your organisation's authority: --ca-file FILE, CASARE_CA_FILE.",
    ),
    62: ("it is for another host", "Use the name that the certificate was made for."),
    64: ("it is for another address", "Use the name that the certificate was made for."),
}
_UNTRUSTED |= {20: _UNTRUSTED[19], 21: _UNTRUSTED[19]}
#: The codes that only VERIFY_X509_STRICT gives, which Python switches on since 3.13.
_STRICT = range(80, 95)
#: By the reason that OpenSSL gives for a handshake that failed.
_REFUSED: dict[str, tuple[str, str]] = {
    "WRONG_VERSION_NUMBER": ("what listens there does not speak TLS", "Try it with http://."),
    "HTTP_REQUEST": ("what listens there does not speak TLS", "Try it with http://."),
}
_WANTS_CERTIFICATE = (
    "it wants to see a certificate of this program",
    "Name yours: --client-cert FILE --client-key FILE, CASARE_CLIENT_CERT, CASARE_CLIENT_KEY.",
)
_REFUSES_CERTIFICATE = (
    "it refuses the certificate of this program",
    "Is the one of --client-cert (client_cert) right, and not expired?",
)
_TOO_OLD = ("both sides have no version of TLS in common", "Update the older one of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why TLS failed, and the mend."""

    message: str
    hint: str


def context_of(settings: Settings) -> ssl.SSLContext | None:
    """What a connection to the orchestrator needs; None where it is plain HTTP.

    Raises ConfigInvalid, which names the setting, when a file is missing or not what it should be.
    """
    if urlsplit(settings.orchestrator_url).scheme != "https":
        return None
    context = _trusting(settings.ca_file)
    if settings.client_cert:
        _show(context, settings.client_cert, settings.client_key)
    elif settings.client_key:
        raise ConfigInvalid("client_key is of no use without client_cert")
    return context


def _trusting(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return ssl.create_default_context(cafile=_own_store())
    path = _existing("ca_file", ca_file)
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"ca_file: {path} holds no certificate (PEM)") from error


def _own_store() -> str | None:
    """The authorities that come with the HTTP library, where the system has none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath or hasattr(ssl, "enum_certificates"):
        return None
    import certifi  # noqa: PLC0415 - most machines do not need it

    return certifi.where()


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    cert_path = _existing("client_cert", certificate)
    key_path = _existing("client_key", key) if key else None
    try:
        context.load_cert_chain(cert_path, key_path, password=_no_password)
    except ssl.SSLError as error:
        raise ConfigInvalid(_wrong_pair(error, cert_path, key_path)) from error
    except OSError as error:
        raise ConfigInvalid(f"client_cert: cannot read {cert_path}: {error.strerror}") from error


def _wrong_pair(error: ssl.SSLError, certificate: str, key: str | None) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"client_key: {key or certificate} is not the key of {certificate}"
    wanted = f"a certificate, and {key} its private key" if key else "a certificate and its key"
    return f"client_cert: {certificate} is not {wanted} (PEM)"


def _no_password() -> Never:
    raise ConfigInvalid(
        "client_key: the private key has a password, which nobody can be asked for",
        hint="Take it off (openssl pkey -in KEY -out PLAIN), and keep the file to yourself: 0600.",
    )


def _existing(name: str, text: str) -> str:
    path = Path(text).expanduser()
    try:
        with path.open("rb"):
            return str(path)
    except OSError as error:
        raise ConfigInvalid(f"{name}: cannot read {path}: {error.strerror}") from error


def explain(error: BaseException) -> Reason | None:
    """Why TLS failed, found in *error* or what it came from; None if it was not TLS."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ssl.SSLError):
        found = found.__cause__ or found.__context__
    if isinstance(found, ssl.SSLCertVerificationError):
        return _untrusted(found)
    return _refused(found.reason or "") if isinstance(found, ssl.SSLError) else None


def _untrusted(error: ssl.SSLCertVerificationError) -> Reason:
    said = error.verify_message.rstrip(".")
    if error.verify_code in _STRICT:
        what, hint = f"Python 3.13 and newer refuse how it was made: {said}", _NEW_CERTIFICATE
    else:
        what, hint = _UNTRUSTED.get(error.verify_code, (said, "Look at it: openssl s_client."))
    detail = f" ({said})" if error.verify_code in (62, 64) else ""
    return Reason(message=f"its certificate cannot be trusted: {what}{detail}", hint=hint)


def _refused(reason: str) -> Reason | None:
    if "CERTIFICATE_REQUIRED" in reason:
        message, hint = _WANTS_CERTIFICATE
    elif "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        message, hint = _REFUSES_CERTIFICATE
    elif "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        message, hint = _TOO_OLD
    elif reason in _REFUSED:
        message, hint = _REFUSED[reason]
    else:
        return None
    return Reason(message=message, hint=hint)
