"""Real shells on a pseudo-terminal: what the Tab key makes of a line."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.support import Cli

COMPLETIONS = Path(__file__).parents[2] / "completions"
_READY = "READY> "
_TAB, _TELL = "\t", "\x18\x14"  # Ctrl-X Ctrl-T is bound to telling what stands in the line
_SECONDS = 120.0

_BASH = f"""
PS1='{_READY}'
source '{COMPLETIONS}/bash/casare-rpa'
tell() {{ printf '%s\\n' "$READLINE_LINE" >>"$TOLD"; READLINE_LINE=; }}
bind 'set bell-style none'
bind -x '"\\C-x\\C-t": tell'
"""
_ZSH = f"""
PS1='{_READY}'
fpath=('{COMPLETIONS}/zsh' $fpath)
autoload -Uz compinit; compinit -u -D
tell() {{ print -r -- "$BUFFER" >>"$TOLD"; BUFFER= }}
zle -N tell; bindkey '^X^T' tell
"""
_FISH = f"""
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function fish_prompt; echo -n '{_READY}'; end
function tell; commandline >>$TOLD; commandline -r ''; end
source '{COMPLETIONS}/fish/casare-rpa.fish'
bind \\cx\\ct tell
"""
#: Each shell's start file, and how the shell is started with it.
_SHELLS: dict[str, tuple[str, str, list[str]]] = {
    "bash": ("bashrc", _BASH, ["--rcfile", "bashrc", "-i"]),
    "zsh": (".zshrc", _ZSH, ["-i"]),
    "fish": ("fish/config.fish", _FISH, ["-i"]),
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The lines as they stood after the Tab key, and all that the terminal got."""

    lines: list[str]
    screen: str


def type_and_tab(shell: str, cli: Cli, *lines: str) -> Typed:
    """Type each of *lines* and Tab, in one interactive *shell*. Skips where there is none."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    start_file, text, options = _SHELLS[shell]
    path = cli.folder / start_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    told = cli.folder / "told"
    told.touch()
    env = cli.environment(_environment(cli.folder, told))
    process, terminal = pty.fork()  # a shell wants the terminal as its controlling one
    if process == 0:
        os.chdir(cli.folder)
        os.execve(program, [program, *options], env)
    try:
        return _converse(terminal, told, lines)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _environment(folder: Path, told: Path) -> dict[str, str]:
    names = folder / "bin"
    names.mkdir(exist_ok=True)
    program = names / "casare-rpa"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m casare_cli "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{names}:{os.environ['PATH']}",
        "TOLD": str(told),
        "ZDOTDIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "COLUMNS": "200",
    }


def _converse(terminal: int, told: Path, lines: tuple[str, ...]) -> Typed:
    screen = bytearray()

    def until(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not done():
            assert time.monotonic() < deadline, bytes(screen).decode("utf-8", "replace")
            if select.select([terminal], [], [], 0.02)[0]:
                screen.extend(os.read(terminal, 65536))

    until(lambda: _READY.encode() in screen)
    for count, line in enumerate(lines, start=1):
        os.write(terminal, f"{line}{_TAB}{_TELL}".encode())
        until(lambda count=count: told.read_text().count("\n") >= count)  # type: ignore[misc]
    found = [line.rstrip() for line in told.read_text().splitlines()]
    return Typed(lines=found, screen=bytes(screen).decode("utf-8", "replace"))
