"""The pages of one of our own lists, each behind the cursor of the last, at the server's pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from casare_cli.terminal.output import Output
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import RateLimited

#: A page of the list: asked with `limit` and `cursor`.
Fetch = Callable[..., Json]
LARGEST_PAGE = 500

_Answer = TypeVar("_Answer")


def pages(out: Output, fetch: Fetch, *, limit: int, cursor: str | None = None) -> Iterator[Json]:
    """Every page from *cursor* on. What leaves or joins the list meanwhile moves no other item."""
    while True:
        page = patiently(out, partial(fetch, limit=limit, cursor=cursor))
        yield page
        cursor = page.get("next_cursor")
        if cursor is None:
            return


def patiently(out: Output, ask: Callable[[], _Answer]) -> _Answer:
    """What *ask* gives; a server that has had enough calls for now is asked again when it says."""
    while True:
        try:
            return ask()
        except RateLimited as error:
            seconds = float(error.details.get("retry_after_seconds") or 1)
            out.aside(f"the server wants to be asked again in {seconds:.0f} s; waiting")
            time.sleep(seconds)
