"""Manual pages in roff, written from the command tree: what `--help` says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from casare_cli.topics import environment_rows, exit_code_rows
from casare_cli.verbs import section_of, split_examples, summary_of
from casare_rpa import __version__

#: The day of the last change to the manual; a date of writing would differ on every machine.
DATE = "2026-11-23"
SECTION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A command with the words that lead to it and the context that parses it."""

    path: tuple[str, ...]
    command: Any
    context: Any

    @property
    def name(self) -> str:
        return "-".join(self.path)

    @property
    def summary(self) -> str:
        """The first sentence of the help, without its full stop."""
        return summary_of(self.command.help)

    @property
    def children(self) -> list[Page]:
        if not hasattr(self.command, "commands"):
            return []
        names = self.command.list_commands(self.context)
        commands = {name: self.command.commands[name] for name in names}
        return [
            Page(
                path=(*self.path, name),
                command=command,
                context=command.make_context(name, [], parent=self.context, resilient_parsing=True),
            )
            for name, command in commands.items()
            if not command.hidden
        ]


def root_page(command: Any, program: str) -> Page:
    context = command.make_context(program, [], resilient_parsing=True)
    return Page(path=(program,), command=command, context=context)


def all_pages(page: Page) -> Iterator[Page]:
    """The page and those of everything below it."""
    yield page
    for child in page.children:
        yield from all_pages(child)


def roff(page: Page) -> str:
    """The page as roff text for man(1)."""
    prose, examples = split_examples(page.command.help)
    usage = " ".join(page.command.collect_usage_pieces(page.context))
    lines = [
        f'.TH "{_text(page.name.upper())}" "{SECTION}" "{DATE}" "casare\\-rpa {__version__}"'
        ' "CasareRPA Manual"',
        ".SH NAME",
        f"{_text(page.name)} \\- {_text(page.summary)}",
        ".SH SYNOPSIS",
        f".B {_text(' '.join(page.path))}",
        _text(usage),
        ".SH DESCRIPTION",
        *_paragraphs(prose),
    ]
    lines += _parameters(page)
    lines += _commands(page)
    if examples:
        lines += [".SH EXAMPLES", ".nf", *map(_text, examples), ".fi"]
    lines += _tables(page)
    return "\n".join(lines) + "\n"


def _parameters(page: Page) -> list[str]:
    sections: dict[str, list[str]] = {}
    for param in page.command.get_params(page.context):
        record = param.get_help_record(page.context)
        if record is not None:
            entry = [".TP", f".B {_text(record[0])}", _text(record[1]) or "\\&"]
            sections.setdefault(section_of(param), []).extend(entry)
    return [
        line
        for title in ("Arguments", "Options", "Global options")
        if title in sections
        for line in (f".SH {title.upper()}", *sections[title])
    ]


def _commands(page: Page) -> list[str]:
    lines: list[str] = []
    for child in page.children:
        lines += [".TP", f".BR {_text(child.name)} (1)", _text(child.summary)]
    return [".SH COMMANDS", *lines] if lines else []


def _tables(page: Page) -> list[str]:
    """The exit codes and variables, in full on the program's own page and named on the others."""
    if len(page.path) == 1:
        return [
            *(".SH EXIT STATUS", *_rows(exit_code_rows())),
            *(".SH ENVIRONMENT", *_rows(environment_rows())),
        ]
    parent, program = "-".join(page.path[:-1]), page.path[0]
    also = [f".BR {_text(parent)} (1)" + ("," if parent != program else "")]
    if parent != program:
        also.append(f".BR {_text(program)} (1)")
    status = f"0 on success. The other codes are listed in \\fB{_text(program)}\\fR(1)."
    return [".SH EXIT STATUS", status, ".SH SEE ALSO", *also]


def _rows(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [line for name, text in rows for line in (".TP", f".B {_text(name)}", _text(text))]


def _paragraphs(prose: str) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in prose.split("\n\n")]
    return [line for part in paragraphs for line in (".PP", _text(part))][1:]


#: Characters that roff would set as typographic ones, which nobody can paste into a shell.
_LITERAL = str.maketrans(
    {
        "\\": "\\e",
        "-": "\\-",
        '"': "\\(dq",
        "'": "\\(aq",
        "`": "\\(ga",
        "^": "\\(ha",
        "~": "\\(ti",
    }
)


def _text(text: str) -> str:
    """*text* so that roff prints it as it is."""
    escaped = " ".join(text.split()).translate(_LITERAL)
    return f"\\&{escaped}" if escaped[:1] == "." else escaped
