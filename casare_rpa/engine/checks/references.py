"""Placeholders that nothing will fill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from casare_rpa.domain.workflow import Findings, NodeSpec
from casare_rpa.engine.checks.view import NodeView, View, closest, listed, texts
from casare_rpa.engine.language.placeholders import SYSTEM_NAMES, Reference, compile_text
from casare_rpa.engine.planning.parameters import spellings

#: Keys of parameters whose text is the name of a variable that the node sets.
_NAMES_A_VARIABLE = re.compile(r"(^|_)var(iable)?(_name)?$|^(port_name|store_as|save_to)$")
_FROM_STORE = "$secret:"


def check(view: View, findings: Findings) -> None:
    """Note every `{{name}}` that is no variable, output or system name."""
    names = _Names(view)
    for spec in view.parsed.workflow.nodes:
        config = {key: value for key, value in spec.config.items() if key not in _own(spec, view)}
        for _, place, text in texts(config, view.place(spec, "config")):
            if "{{" in text:
                for reference in compile_text(text).references:
                    _check_one(reference, spec, place, names, findings)


def _own(spec: NodeSpec, view: View) -> set[str]:
    """Keys whose text the node reads by itself, with names of its own such as `item`."""
    node = view.by_id.get(spec.node_id)
    if node is None:
        return set()
    params = node.cls.params.values()
    return {
        key for p in params if p.raw or p.name in node.cls.beyond_limits for key in spellings(p)
    }


class _Names:
    """What placeholders may begin with. `any_more`: a run may set others, not known before."""

    def __init__(self, view: View) -> None:
        workflow = view.parsed.workflow
        self.nodes = view.by_id
        self.node_ids = frozenset(view.parsed.node_places)
        self.variables = {variable.name for variable in workflow.variables}
        self.variables |= set(_declared_inputs(workflow.extra))
        self.any_more = False
        for spec in workflow.nodes:
            for name in _set_by(spec, view.by_id.get(spec.node_id)):
                if "{{" in name:
                    self.any_more = True
                self.variables.add(name)

    def knows(self, reference: Reference) -> bool:
        first = reference.first
        return (
            reference.path in self.variables
            or first in self.variables
            or first in self.node_ids
            or first.startswith("_")
            or (first == "env" and reference.port is not None)
        )


def _declared_inputs(extra: Mapping[str, object]) -> Iterator[str]:
    """The inputs and parameters of a subflow file, which its caller sets."""
    for key in ("inputs", "parameters"):
        entries = extra.get(key)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                yield entry["name"]


def _set_by(spec: NodeSpec, node: NodeView | None) -> Iterator[str]:
    """The variables that a node sets."""
    config = dict(spec.config)
    if node is not None:
        config = {p.key: p.default for p in node.cls.params.values()} | config
    for key, value in config.items():
        if _NAMES_A_VARIABLE.search(key) and isinstance(value, str) and value:
            yield value
            if node is not None and node.cls.control == "for":
                yield from (f"{value}_index", f"{value}_key")
    if node is not None and node.cls.control == "each":
        yield from ("item", "index")


def _check_one(
    reference: Reference, spec: NodeSpec, place: str, names: _Names, findings: Findings
) -> None:
    if not reference.warns:
        return  # ${HOME} and %TEMP% are the shell's own words, too
    if reference.path.startswith("$"):
        _check_system_name(reference, spec, place, findings)
    elif not names.knows(reference):
        if not names.any_more:
            _note_unknown(reference, spec, place, names, findings)
    elif reference.first not in names.variables and reference.first in names.nodes:
        _check_output(reference, names.nodes[reference.first], spec, place, findings)


def _check_system_name(
    reference: Reference, spec: NodeSpec, place: str, findings: Findings
) -> None:
    if reference.path.startswith(_FROM_STORE) or reference.path in SYSTEM_NAMES:
        return
    near = closest(reference.path, set(SYSTEM_NAMES))
    findings.warn(
        "UNRESOLVED_NAME",
        f"node {spec.node_id!r}: {reference.written} is no system name and stays as it is written",
        place,
        node_id=spec.node_id,
        hint=f"did you mean {near}?" if near else f"there are {listed(set(SYSTEM_NAMES))}",
    )


def _note_unknown(
    reference: Reference, spec: NodeSpec, place: str, names: _Names, findings: Findings
) -> None:
    name = reference.first
    near = closest(name, names.variables | names.node_ids)
    declare = f"declare {name!r} under variables, or give it with --input {name}=..."
    findings.warn(
        "UNRESOLVED_NAME",
        f"node {spec.node_id!r}: {reference.written}: there is no variable and no node {name!r}",
        place,
        node_id=spec.node_id,
        hint=f"did you mean {near}? else {declare}" if near else declare,
    )


def _check_output(
    reference: Reference, source: NodeView, spec: NodeSpec, place: str, findings: Findings
) -> None:
    port, known = reference.port, source.outputs
    if port is None or known is None or port in known:
        return
    near = closest(port, known)
    there_are = f"it has {listed(known)}" if known else "it has none"
    findings.warn(
        "UNKNOWN_OUTPUT",
        f"node {spec.node_id!r}: {reference.written}: node {source.id!r} ({source.cls.type})"
        f" has no output {port!r}",
        place,
        node_id=spec.node_id,
        hint=f"did you mean {near}?" if near else there_are,
    )
