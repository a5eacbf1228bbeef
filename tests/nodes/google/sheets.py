"""Google Sheets as the tests need it: cells in memory, ranges read as Google reads them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.nodes.google.server import Call, Google, Refused
from tests.nodes.google.sheets_book import (
    Book,
    Sheet,
    as_told,
    last_table,
    properties_of,
    rendered,
    typed,
)
from tests.nodes.google.sheets_notation import Area, Place, masked, parsed
from tests.support.runs import node

SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
)
#: The spreadsheet of most tests.
ID = "book-1"
_VALUES = ("range", "majorDimension", "values")
_READ = ("majorDimension", "valueRenderOption", "dateTimeRenderOption")
#: The members of each change, as Google's description of its service lists them.
_CHANGES = {
    "addSheet": {"properties"},
    "deleteSheet": {"sheetId"},
    "duplicateSheet": {"sourceSheetId", "insertSheetIndex", "newSheetId", "newSheetName"},
    "updateSheetProperties": {"properties", "fields"},
    "insertDimension": {"range", "inheritFromBefore"},
    "deleteDimension": {"range"},
    "autoResizeDimensions": {"dimensions", "dataSourceSheetDimensions"},
    "repeatCell": {"range", "cell", "fields"},
}


class Sheets:
    """`books` are spreadsheets by their ids, `book-1` and so on."""

    def __init__(self, google: Google) -> None:
        self.google = google
        self.books: dict[str, Book] = {}
        self._ids = itertools.count(1)
        self._sheet_ids = itertools.count(100)
        self._install()

    def add(self, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Book:
        """A spreadsheet with these sheets; the first has the number 0, others 100 and so on."""
        book = Book(title="Book")
        for title, rows in sheets.items():
            number = next(self._sheet_ids) if book.sheets else 0
            book.sheets.append(Sheet(sheet_id=number, title=title).filled(rows))
        self.books[f"book-{next(self._ids)}"] = book
        return book

    def _install(self) -> None:
        root = "/v4/spreadsheets"
        one, values = f"{root}/{{id}}", f"{root}/{{id}}/values"
        self._route("POST", root, self._create, body=("properties", "sheets"))
        self._route("GET", one, self._get, query=("ranges", "includeGridData"))
        self._route("POST", f"{one}:batchUpdate", self._change, body=("requests",))
        copy = f"{one}/sheets/{{sheet}}:copyTo"
        self._route("POST", copy, self._copy, body=("destinationSpreadsheetId",))
        self._route("GET", f"{values}:batchGet", self._read_all, query=("ranges", *_READ))
        self._route("GET", f"{values}/{{range}}", self._read_one, query=_READ)
        option = ("valueInputOption",)
        self._route("PUT", f"{values}/{{range}}", self._write_one, query=option, body=_VALUES)
        write = ("valueInputOption", "data")
        self._route("POST", f"{values}:batchUpdate", self._write_all, body=write)
        how = ("valueInputOption", "insertDataOption")
        self._route("POST", f"{values}/{{range}}:append", self._append, query=how, body=_VALUES)
        self._route("POST", f"{values}/{{range}}:clear", self._clear_one)
        self._route("POST", f"{values}:batchClear", self._clear_all, body=("ranges",))

    def _route(self, method: str, path: str, handler: Any, **about: Any) -> None:
        self.google.route(method, path, scopes=SCOPES, **about)(handler)

    def _book(self, name: str) -> Book:
        if name not in self.books:
            raise Refused(404, "Requested entity was not found.", status="NOT_FOUND")
        return self.books[name]

    def _area(self, book: Book, text: str) -> Area:
        place = parsed(book.named.get(text, text), lambda title: book.by_title(title) is not None)
        sheet = book.sheets[0] if place.title is None else book.by_title(place.title)
        if sheet is None:
            raise _bad(f"Unable to parse range: {text}")
        if place.row >= sheet.rows or place.column >= sheet.columns:
            limits = f"Max rows: {sheet.rows}, max columns: {sheet.columns}"
            raise _bad(f"Range ({text}) exceeds grid limits. {limits}")
        return _clipped(sheet, place)

    # Values

    def _read_one(self, call: Call) -> Any:
        return self._read(call, call.parts["range"])

    def _read_all(self, call: Call) -> Any:
        if "ranges" not in call.query:
            raise _bad("Must specify at least one range.")
        found = [self._read(call, each) for each in call.query["ranges"]]
        return {"spreadsheetId": call.parts["id"], "valueRanges": found}

    def _read(self, call: Call, text: str) -> dict[str, Any]:
        area = self._area(self._book(call.parts["id"]), text)
        by_rows = call.one("majorDimension", "ROWS") == "ROWS"
        shown = [
            [
                rendered(area.sheet.cells.get((row, column), ""), call.one("valueRenderOption"))
                for column in range(area.column, area.end_column)
            ]
            for row in range(area.row, area.end_row)
        ]
        lists = shown if by_rows else [list(each) for each in zip(*shown, strict=True)]
        lists = list(_trimmed([list(_trimmed(each)) for each in lists]))
        answer = {"range": str(area), "majorDimension": "ROWS" if by_rows else "COLUMNS"}
        return {**answer, "values": lists} if lists else answer

    def _write_one(self, call: Call) -> Any:
        text, body = call.parts["range"], call.body
        if body.get("range", text) != text:
            raise _bad("Requested range and the range of the data differ.")
        data = {**body, "range": text}
        return self._written(self._book(call.parts["id"]), data, call.one("valueInputOption"))

    def _write_all(self, call: Call) -> Any:
        book, how = self._book(call.parts["id"]), call.body["valueInputOption"]
        for each in call.body["data"]:
            if unknown := each.keys() - set(_VALUES):
                raise _bad(f"Unknown name {unknown}: Cannot find field.")
            self._area(book, each["range"])
        done = [self._written(book, each, how) for each in call.body["data"]]
        return {
            "spreadsheetId": call.parts["id"],
            "totalUpdatedRows": sum(each["updatedRows"] for each in done),
            "totalUpdatedCells": sum(each["updatedCells"] for each in done),
            "responses": done,
        }

    def _written(self, book: Book, data: Mapping[str, Any], how: str) -> dict[str, Any]:
        area, lists = self._area(book, data["range"]), data["values"]
        if data.get("majorDimension", "ROWS") == "COLUMNS":
            lists = [list(each) for each in itertools.zip_longest(*lists)]
        height, width = len(lists), max(map(len, lists))
        if area.is_cell:
            area.end_row, area.end_column = area.row + height, area.column + width
        if height > area.end_row - area.row or width > area.end_column - area.column:
            raise _bad(f"Requested writing within range [{area}], but tried writing outside of it")
        return _put(area.sheet, area.row, area.column, lists, how)

    def _append(self, call: Call) -> Any:
        area = self._area(self._book(call.parts["id"]), call.parts["range"])
        lists, how = call.body["values"], call.one("valueInputOption")
        table = last_table(area)
        row, column = (table.end_row, table.column) if table else (area.row, area.column)
        if call.one("insertDataOption", "OVERWRITE") == "INSERT_ROWS":
            area.sheet.moved(0, row, len(lists))
        answer = {"updates": _put(area.sheet, row, column, lists, how)}
        return answer | ({"tableRange": str(table)} if table else {})

    def _clear_one(self, call: Call) -> Any:
        return {"clearedRange": self._cleared(call, call.parts["range"])}

    def _clear_all(self, call: Call) -> Any:
        return {"clearedRanges": [self._cleared(call, each) for each in call.body["ranges"]]}

    def _cleared(self, call: Call, text: str) -> str:
        area = self._area(self._book(call.parts["id"]), text)
        for row, column in area.places():
            area.sheet.cells.pop((row, column), None)
        return str(area)

    # Spreadsheets and sheets

    def _create(self, call: Call) -> Any:
        about = call.body["properties"]
        book = Book(title=about["title"], locale=about.get("locale", "en_US"))
        for each in call.body.get("sheets") or [{"properties": {"title": "Sheet1"}}]:
            self._new_sheet(book, each["properties"])
        name = f"book-{next(self._ids)}"
        self.books[name] = book
        return masked(as_told(name, book), call.one("fields"))

    def _get(self, call: Call) -> Any:
        book = self._book(call.parts["id"])
        return masked(as_told(call.parts["id"], book), call.one("fields"))

    def _copy(self, call: Call) -> Any:
        source = _by_id(self._book(call.parts["id"]), int(call.parts["sheet"]))
        target = self._book(call.body["destinationSpreadsheetId"])
        about = {"title": f"Copy of {source.title}"}
        made = self._new_sheet(target, about)
        made.cells = dict(source.cells)
        return properties_of(target, made)

    def _new_sheet(self, book: Book, about: Mapping[str, Any]) -> Sheet:
        title = about.get("title") or f"Sheet{len(book.sheets) + 1}"
        if book.by_title(title):
            raise _bad(f'A sheet with the name "{title}" already exists.')
        grid = about.get("gridProperties", {})
        made = Sheet(
            sheet_id=next(self._sheet_ids),
            title=title,
            rows=grid.get("rowCount", 1000),
            columns=grid.get("columnCount", 26),
        )
        book.sheets.append(made)
        return made

    # Changes

    def _change(self, call: Call) -> Any:
        book = self._book(call.parts["id"])
        replies = []
        for request in call.body["requests"]:
            ((kind, about),) = request.items()
            if kind not in _CHANGES or about.keys() - _CHANGES[kind]:
                raise _bad(f'Invalid JSON payload received. Unknown name in "{kind}"')
            found = getattr(self, f"_do_{kind}")(book, about)
            replies.append({} if found is None else {kind: {"properties": found}})
        return {"spreadsheetId": call.parts["id"], "replies": replies}

    def _do_addSheet(self, book: Book, about: Any) -> Any:
        return properties_of(book, self._new_sheet(book, about["properties"]))

    def _do_deleteSheet(self, book: Book, about: Any) -> None:
        sheet = _by_id(book, about["sheetId"])
        if len(book.sheets) == 1:
            raise _bad("You can't remove all the sheets in a document.")
        book.sheets.remove(sheet)

    def _do_duplicateSheet(self, book: Book, about: Any) -> Any:
        source = _by_id(book, about["sourceSheetId"])
        name = about.get("newSheetName") or f"Copy of {source.title}"
        made = self._new_sheet(book, {"title": name})
        made.cells = dict(source.cells)
        book.sheets.remove(made)
        book.sheets.insert(about.get("insertSheetIndex", 0), made)
        return properties_of(book, made)

    def _do_updateSheetProperties(self, book: Book, about: Any) -> None:
        assert about["fields"] == "title"
        _by_id(book, about["properties"]["sheetId"]).title = about["properties"]["title"]

    def _do_insertDimension(self, book: Book, about: Any) -> None:
        sheet, axis, start, end = _dimension(book, about["range"])
        size = (sheet.rows, sheet.columns)[axis]
        if start >= size and not (about.get("inheritFromBefore") and start == size):
            raise _bad(
                f"range.startIndex[{start}] must be less than grid size[{size}] if"
                " inheritFromBefore is false"
            )
        sheet.moved(axis, start, end - start)

    def _do_deleteDimension(self, book: Book, about: Any) -> None:
        sheet, axis, start, end = _dimension(book, about["range"])
        size = (sheet.rows, sheet.columns)[axis]
        if end > size:
            raise _bad(f"Cannot delete beyond the grid: {end} of {size}")
        sheet.moved(axis, start, start - end)

    def _do_autoResizeDimensions(self, book: Book, about: Any) -> None:
        sheet, axis, start, end = _dimension(book, about["dimensions"])
        sheet.resized.append((("ROWS", "COLUMNS")[axis], start, end))

    def _do_repeatCell(self, book: Book, about: Any) -> None:
        area = about["range"]
        sheet = _by_id(book, area["sheetId"])
        set_to = masked(about["cell"], about["fields"])["userEnteredFormat"]
        for row in range(area["startRowIndex"], area["endRowIndex"]):
            for column in range(area["startColumnIndex"], area["endColumnIndex"]):
                sheet.formats.setdefault((row, column), {}).update(set_to)


def on(node_type: str, **config: Any) -> dict[str, Any]:
    """A node for the spreadsheet of most tests."""
    return node(node_type, spreadsheet_id=ID, **config)


def _bad(message: str) -> Refused:
    return Refused(400, message, status="INVALID_ARGUMENT")


def _clipped(sheet: Sheet, place: Place) -> Area:
    return Area(
        sheet=sheet,
        row=place.row,
        column=place.column,
        end_row=min(place.end_row or sheet.rows, sheet.rows),
        end_column=min(place.end_column or sheet.columns, sheet.columns),
    )


def _by_id(book: Book, sheet_id: int) -> Sheet:
    for sheet in book.sheets:
        if sheet.sheet_id == sheet_id:
            return sheet
    raise _bad(f"No grid with id: {sheet_id}")


def _dimension(book: Book, area: Mapping[str, Any]) -> tuple[Sheet, int, int, int]:
    """Sheet, axis, start and end of Google's DimensionRange."""
    assert area.keys() == {"sheetId", "dimension", "startIndex", "endIndex"}
    axis = ("ROWS", "COLUMNS").index(area["dimension"])
    return _by_id(book, area["sheetId"]), axis, area["startIndex"], area["endIndex"]


def _put(
    sheet: Sheet, row: int, column: int, lists: Sequence[Sequence[Any]], how: str
) -> dict[str, Any]:
    if how not in ("RAW", "USER_ENTERED"):
        raise _bad(f"Invalid valueInputOption: {how}")
    written = 0
    for down, values in enumerate(lists):
        for right, value in enumerate(values):
            if isinstance(value, dict | list):
                raise _bad(f"Invalid values[{down}][{right}]: struct_value")
            sheet.put(row + down, column + right, typed(value) if how != "RAW" else value)
            written += value is not None
    width = max(map(len, lists))
    area = Area(sheet, row, column, row + len(lists), column + width)
    return {
        "updatedRange": str(area),
        "updatedRows": len(lists),
        "updatedColumns": width,
        "updatedCells": written,
    }


def _trimmed(values: list[Any]) -> Iterator[Any]:
    """Without what is empty at the end."""
    last = max((n for n, each in enumerate(values) if each not in ("", [])), default=-1)
    return iter(values[: last + 1])
