"""Text on one line of a terminal, measured by the cells that it takes there."""

from __future__ import annotations

from casare_rpa.unsafe_text import escape

_LINE_ENDS = "\n\t\u2028\u2029"
_SHOWN = str.maketrans({end: repr(end)[1:-1] for end in _LINE_ENDS})
_CUT = "…"


def one_line(text: str) -> str:
    """*text* with line ends and control characters made visible, so that it is no two lines."""
    if any(end in text for end in _LINE_ENDS):
        text = text.replace("\\", "\\\\").translate(_SHOWN)
    return escape(text)


def cells(text: str) -> int:
    """How many columns a line takes: a wide character two, one that combines none."""
    from rich.cells import cell_len  # noqa: PLC0415 - start-up and the catalogue need no rich

    return cell_len(text)


def fitted(text: str, room: int) -> str:
    """A line that takes at most *room* columns; what is cut off leaves an ellipsis."""
    from rich.cells import set_cell_size  # noqa: PLC0415

    return text if cells(text) <= room else set_cell_size(text, max(0, room - 1)).rstrip() + _CUT


def padded(text: str, width: int) -> str:
    """A line that takes at least *width* columns."""
    return text + " " * (width - cells(text))
