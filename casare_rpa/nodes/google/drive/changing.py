"""Making, copying, moving, renaming and deleting items of Google Drive."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, maybe, wanted
from casare_rpa.nodes.google.drive._node import (
    EVERYWHERE,
    FILES,
    FOLDER,
    DriveNode,
    item,
    item_path,
)


class DriveCreateFolderNode(DriveNode):
    """Make a folder in Google Drive; there may be others of its name, for names are no paths."""

    side_effect = True
    example = {"credential_name": "google", "folder_name": "Invoices", "parent_id": "root"}
    folder_name: str = param(
        "", kind="string", required=True, aliases=("name",), help="What it is called."
    )
    parent_id: str = param(
        "", kind="string", help="The folder it is made in; empty: the account's."
    )
    description: str = param("", kind="text", port_kind="STRING", help="What it is for.")
    outputs = (
        *OUTCOME,
        *(Output(name, "STRING") for name in ("folder_id", "folder_name", "web_view_link")),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        body: dict[str, Any] = {"name": wanted(self.folder_name, "folder_name"), "mimeType": FOLDER}
        body |= placed(self.parent_id, self.description, called="parent_id")
        query = {**EVERYWHERE, "fields": "id,name,webViewLink"}
        made = await api.ask("POST", FILES, query=query, body=body)
        return {
            "folder_id": made.get("id", ""),
            "folder_name": made.get("name", ""),
            "web_view_link": made.get("webViewLink", ""),
        }


class DriveCopyFileNode(DriveNode):
    """Copy a file of Google Drive; folders cannot be copied.

    Without `new_name` Google names the copy, without `folder_id` it lies beside the original.
    """

    side_effect = True
    example = {"credential_name": "google", "file_id": "{{template.id}}", "new_name": "July"}
    file_id: str = id_param("The file.")
    new_name: str = param("", kind="string", help="What the copy is called.")
    folder_id: str = param("", kind="string", help="The folder of the copy.")
    outputs = (*OUTCOME, Output("new_file_id", "STRING"), Output("name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id = wanted(self.file_id, "file_id")
        made = await copied(api, file_id, maybe(self.new_name, "new_name"), self.folder_id)
        return {"new_file_id": made.get("id", ""), "name": made.get("name", "")}


class DriveMoveFileNode(DriveNode):
    """Move an item of Google Drive to another folder, out of all that it is in."""

    side_effect = True
    example = {
        "credential_name": "google",
        "file_id": "{{a.file_id}}",
        "folder_id": "{{b.folder_id}}",
    }
    file_id: str = id_param("The item.")
    folder_id: str = id_param("The folder it is moved to.")
    outputs = (*OUTCOME, Output("file_id", "STRING"), Output("new_parents", "LIST"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id, folder_id = wanted(self.file_id, "file_id"), wanted(self.folder_id, "folder_id")
        moved_to = await moved(api, file_id, folder_id)
        return {"file_id": file_id, "new_parents": moved_to}


class DriveRenameFileNode(DriveNode):
    """Rename an item of Google Drive."""

    side_effect = True
    example = {"credential_name": "google", "file_id": "{{a.file_id}}", "new_name": "July.pdf"}
    file_id: str = id_param("The item.")
    new_name: str = param("", kind="string", required=True, help="What it is called from now on.")
    outputs = (*OUTCOME, Output("file_id", "STRING"), Output("name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = item_path(wanted(self.file_id, "file_id"))
        body = {"name": wanted(self.new_name, "new_name")}
        query = {**EVERYWHERE, "fields": "id,name"}
        renamed = await api.ask("PATCH", path, query=query, body=body)
        return {"file_id": renamed.get("id", ""), "name": renamed.get("name", "")}


class DriveDeleteFileNode(DriveNode):
    """Move an item of Google Drive to the trash, where it stays for 30 days.

    With `permanent` it is gone at once, with all that is in it if it is a folder.
    """

    side_effect = True
    example = {"credential_name": "google", "file_id": "{{a.file_id}}"}
    file_id: str = id_param("The item.")
    permanent: bool = param(False, kind="boolean", help="Without the way through the trash.")
    outputs = (*OUTCOME, Output("file_id", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id = wanted(self.file_id, "file_id")
        if self.permanent:
            await api.ask("DELETE", item_path(file_id), query=EVERYWHERE)
        else:
            await discarded(api, file_id)
        return {"file_id": file_id}


async def copied(api: Api, file_id: str, name: str, folder_id: Any) -> dict[str, Any]:
    """The copy's id and name."""
    body: dict[str, Any] = {"name": name} if name.strip() else {}
    body |= placed(folder_id)
    query = {**EVERYWHERE, "fields": "id,name"}
    return await api.ask("POST", item_path(file_id, "copy"), query=query, body=body)


async def moved(api: Api, file_id: str, folder_id: str) -> list[str]:
    """The folders that the item is in afterwards."""
    before = (await item(api, file_id, "parents")).get("parents", [])
    query = {
        **EVERYWHERE,
        "addParents": folder_id,
        "removeParents": ",".join(p for p in before if p != folder_id) or None,
        "fields": "parents",
    }
    found = await api.ask("PATCH", item_path(file_id), query=query, body={})
    return list(found.get("parents", []))


async def discarded(api: Api, file_id: str) -> None:
    """Move the item to the trash."""
    query = {**EVERYWHERE, "fields": "id"}
    await api.ask("PATCH", item_path(file_id), query=query, body={"trashed": True})


def placed(folder_id: Any, description: Any = "", *, called: str = "folder_id") -> dict[str, Any]:
    """The members of a new item that say where it is and what it is for, if that is said.

    *called* is the parameter's name for the folder.
    """
    folder, about = maybe(folder_id, called), str(description or "")
    found: dict[str, Any] = {"parents": [folder]} if folder else {}
    return found | ({"description": about} if about else {})
