"""A dialog for colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError, Output, Outputs, prop
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left
from casare_rpa.nodes.values.reading import as_text

#: The sixteen names that HTML 4 gave to colours.
_NAMED: Final[Mapping[str, str]] = {
    "black": "000000",
    "silver": "c0c0c0",
    "gray": "808080",
    "white": "ffffff",
    "maroon": "800000",
    "red": "ff0000",
    "purple": "800080",
    "fuchsia": "ff00ff",
    "green": "008000",
    "lime": "00ff00",
    "olive": "808000",
    "yellow": "ffff00",
    "navy": "000080",
    "blue": "0000ff",
    "teal": "008080",
    "aqua": "00ffff",
}
_HEX = re.compile(r"#?(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})")
_OPAQUE = "ff"


class ColorPickerDialogNode(DialogNode):
    """Ask a person for a colour.

    It is typed as `#ff8800`, `#f80`, `255,136,0` or one of HTML's sixteen names; with `show_alpha`
    also as `#ff880080`. Enter alone takes `initial_color`. Without one, and with Ctrl-D, the dialog
    is cancelled: `selected` is false. `color` is `#rrggbb`, with `show_alpha` `#rrggbbaa`; `rgb`
    has `r`, `g`, `b`, then also `a`, from 0 to 255.
    """

    example = {"initial_color": "#ff8800"}
    title: str = prop("Select Color", kind="string", help="The headline.")
    initial_color: str = prop("#ffffff", kind="string", help="What Enter alone takes.")
    show_alpha: bool = prop(False, kind="boolean", help="Ask for the opacity as well.")
    outputs = (
        Output("color", "STRING"),
        Output("selected", "BOOLEAN"),
        Output("rgb", "DICT"),
    )

    async def ask(self, asking: Asking) -> Outputs:
        label = "Colour: #rrggbbaa, or a name" if self.show_alpha else "Colour: #rrggbb, or a name"
        found = await asking.read(label, as_text(self.initial_color).strip(), self._digits)
        if found is None:
            raise Left
        parts = {"r": found[:2], "g": found[2:4], "b": found[4:6], "a": found[6:]}
        rgb = {name: int(digits, 16) for name, digits in parts.items() if digits}
        return {"color": f"#{found}", "selected": True, "rgb": rgb}

    def left(self) -> Outputs:
        return {"color": "", "selected": False, "rgb": {}}

    def _digits(self, answer: str) -> str:
        """Six digits, with `show_alpha` eight."""
        found = _NAMED.get(answer.lower()) or _numbers(answer) or _hex(answer)
        if not found:
            raise NodeError(
                f"{answer} is not read: #ff8800, 255,136,0 or a name, please.",
                ErrorCode.INVALID_FORMAT,
            )
        if not self.show_alpha:
            return found[:6]
        return found if len(found) == 8 else found + _OPAQUE


def _hex(answer: str) -> str:
    if not _HEX.fullmatch(answer.lower()):
        return ""
    digits = answer.lower().removeprefix("#")
    return "".join(2 * digit for digit in digits) if len(digits) == 3 else digits


def _numbers(answer: str) -> str:
    parts = [part.strip() for part in answer.split(",")]
    if len(parts) not in (3, 4) or not all(part.isdecimal() for part in parts):
        return ""
    values = [int(part) for part in parts]
    return "".join(f"{value:02x}" for value in values) if max(values) < 256 else ""
