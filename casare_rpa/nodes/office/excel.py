"""Opening and closing workbooks."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param, port, prop
from casare_rpa.nodes.office._books import Book
from casare_rpa.nodes.office._files import begin_opening, close_file, open_file, still_open
from casare_rpa.nodes.office._node import EXCEL, OfficeNode, handle, say_unseen


class ExcelOpenNode(OfficeNode):
    """Open a workbook, for the Excel nodes after it; no Excel is needed, and none is started.

    .xlsx, .xlsm, .xltx and .xltm files are read, their macros kept and never run. The workbook is
    read into memory; ExcelCloseNode saves it. What the run leaves open is closed at its end and
    **not saved**, which a warning says.

    The nodes after it work on the workbook that was opened last, unless they are given another: by
    the port `workbook`, by its path or by its file name. Branches that run side by side each have
    their own last one. A file that is opened twice in a run is one workbook, closed when it is
    closed as often. Where opening fails and the run goes on, nodes after it that are given no
    workbook fail as well, until the next one is opened: they do not work on another that is open.

    With `create_if_missing` a missing .xlsx begins with one empty sheet, and is written when it is
    closed. A file that somebody has open in Excel or LibreOffice is opened with a warning. Refused
    are files of the old format (.xls), binary (.xlsb), encrypted and Strict ones, files of more
    than 256 MiB or 200 MiB of XML, and XML with entities. `show_excel` has no effect.
    """

    example = {"file_path": "orders.xlsx"}
    needs = EXCEL
    file_path: str = param("", kind="file_path", required=True, help="The workbook.")
    show_excel: bool = prop(
        False, kind="boolean", aliases=("visible", "show_window"), help="Of no effect."
    )
    read_only: bool = prop(False, kind="boolean", help="Refuse changes.")
    create_if_missing: bool = prop(False, kind="boolean", help="Begin a new one if it is missing.")
    outputs = (Output("workbook", "ANY"), Output("app", "ANY"), Output("success", "BOOLEAN"))

    async def act(self, ctx: Context) -> Outputs:
        begin_opening(Book.format)
        if self.show_excel:
            say_unseen(ctx, "show_excel", "Excel")
        path = self.file(ctx, self.file_path)
        book = await open_file(
            ctx, Book, path, read_only=bool(self.read_only), create=bool(self.create_if_missing)
        )
        return {"workbook": book, "app": book, "success": True}


class ExcelCloseNode(OfficeNode):
    """Close a workbook, and save it if it was changed.

    It is saved whole or not at all: a new file takes the place of the old one and keeps its mode.
    Only the cells that were written are changed in it; charts, shapes, formats, macros and all
    else stay as they are. The results of formulas that depend on these cells are left out, and
    Excel calculates them when it opens the file.

    It is refused if the file was changed by somebody else since it was opened. Without `save`
    changes are dropped. Closing twice does no harm, and closes no other workbook. `quit_app` has no
    effect, for no Excel was started.
    """

    example = {"save": True}
    needs = EXCEL
    side_effect = True
    workbook: Any = handle("workbook")
    app: Any = port(None, kind="any", help="Taken for the workbook if that is not given.")
    save: bool = prop(True, kind="boolean", help="Save changes.")
    quit_app: bool = prop(True, kind="boolean", help="Of no effect.")
    outputs = (Output("success", "BOOLEAN"),)

    async def act(self, ctx: Context) -> Outputs:
        book = still_open(ctx, Book, self.workbook or self.app)
        if book is not None:
            await close_file(ctx, book, save=bool(self.save))
        return {"success": True}
