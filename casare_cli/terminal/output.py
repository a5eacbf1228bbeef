"""The one place that prints. stdout is the answer, stderr is everything else.

On a terminal: tables and colour. Off it: plain lines, columns separated by tabs, no header.
Control characters of data never reach a terminal raw.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from casare_cli.terminal.answering import answering, check_writable, prepared
from casare_cli.terminal.columns import Column
from casare_cli.terminal.documents import json_text, yaml_text
from casare_cli.terminal.shaping import Shape
from casare_cli.terminal.text import ago, moment, one_line, plain, problem_line
from casare_rpa.domain.json_values import Json
from casare_rpa.unsafe_text import escape

if TYPE_CHECKING:
    from rich.console import Console

    from casare_rpa.errors import CasareError

SCHEMA_VERSION = 1


class Format(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    NAME = "name"
    NONE = "none"


class TimeFormat(StrEnum):
    """How times stand in tables."""

    RELATIVE = "relative"
    ISO = "iso"


class Output:
    """Prints answers in the chosen format, and notes and errors beside them."""

    def __init__(
        self,
        format: Format = Format.TABLE,
        *,
        quiet: bool = False,
        color: bool = True,
        shape: Shape | None = None,
        time_format: TimeFormat | None = None,
    ) -> None:
        self._shape = shape or Shape()
        self._time_format = time_format
        #: What a query answers is printed as it is, a line each: `-o name --query ...`.
        self._bare = format is Format.NAME and self._shape.query is not None
        self.format = Format.JSON if self._bare else format
        self.quiet = quiet
        #: Notes that wait for the end of the command.
        self.asides: list[str] = []
        self._color_wanted = color
        self.stdout = prepared(sys.stdout)
        self.stderr = prepared(sys.stderr)

    @property
    def wants_json(self) -> bool:
        """Whether the answer is a document for a program: JSON, or YAML of the same shape."""
        return self.format in (Format.JSON, Format.JSONL, Format.YAML)

    @property
    def prints_whole(self) -> bool:
        """Whether the answer is one document, so that nothing can be printed as it comes."""
        return self.format in (Format.JSON, Format.YAML)

    def on_terminal(self, stream: TextIO | None = None) -> bool:
        """Whether *stream* (stdout) is a terminal that can do more than lines."""
        return (stream or self.stdout).isatty() and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """Columns of the terminal; COLUMNS wins."""
        return shutil.get_terminal_size().columns

    def colored(self, stream: TextIO | None = None) -> bool:
        """NO_COLOR and --no-color win over CLICOLOR_FORCE, which wins over the terminal."""
        if not self._color_wanted or os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
            return True
        return self.on_terminal(stream)

    def line(self, text: str = "", *, stream: TextIO | None = None, ansi: str = "") -> None:
        """One line (or several) of text, at once; *ansi* is its colour where colours are shown."""
        target = stream or self.stdout
        shown = escape(text)
        if ansi and self.colored(target):
            shown = f"\x1b[{ansi}m{shown}\x1b[0m"
        if target is self.stderr:
            self._tell(shown + "\n")
        else:
            self.text(shown + "\n")

    def text(self, text: str) -> None:
        """*text* that is safe for a terminal, as it is, on stdout. Raises CannotPrint."""
        with answering():
            self.stdout.write(text)
            self.stdout.flush()

    def _tell(self, text: str) -> None:
        """*text* on stderr. That nobody can be told changes nothing about what is told."""
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except BrokenPipeError:
            raise
        except OSError:
            return

    def check_writable(self) -> None:
        """That stdout is there for an answer that cannot be had again. Raises CannotPrint."""
        with answering():
            check_writable(self.stdout)

    def note(self, text: str) -> None:
        """A line on stderr for the person, none with --quiet."""
        if not self.quiet:
            self.line(text, stream=self.stderr)

    def aside(self, text: str) -> None:
        """A note that can wait: with JSON until the command has ended, since an error is to be one
        object and takes it along."""
        if not self.wants_json:
            self.note(text)
        elif not self.quiet:
            self.asides.append(text)

    def tell_asides(self) -> None:
        """Say what waited."""
        while self.asides:
            self.note(self.asides.pop(0))

    def report(self, text: str) -> None:
        """A line on stderr, with --quiet as well: what did not succeed."""
        self.line(text, stream=self.stderr)

    def json(self, value: Any) -> None:
        """A document on stdout: indented JSON, JSON on one line with `-o jsonl`, or YAML."""
        self._document(self._shape.select(value))

    def line_of_json(self, value: Any) -> None:
        """One of many records, a line each; fields and query see the record."""
        answer = self._shape.ask(self._shape.select(value))
        self._write(json_text(answer))

    def _document(self, value: Any) -> None:
        answer = self._shape.ask(value)
        if self._bare:
            self._lines(plain(part) for part in (answer if isinstance(answer, list) else [answer]))
            return
        match self.format:
            case Format.NONE:
                pass
            case Format.YAML:
                self._write(yaml_text(answer))
            case Format.JSONL:
                self._write(json_text(answer))
            case Format.JSON | Format.TABLE | Format.NAME:
                self._write(json_text(answer, indent=2))

    def _write(self, text: str) -> None:
        """*text* that is safe for a terminal already, and the end of its line."""
        self.text(text + "\n")

    def list(
        self,
        items: Sequence[Json],
        columns: Sequence[Column],
        *,
        name: str,
        next_cursor: str | None = None,
        empty: str = "",
    ) -> None:
        """A list of things; *name* is the member that names one of them."""
        match self.format:
            case Format.JSON | Format.YAML:
                self._document(
                    {
                        "schema_version": SCHEMA_VERSION,
                        "items": [self._shape.select(item) for item in items],
                        "next_cursor": next_cursor,
                    }
                )
            case Format.JSONL:
                for item in items:
                    self.line_of_json(item)
            case Format.NAME:
                self._lines(plain(item.get(name)) for item in items)
            case Format.TABLE:
                self._table(items, columns, empty)
            case Format.NONE:
                pass

    def item(self, item: Json, columns: Sequence[Column], *, name: str) -> None:
        """One thing, a line per member."""
        match self.format:
            case Format.JSON | Format.JSONL | Format.YAML:
                self.json(item)
            case Format.NAME:
                self.line(plain(item.get(name)))
            case Format.TABLE:
                self._members(self._texts(item, columns))
            case Format.NONE:
                pass

    def done(self, result: Json, *, name: str, text: str) -> None:
        """The answer of a command that changed something: a sentence, or *result*."""
        if self.format is Format.TABLE:
            self.note(text)
        else:
            self.item(result, (), name=name)

    def error(self, error: CasareError, *, problems: Sequence[Json] = ()) -> None:
        """The one way an error is shown; with JSON or YAML output one object on stderr."""
        if self.wants_json and not self._bare:
            body: Json = {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "request_id": error.request_id,
                "retryable": error.retryable,
                "exit_code": error.exit_code,
            }
            if problems:
                body["problems"] = list(problems)
            if self.asides:
                body["notes"] = self.asides
            self._tell(json_text({"error": body}) + "\n")
            return
        lines = [f"casare-rpa: {error.message}", *(f"  {problem_line(p)}" for p in problems)]
        if error.hint:
            lines.append(f"  hint: {error.hint}")
        if error.request_id:
            lines.append(f"  request id: {error.request_id}")
        self.line("\n".join(lines), stream=self.stderr)

    def console(self, stream: TextIO | None = None) -> Console:
        """A rich console on *stream* (stdout). Give it Text, never markup."""
        from rich.console import Console

        target = stream or self.stdout
        color = self.colored(target)
        return Console(file=target, markup=False, emoji=False, highlight=False, no_color=not color)

    def _lines(self, lines: Iterable[str]) -> None:
        with answering():
            self.stdout.writelines(escape(line) + "\n" for line in lines)
            self.stdout.flush()

    def _texts(self, item: Json, columns: Sequence[Column]) -> Sequence[tuple[str, str]]:
        return [(column.title, column.text(item, self._show_moment)) for column in columns]

    def _show_moment(self, value: Any) -> str:
        chosen = self._time_format
        relative = self.on_terminal() if chosen is None else chosen is TimeFormat.RELATIVE
        return ago(value, time.time()) if relative else moment(value)

    def _table(self, items: Sequence[Json], columns: Sequence[Column], empty: str) -> None:
        rows = [[one_line(text) for _, text in self._texts(item, columns)] for item in items]
        if not self.on_terminal() and self.colored():
            from casare_cli.terminal.tables import in_colour

            lines = ("\t".join(in_colour(escape(cell)) for cell in row) for row in rows)
            self.text("".join(line + "\n" for line in lines))
        elif not self.on_terminal():
            self._lines("\t".join(row) for row in rows)
        elif rows:
            from casare_cli.terminal.tables import print_table

            print_table(self.console(), columns, rows)
        elif empty:
            self.note(empty)

    def _members(self, members: Sequence[tuple[str, str]]) -> None:
        shown = [(title, text) for title, text in members if text]
        if not self.on_terminal():
            self._lines(f"{title}\t{one_line(text)}" for title, text in shown)
            return
        width = max((len(title) for title, _ in shown), default=0)
        self._lines(f"{title:<{width}}  {one_line(text)}" for title, text in shown)
