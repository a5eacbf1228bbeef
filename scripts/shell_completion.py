"""Completion scripts for shells: the command tree as argparse, which shtab turns into them.

A Tab costs a shell function, no start of the program; ids come from `casare-rpa __complete`.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

import shtab

from casare_cli.manual import Page

#: Arguments and options whose values the orchestrator knows, by name.
IDS = {
    "job": "jobs",
    "other_job": "jobs",
    "workflow": "workflows",
    "other_workflow": "workflows",
    "schedule": "schedules",
    "robot": "robots",
    "node_type": "nodes",
}
SHELLS = ("bash", "zsh", "fish", "powershell")


def script(root: Page, shell: str) -> str:
    """The completion script of *shell* for the tree below *root*."""
    parser = argparse.ArgumentParser(root.path[0], description=_help(root.summary))
    _fill(parser, root)
    text = shtab.complete(parser, shell, root_prefix="casare_rpa", preamble=_PREAMBLE)
    if shell == "fish":
        text = _quick(text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _quick(text: str) -> str:
    """Let fish look into the command line once a Tab, and try few conditions of few words.

    fish (3.4 and later, with several conditions to an entry) tries each condition once a Tab, and
    none behind one that is false: the group of a command stands before the command.
    """
    helper = re.compile(
        r"(# Condition helper: ).*\nfunction _shtab_casare_rpa_using\n.*\n.*\nend\n"
    )
    condition = re.compile(r"-n (?:_shtab_casare_rpa_using|'_shtab_casare_rpa_using(.*?)')(?= )")
    text, helpers = helper.subn(lambda found: found[1] + _WITHIN, text)
    text, conditions = condition.subn(lambda found: _conditions(found[1] or ""), text)
    if helpers != 1 or not conditions or "casare_rpa_using" in text:
        raise ValueError("shtab writes another script for fish than it did")
    return text


_WITHIN = """\
true if the command path begins with the given word, if it has any.
function _shtab_casare_rpa_within
  set -l line (commandline -pc)
  if test "$_shtab_casare_rpa_line" != "$line"
    _shtab_casare_rpa_scan
    set -g _shtab_casare_rpa_line $line
  end
  string match -q -- "$argv *" "$_shtab_casare_rpa_cmdpath "
end
"""


def _conditions(text: str) -> str:
    """The entry's conditions, of ` COMMAND PATH; and test ...`."""
    path, _, more = text.strip().partition("; and ")
    group = path.partition(" ")[0]
    found = [
        f"_shtab_casare_rpa_within {group}".rstrip(),
        f'test "$_shtab_casare_rpa_cmdpath" = "{path.strip()}"',
        *([more] if more else []),
    ]
    return " ".join(f"-n '{condition}'" for condition in found)


def _fill(parser: argparse.ArgumentParser, page: Page) -> None:
    for param in page.command.params:
        if not param.hidden:
            _add(parser, param, page.context)
    if children := page.children:
        below = parser.add_subparsers(title="commands", metavar="COMMAND")
        for child in children:
            help = _help(child.summary)
            _fill(below.add_parser(child.path[-1], help=help, description=help), child)


def _add(parser: argparse.ArgumentParser, param: Any, context: Any) -> None:
    about: dict[str, Any] = {"help": _help(param.help or "")}
    choices = [str(choice) for choice in getattr(param.type, "choices", ())]
    if choices:
        about["choices"] = choices
    if param.param_type_name == "argument":
        about["nargs"] = "*" if param.nargs == -1 else None if param.required else "?"
        action = parser.add_argument(param.name, **about)
    elif param.is_flag:
        names = [*param.opts, *param.secondary_opts]
        parser.add_argument(*names, action="store_true", dest=param.name, **about)
        return
    else:
        metavar = None if choices else param.metavar
        action = parser.add_argument(*param.opts, dest=param.name, metavar=metavar, **about)
    if not choices and (complete := _values(param, context)):
        action.complete = complete  # type: ignore[attr-defined]


def _values(param: Any, context: Any) -> dict[str, str] | None:
    """How a value is completed: as an id, as a file, or not at all."""
    if kind := IDS.get(param.name):
        function = f"_casare_rpa_{kind}"
        return {"bash": function, "zsh": function, "fish": f"({function})"}
    if any(item.type == "file" for item in param.shell_complete(context, "")):
        return dict(shtab.FILE)
    return None


def _help(text: str) -> str:
    return text.replace("%", "%%")


_CALL = "casare-rpa __complete"
_KINDS = sorted(set(IDS.values()))
#: A workflow may be named by its file, too.
_FILES_TOO = {"bash": ' compgen -f -- "$1";', "zsh": " _files;", "fish": " __fish_complete_path;"}


def _function(shell: str, kind: str) -> str:
    """The shell function that offers ids; for a word that begins an option it asks nobody."""
    files = _FILES_TOO[shell] if kind == "workflows" else ""
    name = f"_casare_rpa_{kind}"
    if shell == "bash":
        return f'{name}() {{ compgen -W "$({_CALL} {kind} 2>/dev/null)" -- "$1";{files} }}'
    if shell == "zsh":
        guard = '[[ "$PREFIX" == -* ]] && return 1;'
        ids = f'local -a ids; ids=(${{(f)"$({_CALL} {kind} 2>/dev/null)"}}); compadd -a ids;'
        return f"{name}() {{ {guard} {ids}{files} }}"
    guard = "string match -q -- '-*' (commandline -ct); and return;"
    return f"function {name}; {guard} {_CALL} {kind} 2>/dev/null;{files} end"


_PREAMBLE = {
    shell: "\n".join(_function(shell, kind) for kind in _KINDS) for shell in ("bash", "zsh", "fish")
} | {"powershell": ""}
