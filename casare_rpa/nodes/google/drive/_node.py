"""What the nodes of Google Drive have in common: items, queries, and how they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from casare_rpa.nodes.base import Context
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import GoogleNode
from casare_rpa.nodes.google._services import DRIVE, Service, quoted
from casare_rpa.nodes.values.reading import as_list

FILES = "/drive/v3/files"
FOLDER = "application/vnd.google-apps.folder"
_ONE_ID = re.compile(r"[\w-]+")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_FULL_TEXT = re.compile(r"\bfullText\b")
#: So that items of shared drives may be named like all others. To be found in a search they take
#: more: see `listed`.
EVERYWHERE: Mapping[str, Any] = {"supportsAllDrives": True}
#: Google's names of what an item is told as; ours, and what makes an empty one.
_FIELDS: Mapping[str, tuple[str, Callable[[], Any]]] = {
    "id": ("id", str),
    "name": ("name", str),
    "mimeType": ("mime_type", str),
    "size": ("size", int),
    "createdTime": ("created_time", str),
    "modifiedTime": ("modified_time", str),
    "webViewLink": ("web_view_link", str),
    "webContentLink": ("web_content_link", str),
    "parents": ("parents", list),
    "description": ("description", str),
    "starred": ("starred", bool),
    "trashed": ("trashed", bool),
    "shared": ("shared", bool),
}
ITEM_FIELDS = ",".join(_FIELDS)


class DriveNode(GoogleNode, abstract=True):
    """A node that works on the items of Google Drive."""

    service: ClassVar[Service] = DRIVE


def item_path(file_id: Any, *more: str) -> str:
    """The path of one item, or of something below it."""
    return "/".join((FILES, quoted(file_id), *more))


def as_item(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An item as the nodes hand it to each other; what Google does not tell is empty."""
    found = {ours: answer.get(name, empty()) for name, (ours, empty) in _FIELDS.items()}
    # A 64 bit number, which JSON of Google's holds as text.
    found["size"] = int(found["size"] or 0)
    return found


async def item(api: Api, file_id: Any, fields: str = ITEM_FIELDS) -> dict[str, Any]:
    """The metadata *fields* of an item, by Google's names."""
    return await api.ask("GET", item_path(file_id), query={**EVERYWHERE, "fields": fields})


async def listed(
    api: Api,
    query: str,
    *,
    limit: int,
    in_folder: bool,
    order_by: str = "",
    fields: str = ITEM_FIELDS,
) -> tuple[list[dict[str, Any]], bool]:
    """At most *limit* items that the query finds, by Google's names; whether there are more.

    *in_folder*: it asks for one folder, and so for one drive; else all drives are searched. Where
    Google cannot search all of them the log says so, and there may be more.
    """
    is_incomplete = False

    def look(answer: Mapping[str, Any]) -> None:
        nonlocal is_incomplete
        is_incomplete = is_incomplete or bool(answer.get("incompleteSearch"))

    if order_by and is_full_text(query):
        api.ctx.log("Google Drive sorts what is found with fullText itself: no order_by", "warning")
        order_by = ""
    found, has_more = await api.pages(
        FILES,
        items="files",
        limit=limit,
        look=look,
        query={
            **EVERYWHERE,
            "includeItemsFromAllDrives": True,
            "corpora": None if in_folder else "allDrives",
            "q": query or None,
            "orderBy": order_by or None,
            "fields": f"nextPageToken,incompleteSearch,files({fields})",
        },
    )
    if is_incomplete:
        api.ctx.log("Google Drive did not search all drives: items may be missing", "warning")
    return found, has_more or is_incomplete


def is_full_text(query: str) -> bool:
    """Whether the query asks for words in files: Google refuses to sort what it finds then."""
    return bool(_FULL_TEXT.search(_QUOTED.sub("", query)))


def ids_of(ctx: Context, value: Any, name: str) -> list[Any]:
    """Ids of a list of ids or of items with `id`; a text is one, or several by commas."""
    if isinstance(value, str) and _ONE_ID.fullmatch(value) and ctx.get_variable(value) is None:
        return [value]
    return [
        each.get("id") or each.get("file_id") if isinstance(each, Mapping) else each
        for each in as_list(ctx, value, name)
    ]


def query_of(
    *, query: str = "", folder_id: str = "", mime_type: str = "", with_trash: bool = False
) -> str:
    """A query in Google's language: all of the given has to hold."""
    parts = [f"({query})"] if query else []
    parts += [f"{_text(folder_id)} in parents"] if folder_id else []
    parts += [f"mimeType = {_text(mime_type)}"] if mime_type else []
    parts += [] if with_trash else ["trashed = false"]
    return " and ".join(parts)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
