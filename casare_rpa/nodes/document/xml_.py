"""Reading, searching and writing XML."""

from __future__ import annotations

import codecs
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.data.json_ import to_json
from casare_rpa.nodes.document._trees import (
    document_of,
    find_all,
    parsed,
    remember,
    text_of,
    to_element,
    to_text,
    to_value,
)
from casare_rpa.nodes.file.disk import FileNode, existing_file, make_parent, replacing
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.values.reading import as_int, as_text, parse_json

_XML = '<shop><tea price="2">green</tea></shop>'
_GIVEN = "XML text; without any, the document that was parsed last."
_DONE = Output("success", "BOOLEAN")


class ParseXMLNode(Node):
    """Parse XML text; the XML nodes behind it work on this document if they are given none."""

    category = "document"
    example = {"xml_string": _XML}
    xml_string: Any = param(None, kind="text", required=True, help="XML text.")
    outputs = (
        Output("root_tag", "STRING"),
        Output("root_text", "STRING"),
        Output("child_count", "INTEGER"),
        _DONE,
    )

    def run(self, ctx: Context) -> Outputs:
        root = parsed(as_text(self.xml_string).strip())
        remember(ctx, root)
        return {
            "root_tag": root.tag,
            "root_text": text_of(root),
            "child_count": len(root),
            "success": True,
        }


class GetXMLElementNode(Node):
    """Find the n-th element with a tag; that there is none is no failure, see `found`."""

    category = "document"
    example = {"xml_string": _XML, "tag_name": "tea"}
    xml_string: Any = param(None, kind="text", help=_GIVEN)
    tag_name: str = param(
        None, kind="string", required=True, aliases=("path",), help="A tag, or a path of tags."
    )
    index: Any = param(0, kind="integer", help="Which of them, counted from 0.")
    outputs = (
        Output("tag", "STRING"),
        Output("text", "STRING"),
        Output("attributes", "DICT"),
        Output("child_count", "INTEGER"),
        Output("found", "BOOLEAN"),
    )

    def run(self, ctx: Context) -> Outputs:
        name, index = self.tag_name.strip(), as_int(self.index, "index")
        path = name if name.startswith((".", "/")) else f".//{name}"
        found = find_all(document_of(ctx, self.xml_string), path)
        if not -len(found) <= index < len(found):
            return {"tag": "", "text": "", "attributes": {}, "child_count": 0, "found": False}
        element = found[index]
        return {
            "tag": element.tag,
            "text": text_of(element),
            "attributes": dict(element.attrib),
            "child_count": len(element),
            "found": True,
        }


class GetXMLAttributeNode(Node):
    """Read an attribute of the first element at a path; see `found`."""

    category = "document"
    example = {"xml_string": _XML, "xpath": "tea", "attribute_name": "price"}
    xml_string: Any = param(None, kind="text", help=_GIVEN)
    xpath: str = param(".", kind="string", help="Where the element is; `.` is the root.")
    attribute_name: str = param(
        None, kind="string", required=True, aliases=("attribute",), help="The attribute."
    )
    outputs = (Output("value", "STRING"), Output("found", "BOOLEAN"))

    def run(self, ctx: Context) -> Outputs:
        found = find_all(document_of(ctx, self.xml_string), self.xpath or ".")
        value = found[0].get(self.attribute_name) if found else None
        return {"value": value or "", "found": value is not None}


class XPathQueryNode(Node):
    """Find all elements at an XPath: tags, `*`, `.`, `..`, `//`, `[@a='b']`, `[tag]`, `[1]`."""

    category = "document"
    example = {"xml_string": _XML, "xpath": ".//tea"}
    xml_string: Any = param(None, kind="text", help=_GIVEN)
    xpath: str = param(None, kind="string", required=True, aliases=("query",), help="The path.")
    outputs = (
        Output("results", "LIST"),
        Output("count", "INTEGER"),
        Output("first_text", "STRING"),
        _DONE,
    )

    def run(self, ctx: Context) -> Outputs:
        found = find_all(document_of(ctx, self.xml_string), self.xpath)
        results = [
            {"tag": e.tag, "text": e.text or "", "attrib": dict(e.attrib), "tail": e.tail or ""}
            for e in found
        ]
        first = text_of(found[0]) if found else ""
        return {"results": results, "count": len(found), "first_text": first, "success": True}


class XMLToJsonNode(Node):
    """Convert XML to a map: children by tag, a list where a tag repeats.

    Attributes stand under `@attributes`, text beside them under `text_key`; an element that holds
    text alone is that text.
    """

    category = "document"
    example = {"xml_string": _XML}
    xml_string: Any = param(None, kind="text", help=_GIVEN)
    include_attributes: bool = prop(True, kind="boolean", help="Take attributes, too.")
    text_key: str = prop("#text", kind="string", help="Where text beside other things goes.")
    outputs = (Output("json_data", "DICT"), Output("json_string", "STRING"), _DONE)

    def run(self, ctx: Context) -> Outputs:
        root = document_of(ctx, self.xml_string)
        value = {root.tag: to_value(root, self.include_attributes, self.text_key or "#text")}
        return {"json_data": value, "json_string": to_json(value, 2, False, False), "success": True}


class JsonToXMLNode(Node):
    """Convert a value to XML text: a list repeats its tag, at the top it is a list of `item`."""

    category = "document"
    example = {"json_data": {"tea": [1, 2]}, "root_tag": "shop"}
    json_data: Any = param(
        None, kind="json", port_kind="ANY", required=True, help="A value or JSON text."
    )
    root_tag: str = prop("root", kind="string", help="The outermost tag.")
    pretty_print: bool = prop(True, kind="boolean", help="Indent it.")
    outputs = (Output("xml_string", "STRING"), _DONE)

    def run(self, ctx: Context) -> Outputs:
        value = parse_json(self.json_data, "json_data")
        root = to_element(self.root_tag or "root", value)
        return {"xml_string": to_text(root, self.pretty_print), "success": True}


class ReadXMLFileNode(FileNode):
    """Read and parse an XML file; the XML nodes behind it can work on it."""

    category = "document"
    example = {"file_path": "shop.xml"}
    file_path: str = param(None, kind="file_path", port_kind="STRING", required=True, help="It.")
    encoding: str = prop("utf-8", kind="string", help="How the text is encoded.")
    outputs = (Output("root_tag", "STRING"), Output("xml_string", "STRING"), _DONE)

    def work(self, ctx: Context) -> Outputs:
        with opened(existing_file(self.file(ctx, self.file_path))) as stream:
            raw = stream.read()
        # The mark and the declaration of a file say more than a default that nobody set.
        usual = self.encoding.lower().replace("_", "-") in ("", "utf-8", "utf8")
        root = parsed(raw if usual else raw.decode(self.encoding))
        remember(ctx, root)
        return {"root_tag": root.tag, "xml_string": to_text(root, False), "success": True}


class WriteXMLFileNode(FileNode):
    """Check XML text and write it to a file, which is replaced at once."""

    category = "document"
    example = {"file_path": "out/shop.xml", "xml_string": _XML}
    side_effect = True
    file_path: str = param(None, kind="file_path", port_kind="STRING", required=True, help="It.")
    xml_string: Any = param(None, kind="text", required=True, help="XML text.")
    encoding: str = prop("utf-8", kind="string", help="How to encode the text.")
    pretty_print: bool = prop(True, kind="boolean", help="Indent it.")
    xml_declaration: bool = prop(True, kind="boolean", help="Begin with `<?xml ...?>`.")
    outputs = (Output("file_path", "STRING"), _DONE)

    def work(self, ctx: Context) -> Outputs:
        encoding = _codec(self.encoding or "utf-8")
        text = to_text(parsed(as_text(self.xml_string).strip()), self.pretty_print)
        if self.xml_declaration:
            text = f"<?xml version='1.0' encoding='{encoding}'?>\n{text}"
        path = self.file(ctx, self.file_path)
        make_parent(path, wanted=True)
        with replacing(path) as stream:
            stream.write(text.encode(encoding, "xmlcharrefreplace"))
        return {"file_path": str(path), "success": True}


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise NodeError(f"unknown encoding: {name}", ErrorCode.INVALID_INPUT) from None
