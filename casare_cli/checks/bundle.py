"""What `doctor --bundle` writes for support: a zip of a few texts, every secret masked."""

from __future__ import annotations

import io
import json
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.checks.finding import Finding
from casare_cli.context import App
from casare_cli.keys import sources as key_sources
from casare_cli.profiles.configuring import rows, without_password
from casare_rpa.errors import CasareError, InvalidInput

if TYPE_CHECKING:
    from casare_rpa.engine.secrecy.masking import Secrets

_LAST_LINES = 500
_LAST_BYTES = 256 << 10
_JOURNAL_SECONDS = 5.0
#: Keys of ours keep what names them, so that support can tell two of them apart.
_KEY = re.compile(r"\b(sk_live|robot)_([0-9A-Za-z]{8})[0-9A-Za-z]{8,}")
_CREDENTIALS = re.compile(
    r"(?i)\b(bearer|basic|api[-_]?key|password|token|secret)(\W{1,4})(\S{8,})"
)


def check_target(path: Path) -> None:
    """Raises InvalidInput where no file can be made."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InvalidInput(f"--bundle: {path} cannot be a file; name one in a folder that is there")


def write(path: Path, app: App, findings: Iterable[Finding]) -> None:
    """Write the zip, for this user alone. Raises OSError."""
    from casare_rpa.private_files import write_whole

    hide = _Redaction(_known_secrets(app))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in _files(app, findings):
            bundle.writestr(name, hide.text(text))
    write_whole(path, target.getvalue())


class _Redaction:
    """Hides what is known to be secret, and what looks like it."""

    def __init__(self, known: Iterable[str]) -> None:
        from casare_rpa.engine.secrecy.masking import Secrets

        self._secrets: Secrets = Secrets()
        for value in known:
            self._secrets.learn(value)

    def text(self, text: str) -> str:
        text = "".join(map(self._secrets.text, text.splitlines(keepends=True)))
        text = _KEY.sub(r"\1_\2...", without_password(text))
        return _CREDENTIALS.sub(r"\1\2***", text)


def _known_secrets(app: App) -> Iterator[str]:
    """The secrets that this installation can find: they are masked however they are encoded."""
    from casare_rpa.settings import FIELDS

    try:
        given, settings = app.given(), app.settings
    except CasareError:
        given = {}
    else:
        yield app.find_key(settings).key
        yield from key_sources.login_file().keys()
        yield key_sources.admin_key(app.state_dir, "http://localhost")
    for name, found in given.items():
        if FIELDS[name].metadata["secret"]:
            yield str(found.value)


def _files(app: App, findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    yield "doctor.json", _json([finding.to_dict() for finding in findings])
    yield "machine.json", _json(_machine())
    yield "versions.txt", "\n".join(_versions()) + "\n"
    try:
        yield "settings.json", _json(list(rows(app)))
    except CasareError as error:
        yield "settings.json", _json({"error": error.message})
        return
    yield "agent-status.json", _json(_agent(app))
    for path in sorted(app.state_dir.expanduser().glob("*.log")):
        yield f"logs/{path.name}", _last_lines(path)
    if journal := _system_journal():
        yield "logs/journal.txt", journal


def _machine() -> Mapping[str, Any]:
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": sys.version,
        "encoding": sys.getfilesystemencoding(),
    }


def _versions() -> list[str]:
    return sorted({f"{found.name}=={found.version}" for found in metadata.distributions()})


def _agent(app: App) -> Mapping[str, Any] | None:
    from casare_cli.machine.agent import running

    return running(app, None)[1]


def _last_lines(path: Path) -> str:
    with path.open("rb") as source:
        source.seek(max(0, path.stat().st_size - _LAST_BYTES))
        lines = source.read().decode("utf-8", "replace").splitlines(keepends=True)
    return "".join(lines[-_LAST_LINES:])


def _system_journal() -> str:
    """The last lines that the roles wrote to systemd's journal; empty where there is none."""
    program = shutil.which("journalctl")
    if program is None:
        return ""
    words = ("-t", "casare-rpa", "-n", str(_LAST_LINES), "--no-pager", "-q", "-o", "short-iso")
    try:
        done = subprocess.run(
            [program, *words], capture_output=True, timeout=_JOURNAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
