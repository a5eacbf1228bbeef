"""Reading and writing the cells of a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param
from casare_rpa.nodes.office._books import MAX_CELLS, Book, too_many
from casare_rpa.nodes.office._files import file_of, files_of, use
from casare_rpa.nodes.office._node import EXCEL, OfficeNode, handle
from casare_rpa.nodes.office._places import MAX_COLUMN, MAX_ROW, Area
from casare_rpa.nodes.values.reading import as_text

_DONE = Output("success", "BOOLEAN")


class CellNode(OfficeNode, abstract=True):
    """A node that works on cells of a sheet."""

    needs = EXCEL
    workbook: Any = handle("workbook")
    sheet: Json = param(
        "1",
        kind="string",
        port_kind="ANY",
        aliases=("sheet_name",),
        help="Its name, or its number counted from 1.",
    )

    def single(self, book: Book, text: Any) -> tuple[str, int, int]:
        """The sheet, row and column of one cell. Raises NodeError."""
        sheet, area = book.place(book.sheet(self.sheet), text, "cell")
        if area.rows * area.columns != 1:
            raise NodeError(
                f"cell: {as_text(text)!r} is more than one cell"
                "; a range is read with ExcelGetRangeNode",
                ErrorCode.INVALID_INPUT,
            )
        return sheet, area.first_row, area.first_column

    def tell_old_results(self, ctx: Context, book: Book, sheet: str, area: Area) -> None:
        """Warn once of results that may be older than the cells they were calculated from."""
        if book.waits_for_calculation and book.holds_formula(sheet, area, lambda: self.wanted(ctx)):
            files_of(ctx).once(
                f"results {book}",
                f"{book} was saved last by a program that does not calculate: the results of its"
                " formulas may be older than the cells that they depend on",
            )


class ExcelReadCellNode(CellNode):
    """Read one cell.

    A number without a fraction is an integer. A date is ISO 8601 text (`2024-01-15`, with a time
    `2024-01-15T13:30:00`), a time of the day `13:30:00`, a span of hours `25:00:00`; an error of
    Excel is its text (`#N/A`). An empty cell is an empty text: a placeholder that leads to nothing
    would stay as it is written.

    Formulas are not calculated: the value is the one that the file holds, calculated when the
    workbook was saved last. Where there is none, as after a program that only writes files, and
    where the formula depends, also by others, on a cell that was written in this run, the node
    **fails** rather than giving a value that is not true. A formula with INDIRECT or OFFSET, one
    that cannot be read, and each of more than 300,000 counts as depending on every cell. Read such
    results before writing, or let Excel or LibreOffice save the file in between. NOW, TODAY and
    RAND are what they were when the file was saved.

    `sheet` is a name or a number counted from 1; sheets without cells (charts) are not counted. A
    sheet that is called like a number is found by its name if that is text. `cell` is a reference
    (`B2`, `Sheet2!B2`) or a name of the workbook.
    """

    example = {"sheet": "1", "cell": "B2"}
    cell: str = param("", kind="string", required=True, help="Which cell.")
    outputs = (Output("value", "ANY"), _DONE)

    async def act(self, ctx: Context) -> Outputs:
        book = file_of(ctx, Book, self.workbook)

        def work() -> Json:
            sheet, row, column = self.single(book, self.cell)
            value = book.read(sheet, row, column, lambda: self.wanted(ctx))
            self.tell_old_results(ctx, book, sheet, Area(row, column, row, column))
            return value

        return {"value": await use(book, work), "success": True}


class ExcelWriteCellNode(CellNode):
    """Write one cell; ExcelCloseNode saves the workbook.

    Numbers and booleans keep their type. Text is read as Excel reads what is typed: a plain
    number (`12`, `-3.5`) becomes a number, `TRUE` and `FALSE` a boolean, an ISO 8601 date
    (`2024-01-15`, `2024-01-15T13:30:00`) a date, and what begins with `=` a formula; nothing
    empties the cell. All else stays text: leading zeros (`007`), a sign or an exponent (`+1`,
    `1E5`), more than 15 digits, other ways to write dates and numbers. So does all text but a
    formula in a cell that is formatted as text, and text after a `'`, which is not written: put
    one before text from elsewhere that must not become a formula.

    A formula is written with English names and commas, functions newer than Excel 2007 with their
    `_xlfn.`. What Excel does not read as one would damage the file for it, and is written as text,
    with a warning: `=== Summary ===`, `=SUMME(A1;B1)`, brackets that do not fit, links to other
    programs (`=cmd|...`). A formula has no value until Excel calculates it; see ExcelReadCellNode.

    The cell keeps its format; one without a format for dates gets one for a date. Refused are lists
    and maps, text longer than 32,767 characters, a part of an array formula, what merged cells
    hide, and other headings for the columns of a table. The protection of a sheet is not looked at.
    What is written directly beneath a table does not become a part of it, which a warning says.
    """

    example = {"sheet": "1", "cell": "B2", "value": "{{total}}"}
    cell: str = param("", kind="string", required=True, help="Which cell.")
    value: Json = param("", kind="string", port_kind="ANY", help="What it is to hold.")
    outputs = (_DONE,)

    async def act(self, ctx: Context) -> Outputs:
        book = file_of(ctx, Book, self.workbook)

        def work() -> Mapping[str, str]:
            place = self.single(book, self.cell)
            return book.write(*place, self.value, lambda: self.wanted(ctx))

        for what, remark in (await use(book, work)).items():
            files_of(ctx).once(what, remark)
        return {"success": True}


class ExcelGetRangeNode(CellNode):
    """Read a block of cells: `data` is a list of rows, each a list of values.

    `range` is a reference (`A1:C3`, `A:C`, `2:5`, `Sheet2!A1:C3`) or a name of the workbook; empty:
    all that is used, from the first cell that holds something to the last. Whole rows and columns
    end where the sheet is used. Values are those of ExcelReadCellNode, an empty cell is an
    empty text; one formula without a true value fails the node as there. A range of more than
    1,000,000 cells is refused.
    """

    example = {"sheet": "1", "range": "A1:C3"}
    range: str = param("", kind="string", help="Which cells; empty: all that are used.")
    outputs = (
        Output("data", "ANY"),
        Output("rows", "INTEGER"),
        Output("columns", "INTEGER"),
        _DONE,
    )

    async def act(self, ctx: Context) -> Outputs:
        book = file_of(ctx, Book, self.workbook)
        data = await use(book, lambda: self._read(ctx, book))
        columns = len(data[0]) if data else 0
        return {"data": data, "rows": len(data), "columns": columns, "success": True}

    def _read(self, ctx: Context, book: Book) -> list[list[Json]]:
        sheet, area = self._place(ctx, book)
        if area is None:
            return []
        if area.rows * area.columns > MAX_CELLS:
            raise too_many(area)
        columns = range(area.first_column, area.last_column + 1)
        data = []
        for row in range(area.first_row, area.last_row + 1):
            self.wanted(ctx)
            data.append([book.read(sheet, row, c, lambda: self.wanted(ctx)) for c in columns])
        self.tell_old_results(ctx, book, sheet, area)
        return data

    def _place(self, ctx: Context, book: Book) -> tuple[str, Area | None]:
        sheet = book.sheet(self.sheet)
        written = as_text(self.range).strip()
        if not written:
            return sheet, book.used(sheet, lambda: self.wanted(ctx))
        sheet, area = book.place(sheet, written, "range")
        if area.rows == MAX_ROW or area.columns == MAX_COLUMN:
            used = book.used(sheet, lambda: self.wanted(ctx))
            # From the first row or column on, as it is written, to the last that is used.
            last = used and Area(1, 1, used.last_row, used.last_column)
            return sheet, area.within(last) if last else None
        return sheet, area
