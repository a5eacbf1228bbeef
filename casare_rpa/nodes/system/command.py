"""Running a command line."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import PurePath

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Outputs, param, prop
from casare_rpa.nodes.scripts.child import Command, find_program, run_child, working_folder
from casare_rpa.nodes.scripts.python import ENDED, arguments

#: What does damage when a value turns out to be something else than the author thought.
_DANGEROUS = frozenset(
    {
        *("rm", "rmdir", "rd", "del", "erase", "unlink", "shred", "wipefs", "dd", "srm"),
        *("format", "mkfs", "fdisk", "parted", "diskpart", "chkdsk", "cipher"),
        *("curl", "wget", "bitsadmin", "certutil", "ftp", "tftp", "sftp", "scp", "rsync"),
        *("sh", "bash", "zsh", "dash", "ksh", "csh", "tcsh", "fish", "cmd", "powershell", "pwsh"),
        *("wscript", "cscript", "mshta", "rundll32", "regsvr32"),
        *("nc", "ncat", "netcat", "socat", "telnet", "ssh", "nmap", "net", "netsh"),
        *("reg", "regedit", "regini", "sc", "systemctl", "service", "launchctl", "schtasks"),
        *("at", "crontab", "shutdown", "reboot", "halt", "poweroff", "init", "logoff"),
        *("su", "sudo", "doas", "runas"),
    }
)
#: Programs that run the program named in their arguments.
_WRAPPERS = frozenset(
    {"env", "nohup", "nice", "ionice", "setsid", "stdbuf", "time", "timeout", "xargs", "busybox"}
)
_SHELL_CHARACTERS = re.compile(r"[;&|<>`$(){}\n\r]|%\w+%|\^")


class RunCommandNode(Node):
    """Run a command line and return what it wrote.

    `command` is a program, or a whole line that is split as a shell would; `args` are added. With
    `shell` the line goes to the system's shell. An exit status other than 0 is a success of the
    node with `success` false; longer than `timeout` seconds fails, and the command and all that it
    started are ended.

    Unless `allow_dangerous`, programs that delete, format, download, log in, open shells, change
    services or shut down are refused, and with `shell` also the shell's special characters. That
    guards against accidents, not against somebody who may write workflows.
    """

    category = "system"
    example = {"command": "echo", "args": ["one", "two"]}
    side_effect = True
    timeout_seconds = 0
    command: str = param("", kind="string", required=True, help="The program or line.")
    args: Json = param("", kind="string", port_kind="ANY", help="More arguments: a list or text.")
    shell: bool = prop(False, kind="boolean", help="Let the system's shell read the line.")
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    working_dir: str = prop("", kind="string", help="Where to run; empty: the run's own folder.")
    capture_output: bool = prop(True, kind="boolean", help="Return what it writes.")
    allow_dangerous: bool = prop(False, kind="boolean", help="Run what is refused otherwise.")
    outputs = ENDED

    async def run(self, ctx: Context) -> Outputs:
        text = str(self.command or "").strip()
        if not text:
            raise NodeError("command is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        folder = working_folder(ctx, self.working_dir)
        line = self._line(text) if self.shell else ""
        argv = [] if self.shell else self._argv(text, ctx)
        if not self.allow_dangerous:
            refuse_dangerous(argv or words(line))
        if argv:
            argv[0] = find_program(argv[0], ctx.environment, folder)
        command = Command(
            argv=argv,
            shell=line,
            working_dir=folder,
            environment=ctx.environment,
            timeout_seconds=float(self.timeout),
            capture=self.capture_output,
        )
        return (await run_child(command)).outputs()

    def _argv(self, text: str, ctx: Context) -> list[str]:
        # The path of a program may hold spaces, so the whole text is tried first.
        whole = shutil.which(text, path=ctx.environment.get("PATH", os.defpath))
        return [*([text] if whole else words(text)), *arguments(self.args)]

    def _line(self, text: str) -> str:
        more = self.args if isinstance(self.args, str) else _joined(arguments(self.args))
        line = f"{text} {more}".strip()
        if not self.allow_dangerous and (found := _SHELL_CHARACTERS.search(line)):
            raise NodeError(
                f"the command holds {found[0]!r}, which a shell acts on",
                ErrorCode.PERMISSION_DENIED,
                hint="set `allow_dangerous`, or run without `shell`",
            )
        return line


def words(line: str) -> list[str]:
    """A command line split as a shell would. Raises NodeError for an open quote."""
    try:
        return shlex.split(line, posix=sys.platform != "win32")
    except ValueError as error:
        raise NodeError(f"command {line!r}: {error}", ErrorCode.INVALID_INPUT) from error


def _joined(argv: list[str]) -> str:
    if sys.platform == "win32":
        return " ".join(f'"{word}"' if " " in word else word for word in argv)
    return shlex.join(argv)


def refuse_dangerous(argv: Iterable[str], hint: str = "set `allow_dangerous`") -> None:
    """Raise NodeError for a command line whose program does damage by accident."""
    first, *rest = [_program(word) for word in argv] or [""]
    named = [first, *(rest if first in _WRAPPERS else [])]
    for name in named:
        if name in _DANGEROUS or name.startswith("mkfs."):
            raise NodeError(f"{name} is refused", ErrorCode.PERMISSION_DENIED, hint=hint)


def _program(word: str) -> str:
    name = PurePath(word.replace("\\", "/")).name.lower().strip("\"'")
    return re.sub(r"\.(exe|com|bat|cmd)$", "", name)
