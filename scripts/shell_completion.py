"""Completion scripts for shells: the command tree as argparse, which shtab turns into them.

A Tab costs a shell function, no start of the program; ids come from `casare-rpa __complete`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

import shtab
from completion_aliases import with_aliases
from completion_functions import WITH_WHOLE_WORDS, functions
from typer.models import TyperPath

from casare_cli.manual import Page

#: Arguments and options whose values the program looks up, by name or by what stands for them.
IDS = {
    "job": "jobs",
    "other_job": "jobs",
    "workflow": "workflows",
    "other_workflow": "workflows",
    "schedule": "schedules",
    "robot": "robots",
    "node_type": "nodes",
    "from_node": "begun",
    "profile": "profiles",
}
#: What stands for a file or a folder where an option takes text.
_FILES = frozenset({"FILE", "PATH"})
_FOLDERS = frozenset({"DIR", "FOLDER"})
#: shtab's own functions for bash take a name with a space in it for two; fish has its own way.
_FILE = {**shtab.FILE, "bash": "_casare_rpa_files", "fish": "(_casare_rpa_files)"}
_DIRECTORY = {**shtab.DIRECTORY, "bash": "_casare_rpa_dirs"}
SHELLS = ("bash", "zsh", "fish", "powershell")


def script(root: Page, shell: str) -> str:
    """The completion script of *shell* for the tree below *root*."""
    parser = argparse.ArgumentParser(root.path[0], description=_help(root.summary))
    _fill(parser, root)
    preamble: Any = {shell: functions(shell, sorted(set(IDS.values())))}
    text = shtab.complete(parser, shell, root_prefix="casare_rpa", preamble=preamble)
    text = with_aliases(_with_our_head(text, shell), shell, root)
    if shell == "fish":
        text = _quick(_with_files_of_fish(text))
    if shell == "bash":
        begin = "\n_shtab_casare_rpa() {\n"
        text = text.replace(begin, begin + WITH_WHOLE_WORDS)
    if shell == "zsh":
        # What shtab writes for "any number of files" is one file.
        text = _with_equals_signs(text.replace('"(*)::', '"*:'))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _with_our_head(text: str, shell: str) -> str:
    """What shtab says at the top of other places than ours."""
    head = (
        "# Generated with https://github.com/tqdm/shtab\n"
        f"# Put where the shell looks for it by: casare-rpa completion {shell} --install\n"
    )
    made, found = re.subn(
        r"# AUTOMATICALLY GENERATED.*?# See also: [^\n]*\n", head, text, count=1, flags=re.DOTALL
    )
    if not found:
        raise ValueError("shtab writes another head than it did")
    return made


def _with_equals_signs(text: str) -> str:
    """Let zsh complete `--option=VALUE` beside `--option VALUE`."""
    option = re.compile(r'^  (?:"\*")?[{"*][^[]*(?=\[.*(?<!\\)\]:)', re.MULTILINE)
    return option.sub(lambda found: re.sub(r"--[\w-]+", r"\g<0>=", found[0]), text)


def _with_files_of_fish(text: str) -> str:
    """Let fish itself look for files, which knows of `~` and of spaces."""
    option, argument = '-xka "(_casare_rpa_files)"', '-ka "(_casare_rpa_files)"'
    text = text.replace(option, "-rF").replace(argument, "-F")
    return re.sub(r'-(x?)ka "\((_casare_rpa_\w+)_or_files\)"', r'-Fka "(\2)"', text)


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
    choices = [item.value for item in param.shell_complete(context, "")]
    if choices:
        about["choices"] = choices
    if param.param_type_name == "argument":
        # Of several words only the first is known beforehand.
        is_list = param.nargs == -1 and not choices
        about["nargs"] = "*" if is_list else None if param.required else "?"
        action = parser.add_argument(param.name, **about)
    elif param.is_flag:
        names = [*param.opts, *param.secondary_opts]
        parser.add_argument(*names, action="store_true", dest=param.name, **about)
        return
    else:
        metavar = None if choices else param.metavar
        about["action"] = "append" if param.multiple else "store"
        action = parser.add_argument(*param.opts, dest=param.name, metavar=metavar, **about)
    if not choices and (complete := _values(param)):
        action.complete = complete  # type: ignore[attr-defined]


def _values(param: Any) -> Mapping[str, Any] | None:
    """How a value is completed: as an id, as a file or folder, or not at all."""
    if kind := IDS.get(param.name) or IDS.get(str(param.metavar).lower()):
        return _call(f"_casare_rpa_{kind}" + ("_or_files" if _may_be_file(param) else ""))
    if param.metavar in _FOLDERS:
        return _DIRECTORY
    if isinstance(param.type, TyperPath) or _is_file_option(param):
        return _FILE
    if "@FILE" in (param.help or ""):
        return _call("_casare_rpa_inputs")
    return None


def _may_be_file(param: Any) -> bool:
    """A workflow may be named by its file where the help says so."""
    is_argument = param.param_type_name == "argument"
    return is_argument and re.search(r"\bfile\b", param.help or "") is not None


def _is_file_option(param: Any) -> bool:
    """The PATH among the arguments is one of an address."""
    return param.param_type_name == "option" and param.metavar in _FILES


def _call(function: str) -> dict[str, str]:
    return {"bash": function, "zsh": function, "fish": f"({function})"}


def _help(text: str) -> str:
    return text.replace("%", "%%")
