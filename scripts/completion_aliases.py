"""Other names of groups in completion scripts: `job` for `jobs` is understood and not offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from casare_cli.manual import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Behind the words of *group*, *word* means *meant*."""

    group: tuple[str, ...]
    word: str
    meant: str


def with_aliases(text: str, shell: str, root: Page) -> str:
    """The *text* that shtab wrote for *shell*, understanding the aliases in the tree."""
    return _WRITERS[shell](text, list(_aliases(root)))


def _aliases(page: Page) -> Iterator[Alias]:
    for word, command in getattr(page.command, "commands", {}).items():
        if command.hidden and command.name != word:
            yield Alias(group=page.path[1:], word=word, meant=command.name)
    for child in page.children:
        yield from _aliases(child)


def _in_bash(text: str, aliases: list[Alias]) -> str:
    here = '    local this_word="${COMP_WORDS[$word_index]}"\n'
    cases = [f"      {_prefix(a.group)}_{a.word}) this_word={a.meant} ;;\n" for a in aliases]
    case = '    case "${prefix}_$this_word" in\n' + "".join(cases) + "    esac\n"
    return _replaced(text, here, here + case)


def _in_zsh(text: str, aliases: list[Alias]) -> str:
    for alias in aliases:
        call = f"{alias.meant}) {_prefix((*alias.group, alias.meant))} ;;"
        text = _replaced(text, f" {call}", f" {alias.word}|{call}")
    return text


def _in_fish(text: str, aliases: list[Alias]) -> str:
    here = "          if contains -- $candidate $_shtab_casare_rpa_commands\n"
    cases = [
        f"            case '{' '.join((*a.group, a.word))}'\n"
        f"              set candidate '{' '.join((*a.group, a.meant))}'\n"
        for a in aliases
    ]
    return _replaced(
        text, here, "          switch $candidate\n" + "".join(cases) + "          end\n" + here
    )


def _in_powershell(text: str, aliases: list[Alias]) -> str:
    here = "  foreach ($token in $tokens) {\n"
    cases = [f"      '{_prefix(a.group)}_{a.word}' {{ $token = '{a.meant}' }}\n" for a in aliases]
    switch = '    switch ("${prefix}_$token") {\n' + "".join(cases) + "    }\n"
    return _replaced(text, here, here + switch)


def _prefix(path: tuple[str, ...]) -> str:
    return "_".join(("_shtab_casare_rpa", *path)).replace("-", "_")


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"shtab writes another script than it did: {old!r}")
    return text.replace(old, new)


_WRITERS: dict[str, Callable[[str, list[Alias]], str]] = {
    "bash": _in_bash,
    "zsh": _in_zsh,
    "fish": _in_fish,
    "powershell": _in_powershell,
}
