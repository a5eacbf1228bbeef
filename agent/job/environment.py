"""The environment of a job: what programs need to run, and none of the agent's secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_NAMES = frozenset(
    {
        # who and where
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "HOSTNAME", "TMPDIR", "TEMP", "TMP",
        # language and time
        "LANG", "LANGUAGE", "TZ", "TERM",
        # the desktop
        "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS",
        # the network
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        # Google: where the key file lies, and what stands for its services
        "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_API_BASE_URL",
        # Python and what it loads
        "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "VIRTUAL_ENV",
        "LD_LIBRARY_PATH", "PLAYWRIGHT_BROWSERS_PATH",
        # Windows
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA",
        "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "USERPROFILE", "USERNAME",
        "HOMEDRIVE", "HOMEPATH", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    }
)  # fmt: skip
_PREFIXES = ("LC_", "XDG_")


def job_environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The part of *env* that a job may see: a list of names, so that nothing new slips in."""
    return {
        name: value
        for name, value in env.items()
        if name.upper() in _NAMES or name.startswith(_PREFIXES)
    }


@contextmanager
def only(env: Mapping[str, str]) -> Iterator[None]:
    """Make *env* the whole environment of this process while the block runs.

    Not for use while other threads read the environment.
    """
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(env)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
