"""Who may see and change items of Google Drive."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, wanted
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.google.drive._node import EVERYWHERE, DriveNode, item, item_path
from casare_rpa.nodes.values.reading import one_of

ROLES = ("reader", "writer", "commenter", "owner")
LINK_ROLES = ("reader", "writer", "commenter")
TYPES = ("user", "group", "domain", "anyone")
_LINKS = ("anyone", "anyoneWithLink")
_FIELDS = (
    "id,type,role,emailAddress,domain,displayName,allowFileDiscovery,expirationTime,deleted,"
    "pendingOwner"
)
_MOST_PERMISSIONS = 10_000


class DriveShareFileNode(DriveNode):
    """Give a user, a group, a domain or anyone access to an item of Google Drive.

    `email` is for users and groups, `domain` for domains. An item gets another owner only with
    `transfer_ownership`. `permission` is Google's map: id, type, role, emailAddress and so on.
    """

    side_effect = True
    example = {"credential_name": "google", "file_id": "{{a.file_id}}", "email": "ada@example.org"}
    file_id: str = id_param("The item.")
    email: str = param("", kind="string", help="Who gets access: a user or a group.")
    role: str = param("reader", kind="choice", choices=ROLES, port_kind="STRING", help="As what.")
    permission_type: str = param(
        "user", kind="choice", choices=TYPES, port_kind="STRING", help="Who that is."
    )
    domain: str = param("", kind="string", help="The domain whose people get access.")
    send_notification: bool = prop(True, kind="boolean", help="Google tells them by mail.")
    email_message: str = prop("", kind="text", help="What that mail says.")
    transfer_ownership: bool = prop(False, kind="boolean", help="The item is theirs from now on.")
    outputs = (*OUTCOME, Output("permission_id", "STRING"), Output("permission", "DICT"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = item_path(wanted(self.file_id, "file_id"), "permissions")
        body = self._permission()
        query: dict[str, Any] = {**EVERYWHERE, "fields": _FIELDS}
        if body["type"] in ("user", "group"):
            query["sendNotificationEmail"] = self.send_notification or self.transfer_ownership
            query["emailMessage"] = str(self.email_message or "") or None
        if self.transfer_ownership:
            query["transferOwnership"] = True
        made = await api.ask("POST", path, query=query, body=body)
        return {"permission_id": made.get("id", ""), "permission": made}

    def _permission(self) -> dict[str, Any]:
        role = one_of(self.role, "role", ROLES)
        kind = one_of(self.permission_type, "permission_type", TYPES)
        if (role == "owner") != self.transfer_ownership:
            raise NodeError(
                "role owner and transfer_ownership go together: the item gets another owner",
                ErrorCode.INVALID_INPUT,
            )
        body: dict[str, Any] = {"role": role, "type": kind}
        if kind in ("user", "group"):
            body["emailAddress"] = wanted(self.email, "email")
        elif kind == "domain":
            body["domain"] = wanted(self.domain, "domain")
        return body


class DriveCreateShareLinkNode(DriveNode):
    """Let anyone who has its link open an item of Google Drive.

    With `allow_file_discovery`, and `access_type` anyone, it can also be found without the link.
    """

    side_effect = True
    example = {"credential_name": "google", "file_id": "{{a.file_id}}"}
    file_id: str = id_param("The item.")
    access_type: str = prop("anyone", kind="choice", choices=_LINKS, help="Who may open it.")
    link_role: str = prop("reader", kind="choice", choices=LINK_ROLES, help="As what.")
    allow_file_discovery: bool = prop(False, kind="boolean", help="It can be searched for.")
    outputs = (*OUTCOME, Output("share_link", "STRING"), Output("permission_id", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id = wanted(self.file_id, "file_id")
        anyone = one_of(self.access_type, "access_type", _LINKS) == "anyone"
        body = {
            "type": "anyone",
            "role": one_of(self.link_role, "link_role", LINK_ROLES),
            "allowFileDiscovery": anyone and self.allow_file_discovery,
        }
        query = {**EVERYWHERE, "fields": "id"}
        made = await api.ask("POST", item_path(file_id, "permissions"), query=query, body=body)
        found = await item(api, file_id, "webViewLink")
        return {
            "share_link": found.get("webViewLink", ""),
            "permission_id": made.get("id", ""),
        }


class DriveRemoveShareNode(DriveNode):
    """Take one permission of an item of Google Drive away, as DriveGetPermissionsNode lists it."""

    aliases = ("DriveRemovePermissionNode",)
    side_effect = True
    example = {
        "credential_name": "google",
        "file_id": "{{a.file_id}}",
        "permission_id": "{{share.permission_id}}",
    }
    file_id: str = id_param("The item.")
    permission_id: str = id_param("The permission.")
    outputs = OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        permission = quoted(wanted(self.permission_id, "permission_id"))
        path = item_path(wanted(self.file_id, "file_id"), "permissions", permission)
        await api.ask("DELETE", path, query=EVERYWHERE)
        return {}


class DriveGetPermissionsNode(DriveNode):
    """List who may do what with an item of Google Drive.

    `permissions` are Google's maps: id, type, role, emailAddress, domain, displayName and so on.
    """

    example = {"credential_name": "google", "file_id": "{{a.file_id}}"}
    file_id: str = id_param("The item.")
    include_permissions_for_view: bool = prop(
        False, kind="boolean", help="Those of a published view as well."
    )
    outputs = (*OUTCOME, Output("permissions", "LIST"), Output("count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        found, _ = await api.pages(
            item_path(wanted(self.file_id, "file_id"), "permissions"),
            items="permissions",
            limit=_MOST_PERMISSIONS,
            size=("pageSize", 100),
            query={
                **EVERYWHERE,
                "fields": f"nextPageToken,permissions({_FIELDS})",
                "includePermissionsForView": (
                    "published" if self.include_permissions_for_view else None
                ),
            },
        )
        return {"permissions": found, "count": len(found)}
