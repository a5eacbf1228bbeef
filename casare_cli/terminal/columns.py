"""Columns of a table, without the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from casare_cli.terminal.text import moment, plain


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title and the member it shows, or how to make its text.

    Without a member it is made of the whole item. One that shows a `moment` shows it in the time
    format that the person chose. Where the terminal is too narrow for all, the *spare* ones are
    left out, the last one first.
    """

    title: str
    member: str
    show: Callable[[Any], str] | None = None
    spare: bool = False

    def text(self, item: Mapping[str, Any], show_moment: Callable[[Any], str] = moment) -> str:
        value = item.get(self.member) if self.member else item
        show = show_moment if self.show is moment else self.show or plain
        return show(value)
