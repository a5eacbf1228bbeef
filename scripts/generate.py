"""Write the manual pages, the completion scripts, the schemas of answers and the generated docs.

python scripts/generate.py [--check | --breaking]

--check says what is stale. A schema that programs of today could not rely on any more is written
with --breaking only: raise SCHEMA_VERSION in casare_cli/terminal/output.py with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import answer_schemas
import settings_page
import shell_completion

from casare_cli.app import PROGRAM, build
from casare_cli.manual import Page, all_pages, roff, root_page
from casare_cli.topics import TOPICS
from casare_cli.verbs import section_of, split_examples
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import Node

ROOT = Path(__file__).parent.parent
#: Folders that hold generated files only: what is no longer made there is removed.
OWNED = ("man", "completions", "docs/cli", "docs/nodes", "casare_cli/published")
SCRIPTS = {
    "bash": "completions/bash/casare-rpa",
    "zsh": "completions/zsh/_casare-rpa",
    "fish": "completions/fish/casare-rpa.fish",
    "powershell": "completions/powershell/casare-rpa.ps1",
}


def generated() -> dict[str, str]:
    """Every generated file: its path below the project's root and its text."""
    root = root_page(build(), PROGRAM)
    files = {f"man/man1/{page.name}.1": roff(page) for page in all_pages(root)}
    files |= {path: shell_completion.script(root, shell) for shell, path in SCRIPTS.items()}
    files["docs/cli/index.md"] = _index(root)
    for page in root.children:
        files[f"docs/cli/{page.path[-1]}.md"] = _noun(page)
    files["docs/guide/settings.md"] = settings_page.page()
    files |= answer_schemas.files()
    files["casare_rpa/nodes/_homes.py"] = _homes()
    return files | _node_pages()


def _homes() -> str:
    """Which module to import for a node type, so that a run does not import them all."""
    catalogue.load_families()
    package = f"{Node.__module__.rpartition('.')[0]}."
    lines = [
        f'    "{name}": "{cls.__module__.removeprefix(package)}",'
        for name, cls in sorted(Node.registry.items())
    ]
    head = '"""The module of each node type and alias. Written by scripts/generate.py."""'
    return "\n".join((head, "", "HOMES: dict[str, str] = {", *lines, "}", ""))


def _node_pages() -> dict[str, str]:
    """The pages of docs/nodes by the node library's own writer, when there is one."""
    try:
        docs = import_module("casare_rpa.nodes.docs")
    except ModuleNotFoundError:
        return {}
    pages: dict[str, str] = docs.pages()
    return {f"docs/nodes/{name}": text for name, text in pages.items()}


def _index(root: Page) -> str:
    lines = ["# Command line", "", "Generated from the program's own help.", ""]
    lines += [f"- [`{' '.join(p.path)}`]({p.path[-1]}.md): {p.summary}" for p in root.children]
    lines += ["", "## Global options", "", "Understood before and after every command.", ""]
    lines += _options(root, "Global options")
    for _, (title, rows) in TOPICS.items():
        lines += ["", f"## {title}", "", "| | |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(text)} |" for name, text in rows()]
    return "\n".join(lines) + "\n"


def _noun(page: Page) -> str:
    return "\n".join(line for found in all_pages(page) for line in _section(found)) + "\n"


def _section(page: Page) -> Iterator[str]:
    """A command as Markdown: heading, prose, usage, parameters, examples."""
    level = len(page.path) - 1
    prose, examples = split_examples(page.command.help)
    usage = " ".join([*page.path, *page.command.collect_usage_pieces(page.context)])
    if level > 1:
        yield ""
    yield f"{'#' * level} {' '.join(page.path)}"
    yield ""
    yield from (" ".join(p.split()) + "\n" for p in prose.split("\n\n"))
    yield from ("```", usage, "```")
    for title in ("Arguments", "Options"):
        if rows := _options(page, title):
            yield from ("", f"{title}:", "", *rows)
    if examples:
        yield from ("", "Examples:", "", "```sh", *examples, "```")


def _options(page: Page, title: str) -> list[str]:
    return [
        f"- `{record[0]}`: {_cell(record[1])}"
        for param in page.command.get_params(page.context)
        if section_of(param) == title and (record := param.get_help_record(page.context))
    ]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def stale(files: dict[str, str]) -> list[str]:
    """The paths whose file is missing, different, or should not be there."""
    present = {
        path.relative_to(ROOT).as_posix()
        for folder in OWNED
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    different = [path for path in files if _read(path) != files[path]]
    return sorted({*different, *(present - set(files))})


def _read(path: str) -> str | None:
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _write(files: dict[str, str], paths: list[str]) -> None:
    for path in paths:
        target = ROOT / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8")
        else:
            target.unlink()


def main(words: list[str], say: Callable[[str], Any] = print) -> int:
    files = generated()
    paths = stale(files)
    if words != ["--breaking"] and (breaks := answer_schemas.breaks(ROOT, files)):
        for line in breaks:
            say(f"breaking: {line}")
        return 1
    if words == ["--check"]:
        for path in paths:
            say(f"stale: {path}; run: python scripts/generate.py")
        return 1 if paths else 0
    _write(files, paths)
    say(f"{len(files)} files, {len(paths)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
