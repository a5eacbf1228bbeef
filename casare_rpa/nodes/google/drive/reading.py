"""Finding items of Google Drive, and what is known of one."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, maybe, wanted
from casare_rpa.nodes.google.drive._node import DriveNode, as_item, item, listed, query_of
from casare_rpa.nodes.values.reading import int_within

_MOST_RESULTS = 100_000
_APPS = "application/vnd.google-apps"
MIME_TYPES = (
    "",
    *(f"{_APPS}.{kind}" for kind in ("folder", "document", "spreadsheet", "presentation")),
    *("application/pdf", "image/jpeg", "image/png", "application/zip"),
)
ORDERS = tuple(
    f"{by}{direction}"
    for by in ("name", "modifiedTime", "createdTime")
    for direction in ("", " desc")
)


def _mime_type_param() -> Any:
    return param(
        "",
        kind="choice",
        choices=MIME_TYPES,
        port_kind="STRING",
        help="Only items of this type; others than these do as well.",
    )


def _max_results_param() -> Any:
    return param(100, kind="integer", help="How many at most, up to 100000.")


class DriveGetFileNode(DriveNode):
    """Tell what Google Drive knows of a file or folder.

    `size` is in bytes, and 0 for folders and Google documents; times are ISO 8601. For the account
    see the guide on Google.
    """

    example = {"credential_name": "google", "file_id": "{{find.files[0].id}}"}
    file_id: str = id_param("The item.")
    outputs = (
        *OUTCOME,
        *(Output(name, "STRING") for name in ("file_id", "name", "mime_type")),
        Output("size", "INTEGER"),
        *(Output(name, "STRING") for name in ("created_time", "modified_time")),
        *(Output(name, "STRING") for name in ("web_view_link", "web_content_link")),
        Output("parents", "LIST"),
        Output("description", "STRING"),
        *(Output(name, "BOOLEAN") for name in ("starred", "trashed", "shared")),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        found = as_item(await item(api, wanted(self.file_id, "file_id")))
        return {"file_id": found.pop("id"), **found}


class DriveListFilesNode(DriveNode):
    """List the items of a Google Drive folder, or without `folder_id` all that the account sees.

    That is its own, what others share with it, and its shared drives; where Google searches only
    some of these the log says so, and `has_more` is true. With `fullText` in the query the order
    is Google's own, whatever `order_by` says.
    `root` is the account's own folder; items in sub-folders are not listed. `query` is in Drive's
    query language: `name contains 'report'`. `files` are maps with id, name, mime_type, size,
    created_time, modified_time, web_view_link, web_content_link, parents, description, starred,
    trashed and shared.
    """

    timeout_seconds = 0
    example = {"credential_name": "google", "folder_id": "root", "query": "name contains 'report'"}
    beyond_limits = frozenset({"mime_type"})
    folder_id: str = param("", kind="string", help="The folder.")
    query: str = param("", kind="text", port_kind="STRING", help="Only what this finds.")
    mime_type: str = _mime_type_param()
    max_results: int = _max_results_param()
    order_by: str = param(
        "name", kind="choice", choices=ORDERS, port_kind="STRING", help="In which order."
    )
    include_trashed: bool = param(False, kind="boolean", help="Items in the trash as well.")
    outputs = (
        *OUTCOME,
        Output("files", "LIST"),
        Output("file_count", "INTEGER"),
        Output("has_more", "BOOLEAN"),
        Output("folder_id", "STRING"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        folder_id = maybe(self.folder_id, "folder_id")
        query = query_of(
            query=maybe(self.query, "query"),
            folder_id=folder_id,
            mime_type=maybe(self.mime_type, "mime_type"),
            with_trash=self.include_trashed,
        )
        limit = int_within(self.max_results, "max_results", 1, _MOST_RESULTS)
        found, more = await listed(
            api,
            query,
            limit=limit,
            in_folder=bool(folder_id),
            order_by=str(self.order_by or "").strip(),
        )
        files = [as_item(each) for each in found]
        return {
            "files": files,
            "file_count": len(files),
            "has_more": more,
            "folder_id": folder_id,
        }


class DriveSearchFilesNode(DriveNode):
    """Search Google Drive in its query language, such as `fullText contains 'invoice'`.

    All drives of the account are searched, the shared ones as well; where Google searches only
    some of them the log says so. `files` are as those of DriveListFilesNode.
    """

    timeout_seconds = 0
    example = {"credential_name": "google", "query": "fullText contains 'invoice'"}
    beyond_limits = frozenset({"mime_type"})
    query: str = param(
        "", kind="text", required=True, port_kind="STRING", help="In Drive's query language."
    )
    mime_type: str = _mime_type_param()
    max_results: int = _max_results_param()
    include_trashed: bool = param(False, kind="boolean", help="Items in the trash as well.")
    outputs = (*OUTCOME, Output("files", "LIST"), Output("file_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        query = query_of(
            query=wanted(self.query, "query"),
            mime_type=maybe(self.mime_type, "mime_type"),
            with_trash=self.include_trashed,
        )
        limit = int_within(self.max_results, "max_results", 1, _MOST_RESULTS)
        found, _ = await listed(api, query, limit=limit, in_folder=False)
        return {"files": [as_item(each) for each in found], "file_count": len(found)}
