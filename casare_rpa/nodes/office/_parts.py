"""The parts of a workbook's file: which XML holds which sheet, and how they name each other."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, Final
from urllib.parse import unquote

from casare_rpa.nodes.office._places import Area, parse_area

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROOM = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_TYPES = "[Content_Types].xml"
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?\bref=["']([^"']+)["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a sheet; `headings` is whether its first row names the columns."""

    name: str
    area: Area
    headings: bool


class Parts:
    """The parts of a workbook, to read and to write anew with some of them changed."""

    def __init__(self, raw: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(raw))
        self._names = frozenset(self._archive.namelist())
        (self.workbook,) = self._targets("", "officeDocument")
        self._changed: dict[str, bytes | None] = {}

    @cached_property
    def sheets(self) -> Mapping[str, str]:
        """The part of each sheet by its name, in their order; sheets without cells are left out."""
        links = self._links(self.workbook)
        found = {}
        for sheet in self.xml(self.workbook).iter(f"{MAIN}sheet"):
            kind, target = links.get(sheet.get(f"{{{_ROOM}}}id"), ("", ""))
            if kind == "worksheet" and target in self._names:
                found[sheet.get("name")] = target
        return found

    @property
    def empty_charts(self) -> list[str]:
        """The chart sheets that name no drawing, in which a chart would be."""
        links = self._links(self.workbook)
        found = []
        for sheet in self.xml(self.workbook).iter(f"{MAIN}sheet"):
            kind, target = links.get(sheet.get(f"{{{_ROOM}}}id"), ("", ""))
            if kind == "chartsheet" and target in self._names:
                found += [] if _links_of(target) in self._names else [sheet.get("name")]
        return found

    @property
    def is_to_be_calculated(self) -> bool:
        """Whether Excel is told to calculate all of it when it opens it."""
        about = self.xml(self.workbook).find(f"{MAIN}calcPr")
        return about is not None and about.get("fullCalcOnLoad") in ("1", "true")

    @property
    def styles(self) -> str | None:
        return next(iter(self._targets(self.workbook, "styles")), None)

    def merged(self, sheet: str) -> list[Area]:
        """The cells of a sheet that are shown as one."""
        found = _MERGED.findall(self.content(self.sheets[sheet]))
        return [area for ref in found if (area := parse_area(ref.decode("ascii", "replace")))]

    def tables(self, sheet: str) -> list[Table]:
        found = []
        for part in self._targets(self.sheets[sheet], "table"):
            about = self.xml(part)
            area = parse_area(about.get("ref", ""))
            if area is not None:
                name = about.get("displayName") or about.get("name") or ""
                headings = about.get("headerRowCount", "1") != "0"
                found.append(Table(name=name, area=area, headings=headings))
        return found

    def content(self, part: str) -> bytes:
        return self._archive.read(part)

    def xml(self, part: str) -> Any:
        """The root element of a part."""
        return parsed(self.content(part))

    def change(self, part: str, content: bytes) -> None:
        """Let *content* be what the part holds."""
        self._changed[part] = content

    def drop(self, kind: str) -> None:
        """Leave out what the workbook has of this kind, and all that names it."""
        for part in self._targets(self.workbook, kind):
            self._changed[part] = None
            links = self.xml(_links_of(self.workbook))
            for link in links.iter(f"{_LINKS}Relationship"):
                if _absolute(self.workbook, link.get("Target")) == part:
                    links.remove(link)
            self.change(_links_of(self.workbook), spelt(links))
            types = self.xml(_TYPES)
            for named in types:
                if named.get("PartName") == f"/{part}":
                    types.remove(named)
            self.change(_TYPES, spelt(types))

    def write(self, stream: IO[bytes]) -> None:
        """Write the file anew; parts that were not changed as they are."""
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as written:
            for info in self._archive.infolist():
                content = self._changed.get(info.filename, info)
                if content is info:
                    written.writestr(info, self._archive.read(info))
                elif content is not None:
                    assert isinstance(content, bytes)
                    written.writestr(info, content, zipfile.ZIP_DEFLATED)

    def _targets(self, part: str, kind: str) -> list[str]:
        found = (target for of, target in self._links(part).values() if of == kind)
        return [target for target in found if target in self._names]

    def _links(self, part: str) -> dict[str, tuple[str, str]]:
        """By its id, the kind and the target of each link of a part."""
        links = _links_of(part)
        if links not in self._names:
            return {}
        return {
            link.get("Id"): (
                link.get("Type", "").rpartition("/")[2],
                _absolute(part, link.get("Target", "")),
            )
            for link in self.xml(links).iter(f"{_LINKS}Relationship")
            if link.get("TargetMode") != "External"
        }


def parsed(content: bytes) -> Any:
    """The root element of an XML text."""
    from lxml import etree  # noqa: PLC0415 - an extra

    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def spelt(root: Any) -> bytes:
    """The XML text of an element."""
    from lxml import etree  # noqa: PLC0415 - an extra

    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return text


def _links_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _absolute(part: str, target: str) -> str:
    found = posixpath.join("/", posixpath.dirname(part), unquote(target))
    return posixpath.normpath(found).lstrip("/")
