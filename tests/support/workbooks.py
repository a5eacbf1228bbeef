"""Workbooks for tests, their XML by hand as Excel writes it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"

#: Style 1 is a date, 2 a date with a time, 3 a time, 4 hours beyond a day, 5 text, 6 a bold number.
_STYLES = f"""<styleSheet xmlns="{_MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="21" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="46" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="2" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
_STRINGS = f"""<sst xmlns="{_MAIN}" count="4" uniqueCount="4">
<si><t>Name</t></si><si><t xml:space="preserve"> spaced </t></si>
<si><r><t>two</t></r><r><rPr><b/></rPr><t>fold</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>
<si><t>a
b</t></si></sst>"""
#: What no library here knows: a spark line in the sheet, and a shape on it.
SPARK = (
    '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    ' uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"><x14:sparklineGroups/></ext></extLst>'
)
_FIRST = f"""<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><dimension ref="A1:C9"/>
<sheetViews><sheetView workbookViewId="0"/></sheetViews>
<cols><col min="5" max="5" width="12" style="6" customWidth="1"/></cols>
<sheetData>
<row r="1" spans="1:3"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>
<c r="C1" t="s"><v>2</v></c></row>
<row r="2" spans="1:3"><c r="A2"><v>12</v></c><c r="B2"><v>2.5</v></c>
<c r="C2"><f>A2*B2</f><v>30</v></c></row>
<row r="3" spans="1:3"><c r="A3"><v>4</v></c><c r="B3" s="6"><v>10</v></c>
<c r="C3"><f t="shared" ref="C3:C4" si="0">A3*B3</f><v>40</v></c></row>
<row r="4" spans="1:3"><c r="A4"><v>1</v></c><c r="B4"><v>7</v></c>
<c r="C4"><f t="shared" si="0"/><v>7</v></c></row>
<row r="5"><c r="A5" s="1"><v>45306</v></c><c r="B5" s="2"><v>45306.5625</v></c>
<c r="C5" s="3"><v>0.5625</v></c><c r="D5" s="4"><v>1.0625</v></c></row>
<row r="6"><c r="A6" t="b"><v>1</v></c><c r="B6" t="e"><f>1/0</f><v>#DIV/0!</v></c>
<c r="C6" t="str"><f>IF(A2&gt;99,"many","")</f><v></v></c></row>
<row r="7"><c r="A7" s="5" t="s"><v>3</v></c><c r="B7"><f>SUM(C2:C4)</f><v>77</v></c>
<c r="C7"><f>SUM(Amounts)</f><v>17</v></c></row>
<row r="8"><c r="A8"><f>NOW()</f><v>45306.1</v></c><c r="B8"><f>INDIRECT("A2")</f><v>12</v></c>
<c r="C8"><f>Other!A2+1</f><v>6</v></c></row>
<row r="9"><c r="A9"><f t="array" ref="A9:B9">A2:B2*2</f><v>24</v></c><c r="B9"><v>5</v></c></row>
</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>
<drawing r:id="rId1"/>{SPARK}</worksheet>"""
_OTHER = f"""<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><dimension ref="A1:B3"/>
<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Quantity</t></is></c>
<c r="B1" t="inlineStr"><is><t>Twice</t></is></c></row>
<row r="2"><c r="A2"><v>5</v></c><c r="B2"><f>Stock[[#This Row],[Quantity]]*2</f><v>10</v></c></row>
<row r="3"><c r="A3"><v>6</v></c><c r="B3"><f>Stock[[#This Row],[Quantity]]*2</f><v>12</v></c></row>
</sheetData><tableParts count="1"><tablePart r:id="rId1"/></tableParts></worksheet>"""
_TABLE = f"""<table xmlns="{_MAIN}" id="1" name="Stock" displayName="Stock" ref="A1:B3">
<tableColumns count="2"><tableColumn id="1" name="Quantity"/><tableColumn id="2" name="Twice"/>
</tableColumns></table>"""


def excel_workbook(
    *, epoch_1904: bool = False, main_type: str = f"{_TYPE}.sheet.main+xml", **more: bytes
) -> bytes:
    """A workbook with the sheets `First` and `Other`, and a hidden `Log` that holds nothing.

    `more` are parts below `xl/` by their names, a dot written as `_`.
    """
    parts = {
        "[Content_Types].xml": _types(main_type),
        "_rels/.rels": _links({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(epoch_1904),
        "xl/_rels/workbook.xml.rels": _links(
            {
                "rId1": ("worksheet", "worksheets/sheet1.xml"),
                "rId2": ("worksheet", "worksheets/sheet2.xml"),
                "rId3": ("worksheet", "/xl/worksheets/sheet3.xml"),
                "rId4": ("styles", "styles.xml"),
                "rId5": ("sharedStrings", "sharedStrings.xml"),
                "rId6": ("calcChain", "calcChain.xml"),
            }
        ),
        "xl/worksheets/sheet1.xml": _FIRST,
        "xl/worksheets/_rels/sheet1.xml.rels": _links(
            {"rId1": ("drawing", "../drawings/drawing1.xml")}
        ),
        "xl/worksheets/sheet2.xml": _OTHER,
        "xl/worksheets/_rels/sheet2.xml.rels": _links({"rId1": ("table", "../tables/table1.xml")}),
        "xl/worksheets/sheet3.xml": f'<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>',
        "xl/tables/table1.xml": _TABLE,
        "xl/drawings/drawing1.xml": "<wsDr><sp>a shape</sp></wsDr>",
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": _STRINGS,
        "xl/calcChain.xml": f'<calcChain xmlns="{_MAIN}"><c r="C2" i="1"/></calcChain>',
    }
    files = {name: (_HEAD + text).encode() for name, text in parts.items()}
    files |= {f"xl/{name.replace('_', '.')}": content for name, content in more.items()}
    return packed(files)


def packed(files: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def parts_of(raw: bytes) -> dict[str, bytes]:
    """The files in a ZIP archive."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _types(main: str) -> str:
    named = {
        "/xl/workbook.xml": main,
        **{f"/xl/worksheets/sheet{n}.xml": f"{_TYPE}.worksheet+xml" for n in (1, 2, 3)},
        "/xl/tables/table1.xml": f"{_TYPE}.table+xml",
        "/xl/styles.xml": f"{_TYPE}.styles+xml",
        "/xl/sharedStrings.xml": f"{_TYPE}.sharedStrings+xml",
        "/xl/calcChain.xml": f"{_TYPE}.calcChain+xml",
    }
    lines = "".join(f'<Override PartName="{p}" ContentType="{t}"/>' for p, t in named.items())
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{lines}</Types>'
    )


def _links(links: Mapping[str, tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in links.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _workbook(epoch_1904: bool) -> str:
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f'<workbookPr date1904="{int(epoch_1904)}" defaultThemeVersion="166925"/>'
        '<bookViews><workbookView activeTab="0"/></bookViews>'
        '<sheets><sheet name="First" sheetId="1" r:id="rId1"/>'
        '<sheet name="Other" sheetId="4" r:id="rId2"/>'
        '<sheet name="Log" sheetId="5" state="hidden" r:id="rId3"/></sheets>'
        '<definedNames><definedName name="Amounts">First!$A$2:$A$4</definedName>'
        '<definedName name="Rate">0.19</definedName></definedNames>'
        '<calcPr calcId="191029"/><extLst/></workbook>'
    )
