"""What a page says: texts, attributes, tables, pictures."""

from __future__ import annotations

import csv
import io
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.browser._page import ElementNode, PageNode, PlainNode
from casare_rpa.nodes.browser._scripts import in_page
from casare_rpa.nodes.browser._selectors import locate
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import as_int, as_text, comma_separated, one_of

_STATES = ("visible", "hidden", "attached", "detached")
_FORMATS = ("list_of_dicts", "list_of_lists", "csv_string")
_VALUE_OF = "e => 'value' in e ? e.value : null"


class WaitForElementNode(ElementNode):
    """Wait until an element is visible, hidden, in the page (`attached`) or gone (`detached`)."""

    example = {"selector": "#done", "timeout": 5000}
    verb = "waiting for"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    state: str = prop("visible", kind="choice", choices=_STATES, help="What it is to become.")
    strict: bool = prop(False, kind="boolean", help="Fail if the selector finds several.")
    highlight_on_find: bool = prop(False, kind="boolean", help="Show it in a window.")
    outputs = (Output("page", "PAGE"), Output("found", "BOOLEAN"))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        state: Any = one_of(self.state, "state", _STATES)
        found = locate(tab.page, self.selector, strict=bool(self.strict), anchor=self.anchor_config)
        try:
            await found.wait_for(state=state, timeout=self.timeout_ms)
        except Exception as error:
            if type(error).__name__ == "TimeoutError" and state != "attached":
                raise await self._as_it_is(error, state, tab) from error
            raise
        if self.highlight_on_find and state in ("visible", "attached"):
            await self.element(tab)
        return {"page": tab, "found": state in ("visible", "attached")}

    async def _as_it_is(self, error: Exception, state: str, tab: OpenPage) -> Exception:
        """Say that it is there if it is: the driver only says that it waited."""
        is_there = await locate(tab.page, self.selector, strict=False).count() > 0
        if not is_there:
            return error
        words = {"visible": "it is there and not visible"}.get(state, "it is still there")
        return NodeError(
            f"waiting for {self.selector!r} to become {state} on {tab.shown}: {words}, waited"
            f" {self.timeout_ms:g} ms",
            ErrorCode.ELEMENT_NOT_VISIBLE if state == "visible" else ErrorCode.TIMEOUT,
            hint="wait for another `state`, or longer with `timeout` (milliseconds)",
        )


class ExtractTextNode(ElementNode):
    """Read the text of an element.

    `use_inner_text` reads it as it is shown, without what is hidden; of a field it is what was
    typed. The text goes to a variable, too, unless `variable_name` is empty.
    """

    example = {"selector": "h1", "variable_name": "title"}
    aliases = ("BrowserGetTextNode",)
    verb = "reading"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    variable_name: str = prop("extracted_text", kind="string", help="A variable for the text.")
    use_inner_text: bool = prop(False, kind="boolean", help="As it is shown.")
    strict: bool = prop(False, kind="boolean", help="Fail if the selector finds several.")
    trim_whitespace: bool = prop(True, kind="boolean", help="Without space around it.")
    outputs = (Output("text", "STRING"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        found = await self.element(tab)
        limit = self.timeout_ms
        text = await (
            found.inner_text(timeout=limit)
            if self.use_inner_text
            else found.text_content(timeout=limit)
        )
        if not text:
            value = await found.evaluate(_VALUE_OF, timeout=limit)
            text = value if isinstance(value, str) else ""
        if self.trim_whitespace:
            text = text.strip()
        if self.variable_name:
            ctx.set_variable(self.variable_name, text)
        return {"text": text}


class GetAttributeNode(ElementNode):
    """Read an attribute of an element; nothing if it does not have it.

    The value goes to a variable, too, unless `variable_name` is empty.
    """

    example = {"selector": "a.next", "attribute": "href", "variable_name": "next"}
    verb = "reading"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    attribute: str = param("", kind="string", help="Such as `href`.")
    variable_name: str = prop("attribute_value", kind="string", help="A variable for the value.")
    strict: bool = prop(False, kind="boolean", help="Fail if the selector finds several.")
    outputs = (Output("value", "STRING"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        name = as_text(self.attribute).strip()
        if not name:
            raise NodeError("attribute is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        value = await (await self.element(tab)).get_attribute(name, timeout=self.timeout_ms)
        if value is None:
            ctx.log(f"{self.selector!r} has no attribute {name!r}", "warning")
        if self.variable_name:
            ctx.set_variable(self.variable_name, value)
        return {"value": value}


class TableScraperNode(PageNode):
    """Turn a table of the page into rows.

    `list_of_dicts` names the cells by the table's head, or its first row if it has none; without
    `include_headers`, or where a name is missing, they are `column_1` and so on. A cell that spans
    several rows or columns is in each of them. `skip_rows` leaves out the first rows below the
    head.
    """

    example = {"table_selector": "#prices", "max_rows": 100}
    verb = "reading"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    table_selector: str = param("table", kind="selector", required=True, help="The table.")
    include_headers: bool = prop(True, kind="boolean", help="The first row names the columns.")
    output_format: str = prop("list_of_dicts", kind="choice", choices=_FORMATS, help="Of `data`.")
    skip_rows: int = prop(0, kind="integer", minimum=0, help="Rows to leave out.")
    max_rows: int = prop(0, kind="integer", minimum=0, help="Most rows; 0: all.")
    output_variable: str = prop("table_data", kind="string", help="A variable for `data`.")
    outputs = (Output("data", "ANY"), Output("row_count", "INTEGER"), Output("headers", "LIST"))

    def asked(self) -> Any:
        return super().asked()._replace(selector=as_text(self.table_selector))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        form = one_of(self.output_format, "output_format", _FORMATS)
        table = locate(tab.page, self.table_selector, strict=False)
        found = await table.evaluate(in_page("table"), timeout=self.timeout_ms)
        headers, rows = self._parted(found["rows"], found["head"])
        data = self._written(form, headers, rows)
        if self.output_variable:
            ctx.set_variable(self.output_variable, data)
        return {"data": data, "row_count": len(rows), "headers": headers}

    def _parted(
        self, rows: list[list[str]], heads: list[bool]
    ) -> tuple[list[str], list[list[str]]]:
        """The names of the columns, and the rows."""
        first = heads.index(True) if True in heads else 0
        headers = rows[first] if rows and self.include_headers else []
        body = [
            row
            for number, row in enumerate(rows)
            if row and not heads[number] and not (headers and number == first)
        ]
        skipped = body[as_int(self.skip_rows or 0, "skip_rows") :]
        most = as_int(self.max_rows or 0, "max_rows")
        return headers, skipped[:most] if most > 0 else skipped

    def _written(self, form: str, headers: list[str], rows: list[list[str]]) -> Any:
        if form == "list_of_lists":
            return rows
        if form == "csv_string":
            stream = io.StringIO()
            csv.writer(stream, lineterminator="\n").writerows(([headers] if headers else []) + rows)
            return stream.getvalue()
        names = _unique(headers, max(map(len, rows), default=0))
        return [dict(zip(names, row, strict=False)) for row in rows]


class GetAllImagesNode(PlainNode):
    """List the pictures of the current page, as `{url, width, height}`.

    `file_types` are endings by commas (`png,jpg`); backgrounds count with the size of what they lie
    behind.
    """

    example = {"min_width": 100, "file_types": "png,jpg"}
    verb = "listing pictures"
    min_width: int = prop(0, kind="integer", minimum=0, help="Pixels.")
    min_height: int = prop(0, kind="integer", minimum=0, help="Pixels.")
    include_backgrounds: bool = prop(True, kind="boolean", help="Those of styles, too.")
    file_types: str = prop("", kind="string", help="Endings; empty: all.")
    outputs = (Output("images", "LIST"), Output("count", "INTEGER"))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        found = await tab.page.evaluate(in_page("images"), [bool(self.include_backgrounds)])
        width, height = (
            as_int(self.min_width or 0, "min_width"),
            as_int(self.min_height or 0, "min_height"),
        )
        types = {t.lower().lstrip(".*") for t in comma_separated(as_text(self.file_types))}
        if types & {"jpg", "jpeg"}:
            types |= {"jpg", "jpeg"}
        images = [
            image
            for image in found
            if image["width"] >= width
            and image["height"] >= height
            and (not types or _type_of(image["url"]) in types)
        ]
        return {"images": images, "count": len(images)}


def _type_of(url: str) -> str:
    if url.startswith("data:image/"):
        return url[11:].partition(";")[0].partition(",")[0].partition("+")[0]
    return url.partition("?")[0].partition("#")[0].rpartition(".")[2].lower()


def _unique(headers: list[str], width: int) -> list[str]:
    """A name for each of *width* columns, none of them twice."""
    names: list[str] = []
    for number in range(max(width, len(headers))):
        name = (
            headers[number] if number < len(headers) and headers[number] else f"column_{number + 1}"
        )
        while name in names:
            name = f"{name}_{number + 1}"
        names.append(name)
    return names
