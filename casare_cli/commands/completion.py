"""`casare-rpa completion`."""

from __future__ import annotations

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.output import Format
from casare_rpa.errors import CasareError, InvalidInput, NotFound


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


#: Where the scripts lie in a source tree, and below the prefix of an installation.
_IN_TREE = {
    Shell.BASH: "bash/casare-rpa",
    Shell.ZSH: "zsh/_casare-rpa",
    Shell.FISH: "fish/casare-rpa.fish",
    Shell.POWERSHELL: "powershell/casare-rpa.ps1",
}
_INSTALLED = {
    Shell.BASH: "share/bash-completion/completions/casare-rpa",
    Shell.ZSH: "share/zsh/site-functions/_casare-rpa",
    Shell.FISH: "share/fish/vendor_completions.d/casare-rpa.fish",
    Shell.POWERSHELL: "share/powershell/casare-rpa.ps1",
}


def run(
    ctx: typer.Context,
    shell: Annotated[Shell, typer.Argument(help="bash, zsh, fish or powershell.")],
    install: Annotated[
        bool, typer.Option("--install", help="Put the script where the shell looks for it.")
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Remove what --install put there.")
    ] = False,
) -> None:
    """Print, install or remove the completion script of a shell.

    The script knows the commands, options and choices by itself; for ids the Tab key asks the
    orchestrator, for 0.3 seconds at most. Installing again replaces the script, as an update does.

    Examples:
        casare-rpa completion bash --install
        source <(casare-rpa completion bash)
        casare-rpa completion powershell >> $PROFILE
        casare-rpa completion zsh --uninstall
    """
    app: App = ctx.obj
    if install and uninstall:
        raise InvalidInput("--install and --uninstall exclude each other")
    target = _user_path(shell)
    if install:
        _install(app, shell, target)
    elif uninstall:
        _uninstall(app, shell, target)
    else:
        app.out.text(script_of(shell))


def _install(app: App, shell: Shell, target: Path) -> None:
    from casare_rpa.private_files import mend_writing

    script = script_of(shell)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script, encoding="utf-8")
    except OSError as error:
        raise CasareError(
            f"cannot write {target}: {error.strerror or error}", hint=mend_writing(target)
        ) from None
    _tell(app, shell, target, _next_step(shell, target), is_installed=True)


def _uninstall(app: App, shell: Shell, target: Path) -> None:
    try:
        target.unlink()
    except FileNotFoundError:
        _tell(app, shell, None, f"nothing to remove: there is no {target}", is_installed=False)
    except OSError as error:
        raise CasareError(f"cannot remove {target}: {error.strerror or error}") from None
    else:
        told = "removed; open shells know it until they end"
        _tell(app, shell, target, told, is_installed=False)


def _tell(app: App, shell: Shell, target: Path | None, told: str, *, is_installed: bool) -> None:
    """The script that is there now, or was; None where there was nothing to remove."""
    file = str(target) if target else None
    if app.out.format is Format.TABLE:
        if file is not None:
            app.out.line(file)
        app.out.note(f"  {told}" if file is not None else told)
        return
    result = {"shell": str(shell), "file": file, "installed": is_installed, "told": told}
    app.out.item(result, (), name="file")


def _next_step(shell: Shell, target: Path) -> str:
    path = shlex.quote(str(target))
    match shell:
        case Shell.BASH:
            return f"new shells with bash-completion know it; in this one: source {path}"
        case Shell.ZSH:
            line = f"fpath=({shlex.quote(str(target.parent))} $fpath)"
            return f"needs in ~/.zshrc: {line}; autoload -Uz compinit; compinit"
        case Shell.FISH:
            return "new shells know it"
        case Shell.POWERSHELL:
            quoted = str(target).replace("'", "''")
            return f"needs in $PROFILE: . '{quoted}'"


def script_of(shell: Shell) -> str:
    """The script as the source tree or the installed package holds it."""
    in_tree = Path(__file__).parents[2] / "completions" / _IN_TREE[shell]
    if in_tree.is_file():
        return in_tree.read_text(encoding="utf-8")
    return _installed_file(_INSTALLED[shell]).read_text(encoding="utf-8")


def _installed_file(ending: str) -> Path:
    """A file that the package's installation recorded; it knows every install scheme."""
    from importlib import metadata

    for file in metadata.files("casare-rpa") or ():
        path = Path(str(file.locate()))
        if path.as_posix().endswith(ending) and path.is_file():
            return path
    raise NotFound("this installation came without its completion scripts")


def _user_path(shell: Shell) -> Path:
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    match shell:
        case Shell.BASH:
            return data / "bash-completion/completions/casare-rpa"
        case Shell.ZSH:
            return data / "zsh/site-functions/_casare-rpa"
        case Shell.FISH:
            return config / "fish/completions/casare-rpa.fish"
        case Shell.POWERSHELL:
            return config / "powershell/casare-rpa.ps1"
