"""Checking what was extracted from a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param
from casare_rpa.nodes.utility._moments import read_moment
from casare_rpa.nodes.utility.check import RULES, Rule
from casare_rpa.nodes.values.reading import (
    MISSING,
    as_list,
    as_map,
    as_number,
    as_text,
    number_or_none,
    shown,
    walk,
)


def _is_date(ctx: Context, value: Any, parameter: Any) -> bool:
    try:
        read_moment(value, "date", parameter or "")
    except NodeError:
        return False
    return True


_RULES: Mapping[str, Rule] = {**RULES, "is_date": _is_date}
#: Short names of rules.
_SHORT = {
    **{"pattern": "matches_regex", "regex": "matches_regex", "min": "min_value"},
    **{"max": "max_value", "choices": "in_list", "enum": "in_list"},
}
#: Where the nodes that extract put the fields that they found.
_FIELDS = ("fields", "extracted_fields")


class ValidateExtractionNode(Node):
    """Check extracted data: are the fields there, do they keep the rules, how sure are they.

    A field is a value, or a map of its `value` and its `confidence`; fields may also stand below
    `fields` or `extracted_fields`, and a name may be a path (`vendor.name`).

    `validation_rules` has for each field the name of a rule or a map of rules:
    `{"total": {"type": "number", "min": 0}, "mail": "email"}`. The rules are those of ValidateNode
    (`not_empty`, `matches_regex`, `min_value`, ...) and `is_date`; `number` and `type` stand for
    `is_number` and the like, `pattern`, `min`, `max` and `choices` for `matches_regex`,
    `min_value`, `max_value` and `in_list`. A field that is not required is checked if it is there.

    `confidence_score` is the `confidence` of the whole, else the mean of the fields', else the
    share of fields that are valid. `needs_review` is true for invalid data and for a score below
    the threshold. `field_status` says of each field valid, missing, invalid or low_confidence;
    a field that is neither required nor there is left out.
    """

    category = "document"
    example = {
        "extraction": {"total": {"value": 99.5, "confidence": 0.93}, "mail": "ada@example.org"},
        "required_fields": ["total"],
        "validation_rules": {"total": {"type": "number", "min": 0}, "mail": "email"},
    }
    extraction: Json = param(
        None, kind="json", port_kind="DICT", required=True, help="The extracted data."
    )
    required_fields: Json = param(
        None, kind="list", required=True, help="Names of fields that must be there."
    )
    confidence_threshold: Any = param(0.8, kind="float", help="A lower confidence needs a review.")
    validation_rules: Json = param(None, kind="json", port_kind="DICT", help="Rules by field.")
    outputs = (
        Output("is_valid", "BOOLEAN"),
        Output("needs_review", "BOOLEAN"),
        Output("confidence_score", "FLOAT"),
        Output("validation_errors", "LIST"),
        Output("field_status", "DICT"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    def run(self, ctx: Context) -> Outputs:
        given = as_map(ctx, self.extraction, "extraction")
        required = [as_text(name) for name in as_list(ctx, self.required_fields, "required_fields")]
        rules = as_map(ctx, self.validation_rules or {}, "validation_rules")
        threshold = as_number(self.confidence_threshold, "confidence_threshold")
        fields = [
            field
            for name in dict.fromkeys([*required, *map(str, rules)])
            if (field := _checked(ctx, given, name, rules.get(name), name in required))
        ]
        errors = [fault for field in fields for fault in field.faults]
        low = [f.name for f in fields if f.confidence is not None and f.confidence < threshold]
        score = _score(given, fields)
        return {
            "is_valid": not errors,
            "needs_review": bool(errors or low) or score < threshold,
            "confidence_score": round(score, 4),
            "validation_errors": errors,
            "field_status": {f.name: _status(f, f.name in low) for f in fields},
            "success": True,
            "error": "",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    is_there: bool
    faults: list[str]
    confidence: float | None


def _checked(
    ctx: Context, given: Mapping[str, Any], name: str, rules: Any, required: bool
) -> _Field | None:
    """A field with its faults; None if it is not there and need not be."""
    value, confidence = _value(given, name)
    checks = dict(_checks(name, rules))
    if value is not MISSING and RULES["not_empty"](ctx, value, None):
        faults = list(_faults(ctx, name, value, checks))
        return _Field(name=name, is_there=True, faults=faults, confidence=confidence)
    if required or "not_empty" in checks:
        return _Field(name=name, is_there=False, faults=[f"{name} is missing"], confidence=None)
    return None


def _status(field: _Field, low: bool) -> str:
    if field.faults:
        return "invalid" if field.is_there else "missing"
    return "low_confidence" if low else "valid"


def _value(given: Mapping[str, Any], name: str) -> tuple[Any, float | None]:
    """The value of a field, MISSING if there is none, and its confidence if it has one."""
    places = [given, *(given[key] for key in _FIELDS if isinstance(given.get(key), Mapping))]
    for place in places:
        value = place[name] if name in place else walk(place, name)
        if value is MISSING:
            continue
        if isinstance(value, Mapping) and "value" in value:
            confidence = number_or_none(value.get("confidence"))
            return value["value"], None if confidence is None else float(confidence)
        return value, None
    return MISSING, None


def _faults(ctx: Context, name: str, value: Any, checks: Mapping[str, Any]) -> Iterator[str]:
    for rule, parameter in checks.items():
        if not _RULES[rule](ctx, value, parameter):
            about = "" if parameter is None else f" {shown(parameter)}"
            yield f"{name}: {shown(value)} does not keep the rule {rule}{about}"


def _checks(name: str, rules: Any) -> Iterator[tuple[str, Any]]:
    """The rules of a field by their full names, with their parameters."""
    if rules is None:
        return
    if isinstance(rules, str):
        rules = {"type": rules}
    if not isinstance(rules, Mapping):
        raise NodeError(
            f"validation_rules: {name} must have a rule or a map of rules, not {shown(rules)}",
            ErrorCode.TYPE_MISMATCH,
        )
    for key, parameter in rules.items():
        if key == "type":
            yield _known(as_text(parameter)), None
        elif parameter is not False:
            rule = "not_empty" if key == "required" else _known(str(key))
            yield rule, None if parameter is True else parameter


def _known(name: str) -> str:
    wanted = name.strip().lower()
    for full in (wanted, f"is_{wanted}", _SHORT.get(wanted, "")):
        if full in _RULES:
            return full
    raise NodeError(
        f"validation_rules: there is no rule {name!r}; there are {', '.join(_RULES)}",
        ErrorCode.INVALID_INPUT,
    )


def _score(given: Mapping[str, Any], fields: Sequence[_Field]) -> float:
    whole = number_or_none(given.get("confidence"))
    if whole is not None:
        return float(whole)
    if sure := [field.confidence for field in fields if field.confidence is not None]:
        return sum(sure) / len(sure)
    return sum(not field.faults for field in fields) / len(fields) if fields else 1.0
