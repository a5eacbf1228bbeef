"""Dialogs that ask for several things: a form, and pages of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.dialogs._buttons import pressed
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left
from casare_rpa.nodes.dialogs._fields import Field, fields_of, filled_in
from casare_rpa.nodes.values.reading import as_list, as_text, shown


class FormDialogNode(DialogNode):
    """Have a person fill in a form, field by field.

    A field is a map with `name`, `label`, `type` (text, integer, number, boolean, choice with its
    `options`, password; any other is a text), `default` and `required`, or its name alone. Enter
    alone takes the default, else leaves the field empty; one that is `required` is asked for again.
    A password is not shown, and nobody else sees it (one of fewer than 4 characters is not hidden
    inside other text, which the log warns of). Ctrl-D cancels the form, and so does an empty
    answer to a choice without a default: `confirmed` is false, and `data` empty.
    """

    example = {"fields": [{"name": "month", "type": "integer", "default": 11}]}
    title: str = prop("Form", kind="string", help="The headline.")
    fields: Json = param("[]", kind="json", port_kind="ANY", help="What to ask for.")
    outputs = (Output("data", "DICT"), Output("confirmed", "BOOLEAN"))

    def check(self, ctx: Context) -> None:
        self.form = fields_of(ctx, self.fields, "fields")
        if not self.form:
            raise NodeError("fields is empty: there is nothing to ask", ErrorCode.INVALID_INPUT)

    async def ask(self, asking: Asking) -> Outputs:
        data = {field.name: await filled_in(asking, field) for field in self.form}
        return {"data": data, "confirmed": True}

    def left(self) -> Outputs:
        return {"data": {}, "confirmed": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    title: str
    text: str
    fields: list[Field]


class WizardDialogNode(DialogNode):
    """Lead a person through pages, each with a text and fields.

    A step is a map with `title`, `description` and `fields` as those of FormDialogNode. After each
    page Enter goes on, and with `allow_back` "back" returns to the one before, whose answers are
    offered again. `data` has the fields of all pages. Ctrl-D or "cancel" ends it: `canceled` is
    true, and `data` empty. `last_step` counts from 0.
    """

    example = {"steps": [{"title": "Which", "fields": ["month"]}, {"title": "Ready?"}]}
    title: str = prop("Wizard", kind="string", help="The headline.")
    steps: Json = param("[]", kind="json", port_kind="ANY", help="The pages.")
    allow_back: bool = prop(True, kind="boolean", help="One may go back.")
    outputs = (
        Output("data", "DICT"),
        Output("completed", "BOOLEAN"),
        Output("canceled", "BOOLEAN"),
        Output("last_step", "INTEGER"),
    )

    def check(self, ctx: Context) -> None:
        given = as_list(ctx, self.steps, "steps")
        self.pages = [_page(ctx, item, f"steps[{i}]") for i, item in enumerate(given)]
        if not self.pages:
            raise NodeError("steps is empty: there is nothing to show", ErrorCode.INVALID_INPUT)
        self.at = 0

    async def ask(self, asking: Asking) -> Outputs:
        data: dict[str, Any] = {}
        while self.at < len(self.pages):
            page = self.pages[self.at]
            asking.show(f"{self.at + 1}/{len(self.pages)}  {page.title}".rstrip())
            asking.show(page.text)
            for field in page.fields:
                data[field.name] = await filled_in(asking, field, data.get(field.name))
            self.at += await self._way(asking)
        last = len(self.pages) - 1
        return {"data": data, "completed": True, "canceled": False, "last_step": last}

    def left(self) -> Outputs:
        return {"data": {}, "completed": False, "canceled": True, "last_step": self.at}

    async def _way(self, asking: Asking) -> int:
        """1 to go on, -1 to go back. Raises Left."""
        onward = "Finish" if self.at == len(self.pages) - 1 else "Next"
        ways = {onward: 1, "Cancel": 0}
        if self.allow_back and self.at:
            ways["Back"] = -1
        names = list(ways)
        index = await pressed(asking, names, 0)
        if not ways[names[index or 0]]:
            raise Left
        return ways[names[index or 0]]


def _page(ctx: Context, item: Any, place: str) -> _Page:
    if isinstance(item, str):
        return _Page(title=item, text="", fields=[])
    if not isinstance(item, Mapping):
        raise NodeError(f"{place}: {shown(item)} is no step: give a map", ErrorCode.TYPE_MISMATCH)
    texts = (item.get(key) for key in ("description", "message", "text", "content"))
    return _Page(
        title=as_text(item.get("title") or item.get("name")),
        text=as_text(next((text for text in texts if text), "")),
        fields=fields_of(ctx, item.get("fields"), f"{place}.fields"),
    )
