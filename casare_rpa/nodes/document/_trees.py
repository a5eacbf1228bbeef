"""XML text to elements, elements to plain values, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.values.reading import as_text

Element = ElementTree.Element

#: The document that the last node parsed, for those that are given none.
_LAST = "xml_root"
_NOT_IN_TAGS = re.compile(r"[^\w.-]")


#: An element takes several times its text, and those that nest are walked by recursion.
_MAX_LENGTH = 100 << 20
_MAX_DEPTH = 200


def parsed(text: str | bytes) -> Element:
    """The root element. Entities are refused: their expansion has no bound.

    So is what is longer than 100 MiB, or nested deeper than 200 elements.
    """
    if len(text) > _MAX_LENGTH:
        raise NodeError(f"the XML is longer than {_MAX_LENGTH} bytes", ErrorCode.RESOURCE_EXHAUSTED)
    check = expat.ParserCreate()
    check.EntityDeclHandler = _refuse
    try:
        # In any encoding, and before the first use of what is declared.
        check.Parse(text, True)
        root = ElementTree.fromstring(text)  # noqa: S314 - a document with entities came no further
    except (expat.ExpatError, ElementTree.ParseError, ValueError) as error:
        raise NodeError(f"not XML: {error}", ErrorCode.PARSE_ERROR, business=True) from error
    _check_depth(root)
    return root


def _check_depth(root: Element) -> None:
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise NodeError(
        f"the XML is nested deeper than {_MAX_DEPTH} elements", ErrorCode.RESOURCE_EXHAUSTED
    )


def _refuse(*_declared: Any) -> None:
    raise NodeError("the XML declares entities, which are refused", ErrorCode.PARSE_ERROR)


def document_of(ctx: Context, text: Any) -> Element:
    """The root of *text*, without any that of the document parsed last."""
    if text is None or not as_text(text).strip():
        found = ctx.resources.get(_LAST)
        if found is None:
            raise NodeError(
                "'xml_string' has no value, and no node has parsed a document before",
                ErrorCode.MISSING_REQUIRED_FIELD,
            )
        root: Element = found
        return root
    return parsed(as_text(text).strip())


def remember(ctx: Context, root: Element) -> None:
    ctx.resources[_LAST] = root


def find_all(root: Element, path: str) -> list[Element]:
    """The elements at *path*: XPath as far as ElementTree has it, also from the root down."""
    written = path.strip()
    path = written.removesuffix("/text()")
    if path.startswith("//"):
        path = f".{path}"
    elif path.startswith("/"):
        first, _, rest = path[1:].partition("/")
        if first.partition("[")[0] not in (root.tag, "*"):
            return []
        path = f"./{rest}" if rest else "."
    try:
        # findall leaves out the element it starts from, `//book` does not.
        itself = [root] if path == f".//{root.tag}" else []
        return itself + root.findall(path or ".")
    except (SyntaxError, KeyError, TypeError) as error:
        raise NodeError(
            f"{written!r} is no path to elements: {error}",
            ErrorCode.INVALID_INPUT,
            hint="of XPath there are steps, * and [...] with @attribute, tag, position or text",
        ) from error


def text_of(element: Element) -> str:
    return (element.text or "").strip()


def to_value(element: Element, attributes: bool, text_key: str) -> Any:
    """Attributes under `@attributes`, children by tag; an element of text alone is its text."""
    found: dict[str, Any] = {}
    if attributes and element.attrib:
        found["@attributes"] = dict(element.attrib)
    for child in element:
        value = to_value(child, attributes, text_key)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], _Repeated):
            found[child.tag].append(value)
        else:
            found[child.tag] = _Repeated((found[child.tag], value))
    text = text_of(element)
    if not found:
        return text
    if text:
        found[text_key] = text
    return {key: list(v) if isinstance(v, _Repeated) else v for key, v in found.items()}


class _Repeated(list[Any]):
    """The values of a tag that is there more than once."""


def to_element(tag: str, value: Any) -> Element:
    """A list repeats its tag, at the top `item`; the inverse of `to_value` otherwise."""
    element = Element(_tag(tag))
    if isinstance(value, (list, tuple)):
        element.extend(to_element("item", item) for item in value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _add(element, str(key), inner)
    else:
        element.text = _plain(value)
    return element


def _add(element: Element, key: str, value: Any) -> None:
    if key == "@attributes" and isinstance(value, Mapping):
        element.attrib.update({_tag(str(k)): _plain(v) for k, v in value.items()})
    elif key == "#text":
        element.text = _plain(value)
    elif isinstance(value, (list, tuple)):
        element.extend(to_element(key, item) for item in value)
    else:
        element.append(to_element(key, value))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else as_text(value)


def _tag(name: str) -> str:
    tag = _NOT_IN_TAGS.sub("_", name)
    return tag if tag and (tag[0].isalpha() or tag[0] == "_") else f"_{tag}"


def to_text(root: Element, pretty: bool) -> str:
    if pretty:
        ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")
