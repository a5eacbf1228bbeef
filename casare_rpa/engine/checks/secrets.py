"""Secrets in plain text: by the name of their key, or by a shape that only keys have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from casare_rpa.domain.workflow import Findings, Variable
from casare_rpa.domain.workflow.positions import pointer
from casare_rpa.engine.checks.view import View, is_literal, texts

_KEYS = re.compile(
    r"(^|[_.-])(pass(word|wd|phrase)|pwd|(client|jwt|shared|webhook)?_?secret|credentials?"
    r"|(api|access|account|private|secret|signing|subscription)[_-]?key"
    r"|((access|refresh|bot|auth|bearer|verify|id|session|api)[_-]?)?token"
    r"|authorization|auth_header_value)$",
    re.IGNORECASE,
)
#: What is no secret though its key ends like one.
_NOT_KEYS = re.compile(r"(^|_)(page|next_page|sync|csrf)_?token$|^credential$", re.IGNORECASE)
_SHAPES = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a Stripe key": r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{8,}",
    "a GitHub token": r"\b(?:gh[opsur]_[0-9A-Za-z]{16,}|github_pat_[0-9A-Za-z_]{20,})",
    "a GitLab token": r"\bglpat-[\w-]{16,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "an API key": r"\bsk-(?:[a-z]+-)*[0-9A-Za-z_-]{20,}",
    "a signed token (JWT)": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "an Authorization header": r"\b(?:Bearer|Basic)\s+(?!\{\{)[0-9A-Za-z._~+/=-]{12,}",
    "a password in an address": r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}]*:(?!\{\{)[^\s/@{}]+@",
    "a password in a connection string": r"\b(?i:password|pwd)\s*=\s*(?![{%$\s'\"])[^;\s'\"]{3,}",
}
_SHAPE = re.compile("|".join(f"(?P<s{i}>{shape})" for i, shape in enumerate(_SHAPES.values())))
_NAMES = tuple(_SHAPES)


def check(view: View, findings: Findings) -> None:
    """Note every secret that is written where anyone who reads the file sees it."""
    for spec in view.parsed.workflow.nodes:
        for where, key, what in _found(spec.config, view.place(spec, "config")):
            message = f"node {spec.node_id!r}: {key!r} holds {what} in plain text"
            _note(findings, message, where, key, spec.node_id)
    for variable in view.parsed.workflow.variables:
        what_is_it = _in_variable(variable)
        if what_is_it is not None:
            message = f"the variable {variable.name!r} holds {what_is_it} in plain text"
            place = pointer(view.parsed.base, "variables", variable.name)
            _note(findings, message, place, variable.name, None)


def _found(config: object, place: str) -> Iterator[tuple[str, str, str]]:
    """Pointer, key and kind of each secret."""
    for key, where, text in texts(config, place):
        what = _kind_of(key, text)
        if what is not None:
            yield where, key or where.rpartition("/")[2], what


def _in_variable(variable: Variable) -> str | None:
    for key, _, text in texts({variable.name: variable.value}, ""):
        what = _kind_of(key, text)
        if what is not None:
            return what
        if variable.sensitive and text.strip():
            return "a sensitive value"
    return None


def _kind_of(key: str, text: str) -> str | None:
    found = _SHAPE.search(text)
    if found is not None:
        return _NAMES[int((found.lastgroup or "s0")[1:])]
    if not _KEYS.search(key) or _NOT_KEYS.search(key) or not text.strip():
        return None
    # A placeholder is the way out, whatever it stands for.
    return "a secret" if is_literal(text) else None


def _note(findings: Findings, message: str, place: str, key: str, node_id: str | None) -> None:
    name = re.sub(r"\W+", "_", key).strip("_").upper() or "NAME"
    findings.warn(
        "PLAIN_TEXT_SECRET",
        message,
        place,
        node_id=node_id,
        hint=f"casare-rpa secrets set {name}, and write {{{{$secret:{name}}}}} here",
    )
