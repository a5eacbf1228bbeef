"""The same for several items of Google Drive, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, wanted
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google.drive._node import DriveNode, ids_of, item
from casare_rpa.nodes.google.drive.changing import copied, discarded, moved

_MOST_ITEMS = 10_000
Act = Callable[[str], Awaitable[dict[str, Any]]]


class DriveBatchNode(DriveNode, abstract=True):
    """A node that does one thing to several items.

    `results` has a map for each, in order: file_id, success, error, error_code (the HTTP status),
    and what the node adds. With `continue_on_error` the others are done if one fails, and `success`
    is true if none did; without, the node fails with the first that does.
    """

    side_effect = True
    timeout_seconds = 0
    done_count: ClassVar[str]
    file_ids: Any = param([], kind="list", required=True, help="The ids, or items with `id`.")
    continue_on_error: bool = prop(True, kind="boolean", help="Go on if one of them fails.")

    async def each(self, ctx: Context, api: Api, act: Act) -> Outputs:
        """The outputs of doing *act* to every item."""
        ids = self._ids(ctx)
        await api.sign_in()
        results: list[dict[str, Any]] = []
        for file_id in ids:
            try:
                more = await act(file_id)
            except NodeError as error:
                if not self.continue_on_error:
                    raise self._stopped(error, results, len(ids)) from error
                results.append(_result(file_id, error))
            else:
                results.append({**_result(file_id), **more})
        return self._outputs(results)

    def _ids(self, ctx: Context) -> list[str]:
        given = ids_of(ctx, self.file_ids, "file_ids")
        if len(given) > _MOST_ITEMS:
            raise NodeError(f"more than {_MOST_ITEMS} file_ids", ErrorCode.VALUE_OUT_OF_RANGE)
        return [wanted(each, "an id in file_ids") for each in given]

    def _stopped(self, error: NodeError, results: list[dict[str, Any]], count: int) -> NodeError:
        stopped = NodeError(
            f"{len(results)} of {count} done, then: {error.message}",
            error.error_code,
            hint=error.hint,
            details=error.details,
        )
        stopped.outputs = self._outputs(results)
        return stopped

    def _outputs(self, results: list[dict[str, Any]]) -> Outputs:
        failed = [each for each in results if not each["success"]]
        outputs: Outputs = {
            self.done_count: len(results) - len(failed),
            "failed_count": len(failed),
            "results": results,
        }
        if failed:
            said = f"{len(failed)} of {len(results)} failed; the first: {failed[0]['error']}"
            outputs |= {"success": False, "error": said, "error_code": failed[0]["error_code"]}
        return outputs


class DriveBatchCopyNode(DriveBatchNode):
    """Copy several files of Google Drive into a folder.

    `results` has a map for each, in order: file_id, success, error, error_code, new_file_id and
    name. Without `preserve_name` Google names the copies. With `continue_on_error` what fails is
    counted and the node goes on; without, it fails with the first.
    """

    done_count = "copied_count"
    example = {
        "credential_name": "google",
        "file_ids": ["1a", "1b"],
        "folder_id": "{{f.folder_id}}",
    }
    folder_id: str = id_param("The folder of the copies.")
    preserve_name: bool = prop(True, kind="boolean", help="Copies are called as the originals.")
    outputs = (
        *OUTCOME,
        Output("copied_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
        Output("new_file_ids", "LIST"),
        Output("results", "LIST"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        folder_id = wanted(self.folder_id, "folder_id")

        async def copy(file_id: str) -> dict[str, Any]:
            name = str((await item(api, file_id, "name"))["name"]) if self.preserve_name else ""
            made = await copied(api, file_id, name, folder_id)
            return {"new_file_id": made.get("id", ""), "name": made.get("name", "")}

        outputs = await self.each(ctx, api, copy)
        made = [each["new_file_id"] for each in outputs["results"] if each["success"]]
        return {**outputs, "new_file_ids": made}


class DriveBatchMoveNode(DriveBatchNode):
    """Move several items of Google Drive into a folder.

    `results` has a map for each, in order: file_id, success, error, error_code and new_parents.
    With `continue_on_error` what fails is counted and the node goes on; without, it fails with the
    first.
    """

    done_count = "moved_count"
    example = {
        "credential_name": "google",
        "file_ids": ["1a", "1b"],
        "folder_id": "{{f.folder_id}}",
    }
    folder_id: str = id_param("The folder they are moved to.")
    outputs = (
        *OUTCOME,
        Output("moved_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
        Output("results", "LIST"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        folder_id = wanted(self.folder_id, "folder_id")

        async def move(file_id: str) -> dict[str, Any]:
            return {"new_parents": await moved(api, file_id, folder_id)}

        return await self.each(ctx, api, move)


class DriveBatchDeleteNode(DriveBatchNode):
    """Move several items of Google Drive to the trash, where they stay for 30 days.

    `results` has a map for each, in order: file_id, success, error and error_code. With
    `continue_on_error` what fails is counted and the node goes on; without, it fails with the
    first. For good deletes DriveDeleteFileNode with `permanent`.
    """

    done_count = "deleted_count"
    example = {"credential_name": "google", "file_ids": ["1a", "1b"]}
    outputs = (
        *OUTCOME,
        Output("deleted_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
        Output("results", "LIST"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        async def delete(file_id: str) -> dict[str, Any]:
            await discarded(api, file_id)
            return {}

        return await self.each(ctx, api, delete)


def _result(file_id: str, error: NodeError | None = None) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "success": error is None,
        "error": "" if error is None else error.message,
        "error_code": 0 if error is None else status_of(error),
    }
