"""Reading and writing CSV files, row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Json,
    NodeError,
    Output,
    Outputs,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.file.disk import FileNode, existing_file, make_parent, replacing
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.file.read_write import MARK_BYTES, text_encoding, writing_encoding
from casare_rpa.nodes.values.reading import as_list, number_or_none

#: The longest field: the csv module's own limit of 128 KiB refuses files that people do have.
_MAX_FIELD_CHARS = 1 << 30
#: What makes a spreadsheet calculate: with their wide forms, as OWASP lists them.
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NAMED = {"\\t": "\t", "tab": "\t", "\\|": "|"}


class ReadCSVNode(FileNode):
    """Parse a CSV file into rows.

    With `has_header` each row is a map by column, else a list; values stay text. `skip_rows` drops
    raw lines in front, `max_rows` 0 means all. Empty lines are skipped. A row that is too short
    gets empty text, one that is too long gets columns `column_<n>`; `strict` fails on both.
    """

    example = {"file_path": "rows.csv"}
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    delimiter: str = prop(",", kind="string", help="The character between fields; \\t for tab.")
    has_header: bool = prop(True, kind="boolean", help="The first row names the columns.")
    encoding: str = prop("utf-8", kind="string", help="How the text is encoded.")
    quotechar: str = prop('"', kind="string", help="The character around fields.")
    skip_rows: int = prop(0, kind="integer", help="Lines to drop first.")
    max_rows: int = prop(0, kind="integer", help="Most rows to read; 0: all.")
    strict: bool = prop(False, kind="boolean", help="Fail on malformed rows.")
    doublequote: bool = unlisted(True, kind="boolean", help="A doubled quote stands for one.")
    escapechar: str | None = unlisted(None, kind="string", help="The character that escapes.")
    outputs = (
        Output("data", "LIST"),
        Output("headers", "LIST"),
        Output("row_count", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = existing_file(self.file(ctx, self.file_path))
        csv.field_size_limit(_MAX_FIELD_CHARS)
        with opened(path) as raw:
            encoding = text_encoding(self.encoding, raw.read(MARK_BYTES))
            raw.seek(0)
            stream = io.TextIOWrapper(raw, encoding, newline="")
            for _ in islice(stream, max(self.skip_rows or 0, 0)):
                pass
            headers, rows = self._parse(ctx, stream, path)
        return {"data": rows, "headers": headers, "row_count": len(rows), "success": True}

    def _parse(
        self, ctx: Context, stream: io.TextIOWrapper, path: Path
    ) -> tuple[list[str], list[Any]]:
        reader = self._reader(stream)
        try:
            filled = (row for row in reader if row)
            headers = _unique(next(filled, [])) if self.has_header else []
            wanted = islice(filled, self.max_rows if (self.max_rows or 0) > 0 else None)
            rows: list[Any] = []
            for row in wanted:
                if len(rows) % 1000 == 0:
                    self.check_wanted(ctx)
                rows.append(self._as_map(headers, row, reader.line_num) if headers else row)
            return headers, rows
        except (csv.Error, NodeError) as error:
            if isinstance(error, NodeError) and error.error_code is not ErrorCode.PARSE_ERROR:
                raise
            raise NodeError(
                f"{path}, line {reader.line_num + max(self.skip_rows or 0, 0)}: {error}",
                ErrorCode.PARSE_ERROR,
            ) from error

    def _reader(self, stream: io.TextIOWrapper) -> Any:
        return csv.reader(
            stream,
            delimiter=one_character(self.delimiter, "delimiter"),
            quotechar=one_character(self.quotechar, "quotechar") if self.quotechar else None,
            quoting=csv.QUOTE_MINIMAL if self.quotechar else csv.QUOTE_NONE,
            doublequote=bool(self.doublequote),
            escapechar=self.escapechar or None,
            strict=bool(self.strict),
        )

    def _as_map(self, headers: Sequence[str], row: list[str], line: int) -> dict[str, str]:
        if self.strict and len(row) != len(headers):
            raise NodeError(
                f"{len(row)} fields where the header has {len(headers)}", ErrorCode.PARSE_ERROR
            )
        found = dict(zip(headers, row, strict=False))
        for name in headers[len(row) :]:
            found[name] = ""
        for number, value in enumerate(row[len(headers) :], len(headers) + 1):
            found[f"column_{number}"] = value
        return found


class WriteCSVNode(FileNode):
    """Write rows to a CSV file.

    Columns are `headers`, else the keys of the first object. A key in a later row that is no
    column fails, and leaves an existing file as it was. Lines end CR LF; lists and maps in a field
    are written as JSON. `excel_safe` is for files that people open in Excel: text that it would
    take for a formula (`=`, `+`, `-`, `@` in front, numbers aside) gets an apostrophe, and UTF-8 a
    byte order mark, without which Excel guesses the encoding.
    """

    example = {"file_path": "out/rows.csv", "data": [{"id": 1, "name": "Ada"}]}
    side_effect = True
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    data: Json = port(kind="any", port_kind="LIST", help="The rows: maps or lists.")
    headers: Json = port(kind="any", port_kind="LIST", help="The columns.")
    delimiter: str = prop(",", kind="string", help="The character between fields; \\t for tab.")
    write_header: bool = prop(True, kind="boolean", help="Write the names of the columns first.")
    encoding: str = prop("utf-8", kind="string", help="How to encode the text.")
    excel_safe: bool = unlisted(False, kind="boolean", help="No formulas, and a mark for Excel.")
    outputs = (
        Output("file_path", "STRING"),
        Output("attachment_file", "LIST"),
        Output("row_count", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        rows = _list_of(ctx, self.data, "data")
        columns = _columns(_list_of(ctx, self.headers, "headers"), rows)
        delimiter = one_character(self.delimiter, "delimiter")
        make_parent(path, wanted=True)
        with replacing(path) as raw:
            stream = io.TextIOWrapper(raw, self._codec(), newline="")
            writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
            if self.write_header and columns:
                writer.writerow(self._shown(columns))
            for number, row in enumerate(rows, 1):
                if number % 1000 == 0:
                    self.check_wanted(ctx)
                writer.writerow(self._shown(_cells(row, columns, number)))
            stream.flush()
            stream.detach()
        return {
            "file_path": str(path),
            "attachment_file": [str(path)],
            "row_count": len(rows),
            "success": True,
        }

    def _codec(self) -> str:
        name = writing_encoding(self.encoding)
        plain = name.lower().replace("_", "-")
        return "utf-8-sig" if self.excel_safe and plain in ("utf-8", "utf8") else name

    def _shown(self, cells: list[Any]) -> list[Any]:
        return [_without_formula(cell) for cell in cells] if self.excel_safe else cells


def one_character(text: Any, parameter: str) -> str:
    found = _NAMED.get(str(text), str(text))
    if len(found) != 1 or found in "\r\n":
        raise NodeError(f"{parameter} must be one character, not {text!r}", ErrorCode.INVALID_INPUT)
    return found


def _unique(names: list[str]) -> list[str]:
    """Column names that differ: the second `name` becomes `name_2`, an empty one `column_<n>`."""
    found: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        name = name or f"column_{number}"
        candidate, count = name, 1
        while candidate in found:
            count += 1
            candidate = f"{name}_{count}"
        found[candidate] = None
    return list(found)


def _list_of(ctx: Context, value: Json, parameter: str) -> list[Any]:
    return [] if value is None or value == "" else as_list(ctx, value, parameter)


def _columns(headers: list[Any], rows: list[Any]) -> list[str]:
    if headers:
        return [str(name) for name in headers]
    return list(rows[0]) if rows and isinstance(rows[0], Mapping) else []


def _cells(row: Any, columns: list[str], number: int) -> list[Any]:
    if isinstance(row, Mapping):
        if unknown := [str(key) for key in row if key not in columns]:
            raise NodeError(
                f"row {number} has no column for {', '.join(unknown)}", ErrorCode.VALIDATION_FAILED
            )
        return [_cell(row.get(name)) for name in columns]
    if isinstance(row, list | tuple):
        return [_cell(value) for value in row]
    return [_cell(row)]


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


def _without_formula(cell: Any) -> Any:
    if isinstance(cell, str) and cell[:1] in _FORMULA_STARTS and number_or_none(cell) is None:
        return f"'{cell}"
    return cell
