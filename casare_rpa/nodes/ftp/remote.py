"""Looking at and changing what is on the server."""

from __future__ import annotations

from typing import ClassVar

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, prop
from casare_rpa.nodes.ftp._listing import items_of
from casare_rpa.nodes.ftp._paths import make_folder, remote, size_of
from casare_rpa.nodes.ftp._session import session_of


def _path(help: str, default: str | None = None, aliases: tuple[str, ...] = ("path",)) -> str:
    found: str = param(default, kind="string", required=True, aliases=aliases, help=help)
    return found


class FTPNode(Node, abstract=True):
    """A node that uses the session of FTPConnectNode."""

    category: ClassVar[str] = "file"
    runs_on: ClassVar[str] = "external-account"


class FTPListNode(FTPNode):
    """List a folder of the FTP server.

    `items` are names; with `detailed` maps of `name`, `path`, `type` (file, folder, link, other),
    `size`, `modified` (ISO 8601; empty if the server does not tell) and `permissions`. Read by MLSD
    where the server has it, else from what LIST prints on Unix and Windows.
    """

    example = {"remote_path": "/in", "detailed": True}
    remote_path: str = _path("The folder.", ".")
    detailed: bool = prop(False, kind="boolean", help="Maps in place of names.")
    outputs = (Output("items", "LIST"), Output("count", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        path = remote(self.remote_path)
        found = await session_of(ctx).use(lambda client: items_of(client, path), path)
        items = found if self.detailed else [item["name"] for item in found]
        return {"items": items, "count": len(items)}


class FTPGetSizeNode(FTPNode):
    """The size of a file on the FTP server in bytes; `found` is false if there is none."""

    example = {"remote_path": "/in/orders.csv"}
    remote_path: str = _path("The file.")
    outputs = (Output("size", "INTEGER"), Output("found", "BOOLEAN"))

    async def run(self, ctx: Context) -> Outputs:
        path = remote(self.remote_path)
        size = await session_of(ctx).use(lambda client: size_of(client, path), path)
        return {"size": size or 0, "found": size is not None}


class FTPDeleteNode(FTPNode):
    """Delete a file on the FTP server."""

    side_effect = True
    example = {"remote_path": "/in/orders.csv"}
    remote_path: str = _path("The file.")
    outputs = (Output("deleted", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        path = remote(self.remote_path)
        await session_of(ctx).use(lambda client: client.delete(path), path)
        return {"deleted": True}


class FTPMakeDirNode(FTPNode):
    """Make a folder on the FTP server.

    With `parents` those above it, too, and one that is there is fine: `created` is false then.
    """

    side_effect = True
    example = {"remote_path": "/out/2026", "parents": True}
    remote_path: str = _path("The folder.")
    parents: bool = prop(False, kind="boolean", help="Make the folders above it, too.")
    outputs = (Output("created", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        path, parents = remote(self.remote_path), self.parents
        made = await session_of(ctx).use(
            lambda client: make_folder(client, path, parents=parents), path
        )
        return {"created": made}


class FTPRemoveDirNode(FTPNode):
    """Remove a folder on the FTP server, which has to be empty."""

    side_effect = True
    example = {"remote_path": "/out/2025"}
    remote_path: str = _path("The folder.")
    outputs = (Output("removed", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        path = remote(self.remote_path)
        await session_of(ctx).use(lambda client: client.rmd(path), path)
        return {"removed": True}


class FTPRenameNode(FTPNode):
    """Rename or move a file or folder on the FTP server."""

    side_effect = True
    example = {"old_path": "/in/orders.csv", "new_path": "/done/orders.csv"}
    old_path: str = _path("What it is called.", aliases=())
    new_path: str = _path("What it is to be called.", aliases=())
    outputs = (Output("renamed", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        old, new = remote(self.old_path, "old_path"), remote(self.new_path, "new_path")
        await session_of(ctx).use(lambda client: client.rename(old, new), f"{old} to {new}")
        return {"renamed": True}
