"""Join strings and fill templates."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.values.reading import MISSING, as_map, as_text, unescaped, walk

#: A wider field would fill the memory.
MAX_WIDTH = 10_000


class ConcatenateNode(Node):
    """Join two texts with an optional separator."""

    category = "data"
    example = {"string_1": "to", "string_2": "do", "separator": "-"}
    outputs = (Output("result", "STRING"),)
    string_1: Any = param("", kind="string", aliases=("string1",), help="The first text.")
    string_2: Any = param("", kind="string", aliases=("string2",), help="The second text.")
    separator: Any = prop("", kind="string", help="Goes between them.")

    def run(self, ctx: Context) -> Outputs:
        texts = (as_text(self.string_1), as_text(self.string_2))
        return {"result": unescaped(as_text(self.separator)).join(texts)}


class FormatStringNode(Node):
    """Fill a template such as `Hello {name}, you owe {sum:.2f}`.

    The names come from `variables`, then from the run's variables; a name found in neither fails.
    """

    category = "data"
    example = {"template": "Hello {name}", "variables": {"name": "Ada"}}
    outputs = (Output("result", "STRING"),)
    template: Any = param("", kind="string", help="Text with {name}, {user.name} or {rows[0]}.")
    variables: Any = param({}, kind="dict", help="The values by name.")

    def run(self, ctx: Context) -> Outputs:
        given = as_map(ctx, self.variables, "variables") if self.variables else {}
        try:
            return {"result": _Template(ctx, given).format(as_text(self.template))}
        except KeyError as error:
            raise NodeError(
                f"template: nothing is called {error.args[0]!r}", ErrorCode.TEMPLATE_ERROR
            ) from error
        except (ValueError, IndexError) as error:
            raise NodeError(f"template: {error}", ErrorCode.TEMPLATE_ERROR) from error


class _Template(string.Formatter):
    """str.format whose fields walk maps and lists only, never the attributes of objects."""

    def __init__(self, ctx: Context, given: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self._given = given

    def format_field(self, value: Any, format_spec: str) -> Any:
        if any(int(width) > MAX_WIDTH for width in re.findall(r"\d+", format_spec)):
            raise ValueError(f"a width beyond {MAX_WIDTH}")
        return super().format_field(value, format_spec)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        name = field_name.strip()
        value = self._given.get(name, MISSING)
        if value is MISSING:
            value = walk(self._given, name)
        if value is MISSING:
            value = self._ctx.get_variable(name, MISSING)
        if value is MISSING:
            raise KeyError(name)
        return value, name
