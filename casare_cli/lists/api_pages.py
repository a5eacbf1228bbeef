"""The pages of any list of the API: by its cursors, else by numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from httpx import Response

    from casare_rpa.client import OrchestratorClient

_PAGE = 500


def pages(client: OrchestratorClient, target: str, query: Json, about: Json) -> Iterator[Any]:
    """The answers of GET *target*, from the offset or cursor in *query* on.

    *about* is what else `client.exchange` takes. Raises InvalidInput for what has no pages.
    """
    from casare_rpa.client import decoded

    size, start = _number(query, "limit", _PAGE), _number(query, "offset", 0)
    found: list[Any] = []
    place: Json | None = {"limit": size}
    while place is not None:
        response = client.exchange("GET", target, params=query | place, **about)
        page: Any = decoded(response)
        before, found = found, items_of(page, target)
        if found and found == before:
            raise InvalidInput(f"--paginate: {target} answers with the same page again")
        yield page
        start += len(found)
        place = _next_place(response, page, start, size, is_full=len(found) == size)


def items_of(page: Any, target: str) -> list[Any]:
    """The list in a page: the page itself, or its one member that is a list."""
    if isinstance(page, list):
        return page
    lists = [value for value in page.values() if isinstance(value, list)]
    if len(lists) != 1:
        raise InvalidInput(f"--paginate: the answer of {target} is no list")
    return lists[0]


def _next_place(
    response: Response, page: Any, start: int, size: int, *, is_full: bool
) -> Json | None:
    """What asks for the next page; None when there is none."""
    from casare_rpa.client import NEXT_CURSOR

    has_cursor = isinstance(page, dict) and "next_cursor" in page
    cursor = page["next_cursor"] if has_cursor else response.headers.get(NEXT_CURSOR)
    if cursor is not None:
        return {"limit": size, "offset": 0, "cursor": cursor}
    return {"limit": size, "offset": start} if is_full and not has_cursor else None


def _number(query: Json, name: str, otherwise: int) -> int:
    text = str(query.get(name, otherwise))
    if not text.isdecimal():
        raise InvalidInput(f"--param {name}: {text!r} is no number")
    return int(text)
