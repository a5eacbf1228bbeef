"""Labels by the names that people see, as the ids that Gmail wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google.gmail._node import MAILBOX, words

#: Every mailbox has them, and they are their own ids.
_OF_ALL = frozenset(
    {
        *("INBOX", "UNREAD", "STARRED", "IMPORTANT", "SENT", "DRAFT", "SPAM", "TRASH"),
        *("CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS"),
        *("CATEGORY_UPDATES", "CATEGORY_FORUMS"),
    }
)


async def all_labels(api: Api) -> list[dict[str, Any]]:
    """The labels of the mailbox, by Google's names."""
    found = (await api.ask("GET", f"{MAILBOX}/labels")).get("labels")
    return [each for each in found or () if isinstance(each, dict)]


async def label_ids(ctx: Context, api: Api, value: Any, name: str) -> list[str]:
    """The ids of the labels that *value* names or lists, each once. Raises NodeError.

    Labels are asked for only where one is named that not every mailbox has.
    """
    given = [_name(each) for each in words(ctx, value)]
    given = list(dict.fromkeys(each for each in given if each))
    if _OF_ALL.issuperset(given):
        return given
    known = await all_labels(api)
    return list(dict.fromkeys(_id(each, known, name) for each in given))


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("id") or value.get("name")
    return "" if value is None else str(value).strip()


def _id(wanted: str, known: Iterable[Mapping[str, Any]], name: str) -> str:
    names = {str(label.get("name", "")): str(label.get("id", "")) for label in known}
    if wanted in _OF_ALL or wanted in names.values():
        return wanted
    # For Gmail names are the same in either case.
    folded = {each.casefold(): label_id for each, label_id in names.items()}
    if wanted.casefold() in folded:
        return folded[wanted.casefold()]
    close = get_close_matches(wanted, names, n=3)
    raise NodeError(
        f"{name}: the mailbox has no label {wanted!r}"
        + (f"; did you mean {' or '.join(map(repr, close))}?" if close else ""),
        ErrorCode.RESOURCE_NOT_FOUND,
        hint="GmailGetLabelsNode lists them; new ones are made in Gmail",
    )
