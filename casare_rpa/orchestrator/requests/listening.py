"""The socket that a server listens on: opened first, so that a wrong address changes nothing."""

from __future__ import annotations

import errno
import socket
import sys

from casare_rpa.errors import ConfigInvalid
from casare_rpa.hosts import is_this_machine
from casare_rpa.settings import Settings


def check_exposure(settings: Settings) -> None:
    """Raises ConfigInvalid when keys would cross a network in plain text unasked."""
    if not is_this_machine(settings.host) and not settings.allow_plaintext:
        raise ConfigInvalid(
            f"refusing to listen on {settings.host}: keys would cross the network in plain text",
            hint="Put a TLS proxy in front and listen on 127.0.0.1, or add --allow-plaintext.",
        )


def bind(settings: Settings) -> socket.socket:
    """A listening socket. Raises ConfigInvalid when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _cannot_listen(settings, error) from error
    listener.setblocking(False)
    return listener


def _cannot_listen(settings: Settings, error: Exception) -> ConfigInvalid:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return ConfigInvalid(
            f"port {settings.port} on {settings.host} is in use",
            hint="Stop the other program, or choose another port with --port (0 takes a free one).",
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ConfigInvalid(
        f"cannot listen on {settings.host} port {settings.port}: {reason}",
        hint="Choose an address of this machine with --host and a port with --port.",
    )


def url_of(listener: socket.socket, settings: Settings) -> str:
    """The address under which this machine reaches *listener*."""
    port = listener.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{port}"
