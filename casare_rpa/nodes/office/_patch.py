"""Writing cells into the XML of a workbook and leaving everything else as it is.

Libraries that read a workbook and write it anew drop what they do not know: shapes, slicers,
sparklines, buttons, rules of newer versions. So only the cells that were written are touched here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from casare_rpa.nodes.office._parts import MAIN, Parts, parsed, spelt
from casare_rpa.nodes.office._places import Area, named, parse_area, parse_cell
from casare_rpa.nodes.office._slices import NotToBeCut, cut
from casare_rpa.nodes.office._values import Content

Changes = Mapping[tuple[int, int], Content]

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
#: Attributes of a cell that go with its former content.
_OF_CONTENT = ("t", "cm", "vm")
#: What a text may not hold as it is: Excel would read it as another letter.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMATS: Final = {"date": 14, "datetime": 22, "time": 21, "span": 46}
#: What stands behind `calcPr` in a workbook, in this order.
_AFTER_CALCULATION = (
    *("oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes"),
    *("webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst"),
)


class Styles:
    """The formats of cells: finds or adds the one that shows a date as a date."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._part = parts.styles
        self._root: Any = parts.xml(self._part) if self._part else None
        self._formats: Any = None if self._root is None else self._root.find(f"{MAIN}cellXfs")
        self._made: dict[tuple[int, int], int] = {}

    def showing(self, style: int, kind: str) -> int:
        """The style like *style* that shows a value of this kind."""
        if kind not in _FORMATS or self._formats is None or self._shows_dates(style):
            return style
        wanted = (style, _FORMATS[kind])
        if wanted not in self._made:
            self._made[wanted] = self._add(*wanted)
        return self._made[wanted]

    def save(self) -> None:
        if self._made and self._part:
            self._formats.set("count", str(len(self._formats)))
            self._parts.change(self._part, spelt(self._root))

    def _add(self, style: int, number_format: int) -> int:
        from copy import deepcopy  # noqa: PLC0415 - for this alone

        made = deepcopy(self._formats[style]) if style < len(self._formats) else None
        if made is None:
            made = self._formats.makeelement(f"{MAIN}xf", {"fontId": "0", "fillId": "0"})
        made.set("numFmtId", str(number_format))
        made.set("applyNumberFormat", "1")
        self._formats.append(made)
        return len(self._formats) - 1

    def _shows_dates(self, style: int) -> bool:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format  # noqa: PLC0415

        if style >= len(self._formats):
            return False
        number = int(self._formats[style].get("numFmtId", "0"))
        own = {
            int(f.get("numFmtId")): f.get("formatCode") for f in self._root.iter(f"{MAIN}numFmt")
        }
        return bool(is_date_format(own.get(number) or BUILTIN_FORMATS.get(number)))


class SheetPatch:
    """The XML of one sheet, to write cells into it; *whole* if none of its rows is left out."""

    def __init__(self, root: Any, styles: Styles, epoch: datetime, *, whole: bool) -> None:
        self.root = root
        self._whole = whole
        self._styles = styles
        self._epoch = epoch
        self._data = root.find(f"{MAIN}sheetData")
        self._rows = _Ordered(self._data, "row", lambda row: int(float(row.get("r"))))
        self._cells: dict[int, _Ordered] = {}

    def write(self, row: int, column: int, content: Content) -> None:
        """Let the cell hold *content*; its format stays, unless a date needs one."""
        cell = self._cell(row, column, make=content.kind != "empty")
        if cell is None:
            return
        self._leave_shared(cell)
        for name in _OF_CONTENT:
            cell.attrib.pop(name, None)
        for child in list(cell):
            cell.remove(child)
        _fill(cell, content, self._styles, self._epoch)

    def forget_value(self, row: int, column: int) -> None:
        """Take the value of a formula away, which is no longer true."""
        cell = self._cell(row, column, make=False)
        if cell is not None:
            cell.attrib.pop("t", None)
            for value in cell.findall(f"{MAIN}v"):
                cell.remove(value)

    def widen(self, places: Iterable[tuple[int, int]]) -> None:
        """Let the stated size of the sheet hold these cells, too."""
        stated = self.root.find(f"{MAIN}dimension")
        area = None if stated is None else parse_area(stated.get("ref", ""))
        if area is None:
            return
        for row, column in places:
            area = Area(
                min(area.first_row, row),
                min(area.first_column, column),
                max(area.last_row, row),
                max(area.last_column, column),
            )
        stated.set("ref", str(area))

    def _cell(self, row: int, column: int, *, make: bool) -> Any:
        line = self._rows.get(row)
        if line is None:
            if not make:
                return None
            line = self._rows.add(row, {"r": str(row)})
        if row not in self._cells:
            self._cells[row] = _Ordered(line, "c", _column)
        line.attrib.pop("spans", None)
        found = self._cells[row].get(column)
        if found is None and make:
            about = {"r": named(row, column)}
            style = line.get("s") if line.get("customFormat") in ("1", "true") else None
            style = style or self._style_of_column(column)
            found = self._cells[row].add(column, about | ({"s": style} if style else {}))
        return found

    def _style_of_column(self, column: int) -> str | None:
        for about in self.root.iterfind(f"{MAIN}cols/{MAIN}col"):
            if int(about.get("min")) <= column <= int(about.get("max")):
                style: str | None = about.get("style")
                return style
        return None

    def _leave_shared(self, cell: Any) -> None:
        """Others may share the formula of *cell*: they get their own, spelt out."""
        formula = cell.find(f"{MAIN}f")
        if formula is None or formula.get("t") != "shared" or not formula.text:
            return
        if not self._whole:  # They may be in any row.
            raise NotToBeCut
        from openpyxl.formula.translate import Translator  # noqa: PLC0415 - an extra

        written = Translator(f"={formula.text}", origin=cell.get("r"))
        for other in self._data.iter(f"{MAIN}f"):
            if other is formula or other.get("si") != formula.get("si"):
                continue
            if other.get("t") == "shared" and not other.text:
                place = other.getparent().get("r")
                other.text = written.translate_formula(place).removeprefix("=")
                other.attrib.clear()


def _column(cell: Any) -> int:
    place = parse_cell(cell.get("r"))
    return place[1] if place else 0


class _Ordered:
    """Children of an element by their number, in whose order they stand."""

    def __init__(self, parent: Any, tag: str, number: Callable[[Any], int]) -> None:
        self._parent = parent
        self._tag = f"{MAIN}{tag}"
        self._found = {number(child): child for child in parent.iterchildren(self._tag)}
        self._numbers = sorted(self._found)

    def get(self, number: int) -> Any:
        return self._found.get(number)

    def add(self, number: int, about: Mapping[str, str]) -> Any:
        made = self._parent.makeelement(self._tag, about)
        at = bisect_left(self._numbers, number)
        if at == len(self._numbers):
            self._parent.append(made)
        else:
            self._found[self._numbers[at]].addprevious(made)
        self._numbers.insert(at, number)
        self._found[number] = made
        return made


def patch(
    parts: Parts,
    sheet: str,
    changes: Changes,
    stale: Collection[tuple[int, int]],
    styles: Styles,
    epoch: datetime,
) -> None:
    """Write *changes* into a sheet, and forget the values of the formulas in *stale*."""
    part = parts.sheets[sheet]
    raw = parts.content(part)

    def patched(text: bytes, *, whole: bool) -> bytes:
        root = parsed(text)
        _number(root.find(f"{MAIN}sheetData"))
        found = SheetPatch(root, styles, epoch, whole=whole)
        for (row, column), content in sorted(changes.items(), key=lambda change: change[0]):
            found.write(row, column, content)
        for row, column in stale:
            found.forget_value(row, column)
        found.widen(place for place, content in changes.items() if content.kind != "empty")
        return spelt(root)

    try:
        slices = cut(raw, sorted({row for row, _ in (*changes, *stale)}))
        made = slices.joined(patched(slices.small, whole=False))
    except NotToBeCut:
        made = patched(raw, whole=True)
    parts.change(part, made)


def calculate_when_opened(parts: Parts) -> None:
    """Let Excel calculate all formulas when it opens the workbook next."""
    parts.drop("calcChain")
    root = parts.xml(parts.workbook)
    about = root.find(f"{MAIN}calcPr")
    if about is None:
        about = root.makeelement(f"{MAIN}calcPr", {})
        after = {f"{MAIN}{name}" for name in _AFTER_CALCULATION}
        behind = next((child for child in root if child.tag in after), None)
        if behind is None:
            root.append(about)
        else:
            behind.addprevious(about)
    about.set("fullCalcOnLoad", "1")
    parts.change(parts.workbook, spelt(root))


def _number(data: Any) -> None:
    """Rows and cells need not say where they are: let all of them do."""
    row_number = 0
    for row in data.iterchildren(f"{MAIN}row"):
        row_number = int(float(row.get("r") or row_number + 1))
        row.set("r", str(row_number))
        column = 0
        for cell in row.iterchildren(f"{MAIN}c"):
            place = parse_cell(cell.get("r") or "")
            column = place[1] if place else column + 1
            cell.set("r", named(row_number, column))


def _fill(cell: Any, content: Content, styles: Styles, epoch: datetime) -> None:
    match content.kind:
        case "number":
            _child(cell, "v").text = repr(content.value)
        case "boolean":
            cell.set("t", "b")
            _child(cell, "v").text = "1" if content.value else "0"
        case "formula":
            _child(cell, "f").text = content.value[1:]
        case "text":
            _fill_text(cell, content.value)
        case "date" | "datetime" | "time" | "span":
            _fill_moment(cell, content, styles, epoch)


def _fill_moment(cell: Any, content: Content, styles: Styles, epoch: datetime) -> None:
    from openpyxl.utils.datetime import to_excel  # noqa: PLC0415 - an extra

    serial = to_excel(content.value, epoch)
    if serial < 0:  # a date before the first one of the workbook
        _fill_text(cell, content.value.isoformat())
        return
    style = styles.showing(int(cell.get("s", "0")), content.kind)
    if style:
        cell.set("s", str(style))
    _child(cell, "v").text = repr(int(serial) if serial == int(serial) else serial)


def _fill_text(cell: Any, text: str) -> None:
    cell.set("t", "inlineStr")
    written = _child(_child(cell, "is"), "t")
    written.set(_SPACE, "preserve")
    written.text = _ESCAPED.sub("_x005F_", text)


def _child(parent: Any, tag: str) -> Any:
    made = parent.makeelement(f"{MAIN}{tag}", {})
    parent.append(made)
    return made
