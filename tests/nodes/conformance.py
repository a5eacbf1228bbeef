"""How a node class differs from what the format declares of its type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from casare_rpa.nodes.base import NodeType, Param
from casare_rpa.nodes.catalogue import Entry, Property
from casare_rpa.nodes.docs import port_kind

Difference = tuple[str, str]
_ATTRIBUTES = ("kind", "default", "choices", "minimum", "maximum", "required")


def differences(cls: NodeType, entry: Entry) -> Iterator[Difference]:
    """Pairs of a field's name and a sentence on how it differs."""
    yield from _unequal("category", entry.category, cls.category)
    yield from _unequal("runs_on", entry.runs_on, cls.runs_on)
    yield from _unequal("aliases", set(entry.aliases), set(cls.aliases) - _former_names(entry))
    yield from _unequal("exec_inputs", entry.exec_inputs, cls.exec_inputs)
    yield from _unequal("exec_outputs", entry.exec_outputs, cls.exec_outputs)
    params = {item.key: item for item in cls.params.values()}
    yield from _properties(params, entry)
    yield from _inputs(params, entry)
    yield from _outputs(cls, entry)
    yield from _aliases(params, cls, entry)


def _properties(params: Mapping[str, Param], entry: Entry) -> Iterator[Difference]:
    for name, declared in entry.properties.items():
        if name not in params:
            yield f"property {name}", "is missing"
        else:
            yield from _property(params[name], declared)
    known = entry.properties.keys() | entry.extra_config.keys()
    for item in params.values():
        if item.property and item.key not in known and not _is_port(item, entry):
            yield f"property {item.key}", "is not declared by the format"


def _property(item: Param, declared: Property) -> Iterator[Difference]:
    if not item.property:
        yield f"property {item.key}", "is declared as a port alone"
    for attribute in _ATTRIBUTES:
        wanted, got = getattr(declared, attribute), getattr(item, attribute)
        yield from _unequal(f"property {item.key}.{attribute}", wanted, got)


def _inputs(params: Mapping[str, Param], entry: Entry) -> Iterator[Difference]:
    for name, kind in entry.inputs.items():
        item = params.get(name)
        if item is None or not item.input:
            yield f"input {name}", "is missing"
        elif port_kind(item) != kind and kind not in _action_ports(entry).get(name, ()):
            yield f"input {name}.kind", f"is {port_kind(item)}, not {kind}"
    for name in _action_ports(entry):
        if name not in params:
            yield f"input {name}", "is missing"
    for item in params.values():
        if item.input and not _is_port(item, entry):
            yield f"input {item.key}", "is not declared by the format"


def _outputs(cls: NodeType, entry: Entry) -> Iterator[Difference]:
    got = {output.name: output.kind for output in cls.outputs}
    of_actions = _by_name(action.outputs for action in entry.actions.values())
    for name, kind in entry.outputs.items():
        if name not in got:
            yield f"output {name}", "is missing"
        elif got[name] != kind and got[name] not in of_actions.get(name, ()):
            yield f"output {name}.kind", f"is {got[name]}, not {kind}"
    # The outputs of an action need no declaration: a node fills what its action has.
    for name in sorted(got.keys() - {*entry.outputs, *entry.extra_outputs, *of_actions}):
        yield f"output {name}", "is not declared by the format"


def _aliases(params: Mapping[str, Param], cls: NodeType, entry: Entry) -> Iterator[Difference]:
    for alias, target in entry.config_aliases.items():
        if target is None or alias == target or alias in params:
            continue
        if target not in params or alias not in params[target].aliases:
            yield f"config alias {alias}", f"is not read as {target}"
    for alias, target in entry.output_aliases.items():
        port = target.partition(" ")[0]
        if not any(o.name == port and alias in o.aliases for o in cls.outputs):
            yield f"output alias {alias}", f"is not read as {target}"


def _is_port(item: Param, entry: Entry) -> bool:
    return item.key in entry.inputs or item.key in _action_ports(entry)


def _action_ports(entry: Entry) -> dict[str, set[str]]:
    """The inputs of all actions, each with the kinds that it has in them."""
    return _by_name(action.inputs for action in entry.actions.values())


def _by_name(ports: Iterable[Mapping[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for group in ports:
        for name, kind in group.items():
            found.setdefault(name, set()).add(kind)
    return found


def _former_names(entry: Entry) -> set[str]:
    if entry.type != "HttpRequestNode":
        return set()
    return {f"Http{verb}Node" for verb in ("Get", "Post", "Put", "Patch", "Delete")}


def _unequal(field: str, wanted: Any, got: Any) -> Iterator[Difference]:
    if wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
        yield field, f"is {got!r}, not {wanted!r}"
