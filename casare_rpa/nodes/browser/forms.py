"""Forms: what is in them, and filling them in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Json,
    NodeError,
    Output,
    Outputs,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.browser._errors import Asked, node_error
from casare_rpa.nodes.browser._page import PageNode
from casare_rpa.nodes.browser._scripts import in_page
from casare_rpa.nodes.browser._selectors import engine_selector, locate
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import as_list, as_number, as_text, literal, one_of

if TYPE_CHECKING:
    from playwright.async_api import Locator

Field: TypeAlias = dict[str, Any]

_FIELD_TYPES = ("text", "select", "checkbox", "radio")
_NAME_ONLY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- []"
_OFF = ("", "false", "no", "off", "0", "none")
_SUBMIT = "button:not([type]), button[type=submit], input[type=submit], input[type=image]"
_KIND = """e => {
  const type = (e.type || '').toLowerCase();
  if (e.tagName === 'SELECT') return 'select';
  return type === 'checkbox' || type === 'radio' || type === 'password' ? type : 'text';
}"""


class DetectFormsNode(PageNode):
    """List the forms of the page with their fields.

    A field tells name, id, type, label, selector, whether it is required, its value (never that of
    a password) and the options of a list.
    """

    example = {"container": "body"}
    verb = "listing forms"
    timeout: int = unlisted(30000, kind="integer", minimum=0)
    container: str = prop("body", kind="string", help="CSS of what to look in.")
    include_hidden: bool = prop(False, kind="boolean", help="Hidden fields, too.")
    output_variable: str = prop("", kind="string", help="A variable for the forms.")
    outputs = (
        Output("page", "PAGE"),
        Output("forms", "LIST"),
        Output("form_count", "INTEGER"),
        Output("field_count", "INTEGER"),
        Output("fields", "LIST"),
    )

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        container = as_text(self.container) or "body"
        forms = await tab.page.evaluate(in_page("forms"), [container, bool(self.include_hidden)])
        if forms is None:
            raise NodeError(
                f"{container!r} finds nothing on {tab.shown}", ErrorCode.ELEMENT_NOT_FOUND
            )
        fields = [field for form in forms for field in form["fields"]]
        if self.output_variable:
            ctx.set_variable(self.output_variable, forms)
        return {
            "page": tab,
            "forms": forms,
            "form_count": len(forms),
            "field_count": len(fields),
            "fields": fields,
        }


class FormFieldNode(PageNode):
    """Add one field and its value to a list, which FormFillerNode fills in.

    Nothing happens on the page yet. Connect `fields_out` to `fields_in` of the next one.
    """

    example = {"selector": "#name", "value": "Ada"}
    timeout: int = unlisted(30000, kind="integer", minimum=0)
    selector: str = prop(kind="selector", default="", required=True, help="The field.")
    value: str = prop(kind="string", default="", required=True, help="What goes into it.")
    field_type: str = prop("text", kind="choice", choices=_FIELD_TYPES, help="What it is.")
    clear_first: bool = prop(True, kind="boolean", help="Replace what is there.")
    fields_in: Json = port(None, kind="list", help="The fields before this one.")
    outputs = (Output("page", "PAGE"), Output("fields_out", "LIST"), Output("field", "OBJECT"))

    async def run(self, ctx: Context) -> Outputs:
        engine_selector(self.selector)
        field: Field = {
            "selector": as_text(self.selector).strip(),
            "value": self.value,
            "type": one_of(self.field_type, "field_type", _FIELD_TYPES),
            "clear_first": bool(self.clear_first),
        }
        before = as_list(ctx, self.fields_in, "fields_in") if self.fields_in else []
        return {"page": self.tab(ctx), "fields_out": [*before, field], "field": field}


class FormFillerNode(PageNode):
    """Fill in several fields of a form.

    `field_mapping` says what goes where, by the field's name, id, label, placeholder or selector;
    boxes take true and false, lists a value or a label. Fields of FormFieldNode come first.
    `auto_submit` sends the form. `form_data` is what was filled in, passwords as `***`.
    """

    example = {"field_mapping": {"name": "Ada", "newsletter": True}, "auto_submit": True}
    side_effect = True
    opens_dialogs = True
    verb = "filling in"
    failure = ErrorCode.TYPE_FAILED
    form_selector: str = prop("form", kind="string", help="The form.")
    field_mapping: Json = param(None, kind="json", port_kind="OBJECT", help="What goes where.")
    fast_mode: bool = prop(False, kind="boolean", help="Do not look whether fields can be edited.")
    auto_submit: bool = prop(False, kind="boolean", help="Send the form.")
    clear_first: bool = prop(True, kind="boolean", help="Replace what is there.")
    wait_between_fields: int = prop(
        0, kind="integer", minimum=0, maximum=5000, help="Milliseconds."
    )
    timeout: int = prop(
        5000, kind="integer", minimum=100, maximum=60000, help="Milliseconds for each field."
    )
    fields_in: Json = port(None, kind="list", help="Fields of FormFieldNode.")
    outputs = (
        Output("page", "PAGE"),
        Output("fields_filled", "INTEGER"),
        Output("form_data", "OBJECT"),
    )

    @property
    def seconds(self) -> float | None:
        return None  # each field has its own limit

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        fields = self._fields(ctx)
        form = locate(tab.page, self.form_selector or "form", strict=False)
        pause = float(as_number(self.wait_between_fields or 0, "wait_between_fields")) / 1000
        filled: dict[str, Any] = {}
        for number, field in enumerate(fields):
            if number and pause:
                await asyncio.sleep(pause)
            name = as_text(field.get("name") or field.get("selector"))
            try:
                filled[name] = await self._fill(tab, form, name, field)
            except Exception as error:
                asked = Asked("filling in", self.failure, name, timeout_ms=self.timeout_ms)
                raise node_error(error, asked, tab.shown) from error
        if self.auto_submit:
            await self._submit(form)
        return {"page": tab, "fields_filled": len(filled), "form_data": filled}

    def _fields(self, ctx: Context) -> list[Field]:
        given = as_list(ctx, self.fields_in, "fields_in") if self.fields_in else []
        mapping = self.field_mapping
        if isinstance(mapping, str):
            found = literal(mapping)
            mapping = (
                found if isinstance(found, (dict, list)) else ctx.get_variable(mapping.strip())
            )
        if isinstance(mapping, Mapping):
            given = [*given, *({"name": k, "value": v} for k, v in mapping.items())]
        elif isinstance(mapping, list):
            given = [*given, *mapping]
        elif mapping:
            raise NodeError("field_mapping must be a map", ErrorCode.TYPE_MISMATCH)
        if not given:
            raise NodeError("field_mapping is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        if not all(isinstance(field, Mapping) for field in given):
            raise NodeError("each field must be a map", ErrorCode.TYPE_MISMATCH)
        return [dict(field) for field in given]

    async def _fill(self, tab: OpenPage, form: Locator, name: str, field: Field) -> Any:
        """Fill one field; what it holds now, fit to be shown."""
        where = _within(form, name) if "name" in field else locate(tab.page, name, strict=False)
        limit: dict[str, Any] = {"timeout": self.timeout_ms, "force": bool(self.fast_mode)}
        kind = await where.evaluate(_KIND, timeout=self.timeout_ms)
        value = field.get("value")
        if kind in ("checkbox", "radio"):
            return await _check(form, where, kind, value, limit)
        text = as_text(value)
        if kind == "select":
            await where.select_option([text], **limit)
            return text
        if not field.get("clear_first", self.clear_first):
            text = await where.input_value(timeout=self.timeout_ms) + text
        await where.fill(text, **limit)
        return "***" if kind == "password" else text

    async def _submit(self, form: Locator) -> None:
        button = form.locator(_SUBMIT).first
        if await button.count():
            await button.click(timeout=self.timeout_ms)
        else:
            await form.evaluate("form => form.requestSubmit()", timeout=self.timeout_ms)


def _within(form: Locator, name: str) -> Locator:
    """A field of *form* by its name, id, label, placeholder or a selector."""
    if set(name) - set(_NAME_ONLY) and not name.replace(" ", "").isalpha():
        found = form.locator(engine_selector(name))
        if not any(c in name for c in "*?!,:'()"):
            return found.first
        return found.or_(form.get_by_label(name)).first
    text = json.dumps(name, ensure_ascii=False)
    css = form.locator(f"[name={text}], [id={text}]")
    return (
        css.or_(form.get_by_label(name, exact=True))
        .or_(form.get_by_placeholder(name, exact=True))
        .first
    )


async def _check(form: Locator, where: Locator, kind: str, value: Any, limit: Any) -> Any:
    on = value if isinstance(value, bool) else as_text(value).strip().lower() not in _OFF
    if kind == "radio" and not isinstance(value, bool):
        # One of several of the same name: the one with this value.
        name = await where.get_attribute("name")
        text = json.dumps(as_text(value), ensure_ascii=False)
        same = form.locator(f"input[type=radio][name={json.dumps(name)}][value={text}]")
        if name and await same.count():
            await same.first.check(**limit)
            return as_text(value)
    await where.set_checked(on, **limit)
    return on
