"""How elements are named: CSS, XPath (`//a`, `xpath=//a`), `text=Sign in`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.values.reading import as_text

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

_XPATH = re.compile(r"\(*(?:\.{0,2}/)")
#: Where an element lies from its anchor, in the words of the selector engine.
_PLACES = {
    **{"near": "near", "left": "left-of", "right": "right-of", "above": "above", "below": "below"},
    **{"left-of": "left-of", "right-of": "right-of", "inside": ""},
}


def engine_selector(value: Any, name: str = "selector") -> str:
    """The selector that a parameter holds, as the driver reads it. NodeError for an empty one."""
    text = as_text(value).strip()
    if not text:
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return f"xpath={text}" if _XPATH.match(text) else text


def locate(page: Page, selector: Any, *, strict: bool = True, anchor: Any = None) -> Locator:
    """The element that *selector* names, the first of several unless *strict*."""
    found = engine_selector(selector)
    place, beside = _anchor(anchor)
    if place == "inside":
        located = page.locator(beside).locator(found)
    elif place:
        if found.startswith(("xpath=", "text=")):
            raise NodeError(
                "anchor_config needs a CSS selector beside it", ErrorCode.SELECTOR_INVALID
            )
        located = page.locator(f"{found}:{_PLACES[place]}({beside})")
    else:
        located = page.locator(found)
    return located if strict else located.first


def _anchor(value: Any) -> tuple[str, str]:
    """Where an element is looked for (`""`: anywhere), and the selector of what it is beside."""
    if isinstance(value, str):
        if not value.strip():
            return "", ""
        try:
            value = json.loads(value)
        except ValueError as error:
            raise NodeError(f"anchor_config is not JSON: {error}", ErrorCode.PARSE_ERROR) from None
    if not value:
        return "", ""
    if not isinstance(value, Mapping):
        raise NodeError("anchor_config must be a map", ErrorCode.TYPE_MISMATCH)
    place = as_text(value.get("position") or "near").strip().lower().replace("_", "-")
    if place not in _PLACES:
        raise NodeError(
            f"anchor_config: no position {place!r}; there are {', '.join(_PLACES)}",
            ErrorCode.INVALID_INPUT,
        )
    if text := as_text(value.get("text")).strip():
        return place, f":text({json.dumps(text, ensure_ascii=False)})"
    return place, engine_selector(value.get("selector"), "anchor_config.selector")
