"""Work on a page that a dialog may stop: the work waits until somebody has answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from casare_rpa.nodes.base import Context
from casare_rpa.nodes.browser._values import OpenPage


async def beside_dialogs(
    ctx: Context, tab: OpenPage, work: Coroutine[Any, Any, Any], *, leave: bool
) -> tuple[bool, Any]:
    """Whether *work* came to its end, and what it returned.

    With *leave* a dialog ends the waiting: the next node answers it, and the work goes on then.
    Else it is dismissed.
    """
    task = asyncio.ensure_future(work)
    try:
        while True:
            came = asyncio.ensure_future(tab.dialog_came.wait())
            try:
                await asyncio.wait({task, came}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                came.cancel()
            if task.done():
                return True, task.result()
            if leave:
                tab.hold(task)
                return False, None
            kind = tab.dialog.type if tab.dialog else "dialog"
            ctx.log(f"the page opened a dialog ({kind}): it is dismissed", "warning")
            await tab.answer_dialog(accept=False)
    finally:
        if not task.done() and task not in tab.held:
            task.cancel()
            with contextlib.suppress(BaseException):
                await task
