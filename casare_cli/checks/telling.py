"""Prints findings as they are made."""

from __future__ import annotations

from collections.abc import Iterable

from casare_cli.checks.finding import Finding
from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format
from casare_cli.terminal.text import one_line

_COLUMNS = (
    Column("STATE", "state", str.upper),
    Column("CHECK", "check"),
    Column("MESSAGE", "message"),
    Column("MEND", "mend"),
)
_ANSI = {"pass": "32", "warn": "33", "fail": "31", "skip": "2"}


def tell(app: App, findings: Iterable[Finding]) -> list[Finding]:
    """Print each finding as soon as it is made, or all of them as a document; what they were."""
    found = []
    for finding in findings:
        found.append(finding)
        if app.out.format is Format.TABLE:
            _show(app, finding)
    if app.out.format is not Format.TABLE:
        app.out.list([finding.to_dict() for finding in found], _COLUMNS, name="check")
    return found


def _show(app: App, finding: Finding) -> None:
    """A line, and the mend below it; off a terminal all on one line, tabs between."""
    item = finding.to_dict()
    if not app.out.on_terminal():
        app.out.line("\t".join(one_line(column.text(item)) for column in _COLUMNS))
        return
    text = f"{finding.state.upper():<4}  {finding.check:<14}  {finding.message}"
    app.out.line(text, ansi=_ANSI[finding.state])
    if finding.mend:
        app.out.line(f"{'':22}-> {finding.mend}")
