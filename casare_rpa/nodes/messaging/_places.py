"""Places on earth, in degrees."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError, param
from casare_rpa.nodes.values.reading import as_number

_NORTH, _EAST = 90.0, 180.0


def latitude_param() -> Any:
    return param(
        0.0, kind="float", required=True, minimum=-_NORTH, maximum=_NORTH, help="Degrees north."
    )


def longitude_param() -> Any:
    return param(
        0.0, kind="float", required=True, minimum=-_EAST, maximum=_EAST, help="Degrees east."
    )


def latitude_of(value: Any) -> float:
    """Degrees from -90 to 90. Raises NodeError."""
    return _degrees(value, "latitude", _NORTH)


def longitude_of(value: Any) -> float:
    """Degrees from -180 to 180. Raises NodeError."""
    return _degrees(value, "longitude", _EAST)


def _degrees(value: Any, name: str, most: float) -> float:
    found = float(as_number(value, name))
    if not -most <= found <= most:
        raise NodeError(
            f"{name} must be from {-most:g} to {most:g}, not {found:g}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return found
