"""What a page asks the person before it: alerts, questions, captchas."""

from __future__ import annotations

import asyncio

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, port, prop
from casare_rpa.nodes.browser._page import PageNode
from casare_rpa.nodes.browser._scripts import in_page
from casare_rpa.nodes.browser._selectors import locate
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import as_text, one_of

_CAPTCHAS = ("recaptcha_v2", "recaptcha_v3", "hcaptcha", "image_captcha")


class BrowserAlertHandleNode(PageNode):
    """Answer an alert, a question or a prompt of the page.

    Waits for it up to `timeout` milliseconds; with `trigger_selector` it clicks that first. One
    that the node before has opened, by a click for example, is still there. `prompt_text` answers a
    prompt. Not answered by this node, a dialog is dismissed by whatever node comes next.
    """

    example = {"action": "accept", "trigger_selector": "#delete"}
    side_effect = True
    verb = "waiting for a dialog"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    action: str = prop("accept", kind="choice", choices=("accept", "dismiss"), help="The answer.")
    prompt_text: str = prop("", kind="string", help="What to type into a prompt.")
    trigger_selector: str | None = port(None, kind="string", help="What to click first.")
    outputs = (
        Output("page", "PAGE"),
        Output("message", "STRING"),
        Output("dialog_type", "STRING"),
        Output("action_taken", "STRING"),
        Output("success", "BOOLEAN"),
    )

    async def _attempt(self, ctx: Context, tab: OpenPage) -> Outputs:
        action = one_of(self.action, "action", ("accept", "dismiss"))
        if self.trigger_selector and tab.dialog is None:
            trigger = locate(tab.page, self.trigger_selector, strict=False)
            tab.hold(asyncio.ensure_future(trigger.click(timeout=self.timeout_ms)))
        try:
            async with asyncio.timeout(self.timeout_ms / 1000 or None):
                await tab.dialog_came.wait()
        except TimeoutError:
            raise NodeError(
                f"the page {tab.shown} opened no dialog within {self.timeout_ms:g} ms",
                ErrorCode.TIMEOUT,
                hint="it must be opened by the node before, or by trigger_selector",
            ) from None
        assert tab.dialog is not None
        kind, message = tab.dialog.type, tab.dialog.message
        accept = action == "accept"
        text = as_text(self.prompt_text) if kind == "prompt" else None
        await tab.answer_dialog(accept=accept, text=text)
        await tab.settle(self.timeout_ms / 1000 or None)
        return {
            "page": tab,
            "message": message,
            "dialog_type": kind,
            "action_taken": action,
            "success": True,
        }


class DetectCaptchaNode(PageNode):
    """Say whether the page shows a CAPTCHA, and of which kind.

    It looks for the kind `captcha_type` first, then for the others. Nothing is solved.
    """

    example = {"captcha_type": "hcaptcha"}
    verb = "looking for a captcha"
    captcha_type: str = prop("recaptcha_v2", kind="choice", choices=_CAPTCHAS, help="Looked for.")
    challenge_selector: str = prop(
        "iframe[title*='recaptcha challenge'], .rc-imageselect",
        kind="string",
        help="CSS of a challenge that is shown.",
    )
    outputs = (
        Output("page", "PAGE"),
        Output("captcha_detected", "BOOLEAN"),
        Output("captcha_type", "STRING"),
        Output("sitekey", "STRING"),
        Output("page_url", "STRING"),
    )

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        kind = one_of(self.captcha_type, "captcha_type", _CAPTCHAS)
        found = await tab.page.evaluate(
            in_page("captcha"), [kind, as_text(self.challenge_selector)]
        )
        return {
            "page": tab,
            "captcha_detected": found is not None,
            "captcha_type": found["kind"] if found else "",
            "sitekey": found["key"] if found else "",
            "page_url": tab.page.url,
        }
