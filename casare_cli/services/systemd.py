"""The unit of the agent, and what systemd's own tools say to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from casare_cli.services.service import Service
from casare_rpa.errors import CasareError
from casare_rpa.secrets.credentials import API_KEY

_TOOL_SECONDS = 60.0
#: A stop waits for running jobs; systemd itself ends it at TimeoutStopSec.
_STOP_SECONDS = 24 * 3600.0
#: The first version that lengthens the pause between restarts.
_RESTART_STEPS = 254
_RECURSIVE_ERRORS = 250

_UNIT = """\
# Written by `casare-rpa agent install`, removed by `casare-rpa agent uninstall`.
# Change it with: {systemctl} edit {name}
# {mark}
[Unit]
Description=CasareRPA robot agent ({name})
Documentation=man:casare-rpa-agent(1)
{ordering}# The agent itself waits for its orchestrator; systemd never gives up on it.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{account}{environment}
# The key is in a file that only the service's own credentials show to the agent.
LoadCredential={credential}:{key_file}
{state}
# 77: the key is refused, 78: a setting is wrong. Starting again would not help.
Restart=always
RestartPreventExitStatus=77 78
RestartSec={restart_seconds}
{backoff}
# Fed only while renewals succeed; well above the lease of 60 s.
WatchdogSec=120
TimeoutStartSec=120

# The stop signal goes to the agent alone, so that running jobs may end: the drain timeout and the
# steps of giving back what is left. The agent asks for more time while it needs it.
KillMode=mixed
TimeoutStopSec={stop_seconds}
# A job that is killed for want of memory is that job's failure.
OOMPolicy=continue

# What no job of an unprivileged account needs. Jobs that use sudo need NoNewPrivileges=no and none
# of the lines below it.
NoNewPrivileges=yes
{hardening}
[Install]
WantedBy={target}
"""
#: They need no privilege of the service manager.
_HARDENING = ("RestrictSUIDSGID=yes", "RestrictRealtime=yes", "LockPersonality=yes")
#: Only the system's manager can set these up.
_SYSTEM_HARDENING = (
    "ProtectSystem=full",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
)


def unit(service: Service, version: int | None = None) -> str:
    """The unit's text for a systemd of *version*; for an unknown one what every version knows."""
    steps = version is not None and version >= _RESTART_STEPS
    lines = [f"Environment={_quoted(f'{k}={v}')}" for k, v in service.environment.items()]
    hardening = (*_HARDENING, *(_SYSTEM_HARDENING if service.system else ()))
    network = "Wants=network-online.target\nAfter=network-online.target\n"
    return _UNIT.format(
        systemctl=" ".join(systemctl(service.system)),
        name=service.name,
        mark=service.mark,
        ordering=network if service.system else "",
        command=" ".join(_quoted(w.replace("$", "$$")) for w in (*service.program, "agent")),
        account=f"User={service.run_as}\n" if service.run_as else "",
        environment="\n".join(lines),
        credential=API_KEY,
        key_file=_percent(service.key_file),
        state=_state(service),
        restart_seconds=1 if steps else 10,
        backoff="RestartSteps=8\nRestartMaxDelaySec=300\n" if steps else "",
        stop_seconds=service.stop_seconds,
        hardening="".join(f"{line}\n" for line in hardening),
        target="multi-user.target" if service.system else "default.target",
    )


def _state(service: Service) -> str:
    parent, _, folder = service.state_dir.rpartition("/")
    if not service.system or parent != "/var/lib":
        return ""
    return f"StateDirectory={folder}\nStateDirectoryMode=0700\n"


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """*word* as one word of a unit's line, specifiers taken literally."""
    word = _percent(word).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{word}"' if re.search(r"[\s'\"\\;]", word) or not word else word


def version() -> int | None:
    """The version of this machine's systemd; None when it has none."""
    if shutil.which("systemd-analyze") is None:
        return None
    shown = _run(["systemd-analyze", "--version"]).stdout
    found = re.match(r"systemd (\d+)", shown)
    return int(found[1]) if found else None


def problems(text: str, name: str, *, system: bool) -> list[str] | None:
    """What `systemd-analyze verify` finds in a unit; None when this machine cannot say."""
    known = version()
    if known is None:
        return None
    with tempfile.TemporaryDirectory(prefix="casare-unit-") as folder:
        path = Path(folder) / f"{name}.service"
        path.write_text(text, encoding="utf-8")
        words = ["systemd-analyze", "verify", "--man=no", *(() if system else ("--user",))]
        if known >= _RECURSIVE_ERRORS:
            words.append("--recursive-errors=no")
        done = _run([*words, str(path)], runtime_dir=folder)
    lines = [line.replace(str(path), path.name) for line in done.stderr.splitlines()]
    ours = [line for line in lines if path.name in line]
    return ours if ours or done.returncode == 0 else None


def is_running(*, system: bool) -> bool:
    """Whether a systemd runs here that could start the service: the machine's, or this user's."""
    place = Path("/run") if system else Path(_runtime_dir())
    # Its private socket for the user's; for the machine's what sd_booted looks at.
    sign = place / "systemd" / ("system" if system else "private")
    return sign.exists() and shutil.which("systemctl") is not None


def _runtime_dir() -> str:
    if sys.platform == "win32":
        return ""  # no systemd runs there
    return os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"


def systemctl(system: bool) -> tuple[str, ...]:
    return ("systemctl",) if system else ("systemctl", "--user")


def control(words: Sequence[str], *, system: bool) -> None:
    """Run systemctl. Raises CasareError with what it says."""
    command = [*systemctl(system), *words]
    done = _run(command, runtime_dir=_runtime_dir(), seconds=_STOP_SECONDS)
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise CasareError(f"{' '.join(command)} failed: {said}")


def start(service: Service) -> None:
    """Start it, now and at every boot; again, if it runs. Raises CasareError."""
    for words in start_words(service):
        control(words.split(), system=service.system)


def start_words(service: Service) -> tuple[str, ...]:
    """What systemctl is told for that."""
    return "daemon-reload", f"enable {service.name}", f"restart {service.name}"


def next_steps(service: Service, *, started: bool) -> list[str]:
    """The commands to type after the installation."""
    tool = " ".join(systemctl(service.system))
    # Not `enable --now`: one that runs already would go on with its older file.
    start = [f"{tool} {word}" for word in start_words(service)]
    lasting = [] if service.system else ["loginctl enable-linger  # to run without a session"]
    logs = "journalctl -u" if service.system else "journalctl --user -u"
    look = [f"{tool} status {service.name}", f"{logs} {service.name} -f"]
    return [*([] if started else start), *lasting, *look]


def _run(
    words: Sequence[str], *, runtime_dir: str | None = None, seconds: float = _TOOL_SECONDS
) -> subprocess.CompletedProcess[str]:
    env = {"XDG_RUNTIME_DIR": runtime_dir} if runtime_dir else {}
    return subprocess.run(
        words,
        env={**env, **os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
