"""JavaScript inside the page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.browser._errors import script_error
from casare_rpa.nodes.browser._page import PageNode
from casare_rpa.nodes.browser._scripts import as_function, looks_like_python, prepared
from casare_rpa.nodes.browser._selectors import locate
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import as_text

_EXAMPLE = "return document.title;"


def _script(*, required: bool) -> Any:
    item = param(
        "",
        kind="code",
        required=required,
        aliases=() if required else ("expression",),
        help="JavaScript.",
    )
    # As written: placeholders are filled in by what they stand in, text or code.
    item.raw = True
    return item


class _ScriptNode(PageNode, abstract=True):
    """A node that runs JavaScript in the page."""

    side_effect = True
    opens_dialogs = False
    verb = "the script"
    failure = ErrorCode.JAVASCRIPT_ERROR

    async def evaluate(self, tab: OpenPage, script: str, arg: Any = None) -> Any:
        """What *script* returns. Raises NodeError with what it said when it failed."""
        limit = self.timeout_ms / 1000 or None
        try:
            async with asyncio.timeout(limit):
                return await tab.page.evaluate(as_function(script), arg)
        except TimeoutError:
            raise NodeError(
                f"the script has not ended within {self.timeout_ms:g} ms on {tab.shown}",
                ErrorCode.TIMEOUT,
            ) from None
        except Exception as error:
            said = script_error(error)
            if "has been closed" in said or "crashed" in said:
                raise
            raise NodeError(f"the script failed: {said}", ErrorCode.JAVASCRIPT_ERROR) from error


class BrowserRunScriptNode(_ScriptNode):
    """Run JavaScript in the current page; `result` is what it returns.

    The script is an expression, a function, or statements that end with `return`; it may `await`.
    `{{placeholders}}` are filled in as data: inside quotes as a part of that text, elsewhere as a
    JSON value. `${...}` belongs to JavaScript. An exception fails the node.
    """

    example = {"script": _EXAMPLE}
    script: str = _script(required=True)
    outputs = (Output("page", "PAGE"), Output("result", "ANY"))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        script = prepared(ctx, self.script)
        if looks_like_python(script):
            raise NodeError(
                "the script is Python, and pages run JavaScript",
                ErrorCode.INVALID_INPUT,
                hint="what Python would do with `page` the browser nodes do; for other Python take"
                " RunPythonScriptNode",
            )
        return {"page": tab, "result": await self.evaluate(tab, script)}


class BrowserEvaluateNode(_ScriptNode):
    """Evaluate JavaScript in the current page and give its value.

    As BrowserRunScriptNode, and `arg` is there as `arg`; a function gets it as its argument. What
    the script throws is a success of the node with `success` false and `error`. With `return_json`
    off `result` is text.
    """

    example = {"script": "document.links.length"}
    script: str = _script(required=False)
    arg: Json = param(None, kind="any", help="A value for the script.")
    wait_for_selector: str = prop("", kind="selector", help="An element to wait for first.")
    return_json: bool = prop(True, kind="boolean", help="Keep the value's type.")
    store_variable: str = prop("", kind="string", help="A variable for the value.")
    outputs = (Output("result", "ANY"), Output("success", "BOOLEAN"), Output("error", "STRING"))

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        if self.wait_for_selector:
            found = locate(tab.page, self.wait_for_selector, strict=False)
            await found.wait_for(timeout=self.timeout_ms, state="attached")
        script = prepared(ctx, self.script)
        try:
            value = await self.evaluate(tab, script, self.arg)
        except NodeError as error:
            if error.error_code is not ErrorCode.JAVASCRIPT_ERROR:
                raise
            ctx.log(error.message, "warning")
            return {"result": None, "success": False, "error": error.message}
        if not self.return_json:
            value = json.dumps(value) if isinstance(value, (dict, list)) else as_text(value)
        if self.store_variable:
            ctx.set_variable(self.store_variable, value)
        return {"result": value, "success": True, "error": ""}
