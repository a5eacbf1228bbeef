"""Write to the run's log."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.nodes.base import Context, Node, Outputs, param, prop, unlisted
from casare_rpa.nodes.values.reading import MISSING, as_text

_LEVELS = ("debug", "info", "warning", "error", "critical")
_LEVEL_WORDS = {"warn": "warning", "fatal": "critical", "success": "info", "trace": "debug"}
#: One pair of braces: two are a placeholder, which stays as it is if it is unknown.
_BRACES = re.compile(r"(?<!\{)\{(\s*[^\W\d][\w-]*(?:\.[\w-]+|\[\d+\])*\s*)\}(?!\})")


class LogNode(Node):
    """Write a message to the run's log: the text as it is, and nothing before it.

    `{name}` and `{{name}}` stand for values; a name that is unknown stays as it is written.
    """

    category = "utility"
    example = {"message": "Done: {{count}} rows", "level": "info"}
    message: Any = param("", kind="string", aliases=("text",), help="The text.")
    data: Any = param(None, help="A value to add; the line then ends with ` | Data: ...`.")
    level: str = prop("critical", kind="choice", choices=_LEVELS, help="How grave it is.")
    include_timestamp: bool = prop(
        True, kind="boolean", help="Has no effect: every line of the log carries its time."
    )
    include_node_id: bool = prop(
        True, kind="boolean", help="Has no effect: every line of the log carries its node."
    )
    print_to_terminal: bool = unlisted(
        True, kind="boolean", help="Has no effect: who runs the workflow chooses what is shown."
    )

    def run(self, ctx: Context) -> Outputs:
        text = _BRACES.sub(lambda found: _filled(ctx, found), as_text(self.message))
        given = self.data not in (None, "")
        if given:
            text = f"{text} | Data: {as_text(self.data)}"
        ctx.log(text, level=_level(self.level), data=self.data if given else None)
        return {}


def _filled(ctx: Context, found: re.Match[str]) -> str:
    value = ctx.get_variable(found[1].strip(), MISSING)
    return found[0] if value is MISSING else as_text(value)


def _level(given: Any) -> str:
    name = as_text(given).strip().lower()
    name = _LEVEL_WORDS.get(name, name)
    return name if name in _LEVELS else "info"
