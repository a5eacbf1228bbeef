"""The fields of a form: how they are written, and how each is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.dialogs._choosing import chosen
from casare_rpa.nodes.dialogs._dialog import Asking, is_yes
from casare_rpa.nodes.values.reading import as_int, as_list, as_number, as_text, shown

#: The words of files for the kinds of fields; what is none of them is a text.
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("int", "integer"), "integer"),
    **dict.fromkeys(("number", "float", "decimal"), "number"),
    **dict.fromkeys(("bool", "boolean", "checkbox", "check", "switch", "toggle"), "boolean"),
    **dict.fromkeys(("choice", "select", "dropdown", "combo", "combobox", "radio"), "choice"),
    **dict.fromkeys(("password", "secret"), "password"),
}
_NAMES = ("name", "id", "key", "label")
_DEFAULTS = ("default", "default_value", "value")
_CHOICES = ("options", "choices", "items", "values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that a form asks for."""

    name: str
    label: str
    kind: str
    default: Any
    is_required: bool
    choices: Sequence[Any]


def fields_of(ctx: Context, given: Any, parameter: str) -> list[Field]:
    """The fields that a list of maps, or of names, describes. Raises NodeError."""
    if given is None or given == "":
        return []
    listed = as_list(ctx, given, parameter)
    found = [_field(item, f"{parameter}[{i}]") for i, item in enumerate(listed)]
    names = [field.name for field in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise NodeError(f"{parameter}: two fields are called {twice!r}", ErrorCode.DUPLICATE_VALUE)
    return found


async def filled_in(asking: Asking, field: Field, before: Any = None) -> Any:
    """What the person says to a field; *before* is what they said last time. Raises Left."""
    default = field.default if before is None else before
    while True:
        value = await _ask(asking, field, default)
        if value not in (None, "") or not field.is_required:
            return value
        asking.show(f"{field.label}: it cannot be left out. Ctrl-D leaves the form.")


async def _ask(asking: Asking, field: Field, default: Any) -> Any:
    text = as_text(default)
    match field.kind:
        case "boolean":
            return await asking.yes(field.label, default=_truth(default))
        case "choice":
            return await _choice(asking, field, default)
        case "password":
            return await asking.secret(field.label, text, optional=True)
        case "integer":
            return await asking.read(
                field.label, text, lambda answer: as_int(answer, field.label), optional=True
            )
        case "number":
            return await asking.read(
                field.label, text, lambda answer: as_number(answer, field.label), optional=True
            )
    return await asking.text(field.label, text, optional=True)


async def _choice(asking: Asking, field: Field, default: Any) -> Any:
    labels = [as_text(choice) for choice in field.choices]
    asking.show(f"{field.label}:")
    known = [i for i, label in enumerate(labels) if default is not None and label == str(default)]
    (index,) = await chosen(asking, labels, many=False, searchable=True, default=known)
    return field.choices[index]


def _field(item: Any, place: str) -> Field:
    about = {"name": item} if isinstance(item, str) else item
    if not isinstance(about, Mapping):
        raise NodeError(f"{place}: {shown(item)} is no field: give a map", ErrorCode.TYPE_MISMATCH)
    name = as_text(_first(about, _NAMES)).strip()
    if not name:
        raise NodeError(f"{place} has no name", ErrorCode.MISSING_REQUIRED_FIELD)
    choices = _first(about, _CHOICES) or ()
    kind = _KINDS.get(as_text(about.get("type")).strip().lower(), "text")
    if kind == "choice" and not (isinstance(choices, (list, tuple)) and choices):
        raise NodeError(f"{place}: {name} has no options", ErrorCode.MISSING_REQUIRED_FIELD)
    return Field(
        name=name,
        label=" ".join((as_text(about.get("label")) or name).split()).removesuffix(":"),
        kind=kind,
        default=_first(about, _DEFAULTS),
        is_required=about.get("required") is True,
        choices=choices,
    )


def _first(about: Mapping[Any, Any], keys: Sequence[str]) -> Any:
    return next((about[key] for key in keys if about.get(key) is not None), None)


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return value.strip().lower() in ("true", "1", "on") or is_yes(value)
        except NodeError:
            return False
    return bool(value)
