"""Many files of Google Drive at once, to a folder of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.file._names import safe_name
from casare_rpa.nodes.file.disk import path_of, plain_errors
from casare_rpa.nodes.file.reach import make_folder
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, wanted
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google.drive._documents import (
    FORMATS,
    is_document,
    usual_format,
)
from casare_rpa.nodes.google.drive._node import (
    FOLDER,
    DriveNode,
    ids_of,
    item,
    listed,
    query_of,
)
from casare_rpa.nodes.google.drive.transfer import exported, fetched
from casare_rpa.nodes.values.reading import int_within

_FIELDS = "id,name,mimeType"
_MOST_ITEMS = 10_000
_MOST_LEVELS = 20
_MOST_AT_ONCE = 32
_USUALLY_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A file of Drive and where it goes; *export_as* is set for a Google document."""

    file_id: str
    path: Path
    export_as: str | None


class DriveDownloadFolderNode(DriveNode):
    """Download all files of a Google Drive folder, with its sub-folders.

    Google documents become Office files (docx, xlsx, pptx; drawings png); shortcuts, forms, sites
    and the like are left out, and the log says so. Names lose what does not belong into a file's
    name; of equal ones in a folder the second becomes `name (2).pdf`. Files that are there are
    replaced. At most 10000 items and 20 levels. If some files fail, the others are downloaded, and
    then the node fails.
    """

    side_effect = True
    timeout_seconds = 0
    example = {"credential_name": "google", "folder_id": "root", "destination_folder": "drive"}
    folder_id: str = id_param("The folder.")
    destination_folder: str = param(
        "", kind="string", required=True, help="The folder to write to, made if it is missing."
    )
    outputs = (*OUTCOME, Output("file_paths", "LIST"), Output("downloaded_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        target = path_of(ctx, self.destination_folder, "destination_folder")
        tree = _Tree(ctx, api)
        await tree.walk(wanted(self.folder_id, "folder_id"), target)
        done, failed = await _all_fetched(api, tree.files, target, _USUALLY_AT_ONCE)
        outputs = {"file_paths": done, "downloaded_count": len(done)}
        if failed:
            raise _of_several(failed, len(tree.files), outputs)
        return outputs


class DriveBatchDownloadNode(DriveNode):
    """Download several files of Google Drive to a folder, some at a time.

    `files` are ids, or maps with `id` as DriveListFilesNode gives them; without them all files that
    lie directly in `folder_id`, at most 10000 items. Names, Google documents and what is left out
    are as in DriveDownloadFolderNode. What fails is counted and named in `error`, and the node goes
    on; `success` is true if nothing failed.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "google",
        "files": "{{find.files}}",
        "destination_folder": "invoices",
    }
    files: Any = port(None, kind="list", help="Which files.")
    folder_id: str = param("", kind="string", help="All files of this folder.")
    destination_folder: str = param(
        "", kind="string", required=True, help="The folder to write to, made if it is missing."
    )
    max_concurrent_downloads: int = prop(
        _USUALLY_AT_ONCE, kind="integer", help="How many at once, 1 to 32."
    )
    outputs = (
        *OUTCOME,
        Output("file_paths", "LIST"),
        Output("downloaded_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        target = path_of(ctx, self.destination_folder, "destination_folder")
        at_once = int_within(
            self.max_concurrent_downloads, "max_concurrent_downloads", 1, _MOST_AT_ONCE
        )
        await api.sign_in()
        items, failed = await self._items(ctx, api)
        found = list(_placed(ctx, items, target, _Names()))
        done, more_failed = await _all_fetched(api, found, target, at_once)
        failed += more_failed
        outputs = {
            "file_paths": done,
            "downloaded_count": len(done),
            "failed_count": len(failed),
        }
        if failed:
            error = _of_several(failed, len(done) + len(failed), outputs)
            outputs |= {"success": False, "error": error.message, "error_code": status_of(error)}
        return outputs

    async def _items(self, ctx: Context, api: Api) -> tuple[list[dict[str, Any]], list[NodeError]]:
        """Items by Google's names, and why others are not to be had."""
        if self.files is None or self.files == "":
            folder = wanted(self.folder_id, "without files, folder_id")
            found, more = await _children(api, folder, _MOST_ITEMS)
            if more:
                raise NodeError(
                    f"more than {_MOST_ITEMS} items are in the folder: give those of"
                    " DriveListFilesNode as files, some at a time",
                    ErrorCode.RESOURCE_EXHAUSTED,
                )
            return [each for each in found if each["mimeType"] != FOLDER], []
        items: list[dict[str, Any]] = []
        failed: list[NodeError] = []
        for file_id in ids_of(ctx, self.files, "files"):
            try:
                items.append(await item(api, wanted(file_id, "an id in files"), _FIELDS))
            except NodeError as error:
                failed.append(error)
        return items, failed


class _Tree:
    """The files of a folder and of all below it."""

    def __init__(self, ctx: Context, api: Api) -> None:
        self.files: list[_Wanted] = []
        self._ctx = ctx
        self._api = api
        self._room = _MOST_ITEMS

    async def walk(self, folder_id: str, path: Path, level: int = 1) -> None:
        """Add the files of the folder, which becomes *path*. Raises NodeError if it is too big."""
        if level > _MOST_LEVELS:
            raise NodeError(
                f"the folder is more than {_MOST_LEVELS} levels deep", ErrorCode.RESOURCE_EXHAUSTED
            )
        items, more = await _children(self._api, folder_id, self._room + 1)
        self._room -= len(items)
        if more or self._room < 0:
            raise NodeError(
                f"more than {_MOST_ITEMS} items are in the folder and below it: download its"
                " sub-folders one by one",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        names = _Names()
        files = [each for each in items if each["mimeType"] != FOLDER]
        self.files += _placed(self._ctx, files, path, names)
        for each in items:
            if each["mimeType"] == FOLDER:
                below = path / names.free(safe_name(each["name"], "folder"))
                await self.walk(each["id"], below, level + 1)


async def _children(api: Api, folder_id: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    query = query_of(folder_id=folder_id)
    return await listed(api, query, limit=limit, in_folder=True, order_by="name", fields=_FIELDS)


def _placed(
    ctx: Context, items: Iterable[dict[str, Any]], folder: Path, names: _Names
) -> Iterator[_Wanted]:
    """Where each item goes; without those that have no content."""
    for each in items:
        name, kind = safe_name(each["name"], "file"), each["mimeType"]
        export = usual_format(kind)
        if is_document(kind) and export is None:
            ctx.log(f"{each['name']!r} is left out: a {kind} has no content to download", "warning")
            continue
        if export is not None:
            name = f"{name}.{export}"
        yield _Wanted(file_id=each["id"], path=folder / names.free(name), export_as=export)


class _Names:
    """The names of one folder, in which letters of either case are the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """*name*, or `name (2).pdf` and so on if it is taken; taken from now on."""
        found, number = name, 2
        while found.casefold() in self._taken:
            found = f"{Path(name).stem} ({number}){Path(name).suffix}"
            number += 1
        self._taken.add(found.casefold())
        return found


async def _all_fetched(
    api: Api, found: Sequence[_Wanted], folder: Path, at_once: int
) -> tuple[list[str], list[NodeError]]:
    """The paths of all that came, in order, and the failures of the others."""
    with plain_errors():
        make_folder(folder)
    room = asyncio.Semaphore(at_once)

    async def one(each: _Wanted) -> str | NodeError:
        async with room:
            try:
                await _fetch(api, each)
            except NodeError as error:
                return error
        return str(each.path)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in found]
    results = [task.result() for task in tasks]
    done = [each for each in results if isinstance(each, str)]
    return done, [each for each in results if isinstance(each, NodeError)]


async def _fetch(api: Api, each: _Wanted) -> None:
    if each.export_as is None:
        await fetched(api, each.file_id, each.path)
    else:
        await exported(api, each.file_id, each.path, FORMATS[each.export_as])


def _of_several(failed: Sequence[NodeError], count: int, outputs: Outputs) -> NodeError:
    """One error for all; its code and details are the first one's."""
    first = failed[0]
    error = NodeError(
        f"{len(failed)} of {count} files failed; the first: {first.message}",
        first.error_code,
        hint=first.hint,
        details=first.details,
    )
    error.outputs = outputs
    return error
