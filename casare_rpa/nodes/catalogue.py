"""Every node type that workflow files may name, and the classes that run them.

`catalogue.json` beside this file holds the facts of the format. It is read on first use; a class
is imported when it is asked for, and never by listing what the format knows.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from types import ModuleType, new_class
from typing import Any, NoReturn

from casare_rpa.domain.capabilities import IMPLEMENTED, MEANING
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes._facts import Action, Entry, Property, facts
from casare_rpa.nodes._homes import HOMES
from casare_rpa.nodes.base import Context, Node, NodeType, Output, Param
from casare_rpa.nodes.capabilities import required_by

__all__ = [
    "Action",
    "Entry",
    "NodeCatalogue",
    "NodeNotAvailable",
    "Property",
    "UnknownNodeType",
    "canonical",
    "class_of",
    "entries",
    "implemented",
    "item",
    "known_types",
    "lacks",
    "load_families",
    "node_class",
    "runnable_class",
    "schema",
    "stand_in",
    "summary",
]

#: Modules of the package that hold no nodes.
_NOT_FAMILIES = frozenset(
    {"base", "capabilities", "catalogue", "docs", "person", "snippets", "values"}
)
_PACKAGE = "casare_rpa.nodes"
#: Types that work on what is inside of windows.
_BY_UI_AUTOMATION = frozenset(
    {
        *("CaptureElementImageNode", "CheckCheckboxNode", "DesktopClickElementNode"),
        *("DesktopTypeTextNode", "DesktopWaitForElementNode", "ExpandTreeItemNode"),
        *("FindElementNode", "GetElementPropertyNode", "GetElementTextNode", "ScrollElementNode"),
        *("SelectFromDropdownNode", "SelectRadioButtonNode", "SelectTabNode"),
        *("VerifyElementExistsNode", "VerifyElementPropertyNode"),
    }
)

_JSON_TYPES: Mapping[str, str | list[str]] = {
    "boolean": "boolean",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "list": "array",
    "multi_choice": "array",
    "dict": "object",
    "json": ["object", "array", "string"],
}
_TEXT_KINDS = frozenset(
    {"string", "text", "code", "expression", "selector", "file_path", "directory_path", "choice"}
)


class UnknownNodeType(WorkflowInvalid):
    """No node of the format has that name; `details["closest"]` lists names like it."""

    code = "UNKNOWN_NODE_TYPE"


class NodeNotAvailable(WorkflowInvalid):
    """The format knows the type, this installation cannot run it.

    `details["requires"]` lists the capabilities it needs; empty: it is not part of this version.
    """

    code = "NODE_NOT_AVAILABLE"


def entries() -> Mapping[str, Entry]:
    """Every type of the format by its name, in the order of the file."""
    return facts().entries


def known_types() -> frozenset[str]:
    return frozenset(entries())


def canonical(name: str) -> str | None:
    """The type that *name* stands for, or None if nothing is called so."""
    if found := facts().names.get(name):
        return found
    cls = Node.registry.get(name)
    return cls.type if cls else None


def node_class(name: str) -> NodeType:
    """The class that runs the type *name*, which may be an alias.

    Raises UnknownNodeType or NodeNotAvailable, whose message says why.
    """
    cls = class_of(name)
    if cls is None:
        raise _why_not(name)
    return cls


def runnable_class(name: str) -> NodeType:
    """As node_class; NodeNotAvailable also if what the node needs is not on this machine."""
    cls = node_class(name)
    if error := lacks(cls):
        raise error
    return cls


def class_of(name: str) -> NodeType | None:
    """As `node_class`, or None."""
    found = canonical(name) or name
    if found not in Node.registry:
        _load(found)
    return Node.registry.get(found)


def _load(node_type: str) -> None:
    """Import the module that has *node_type*, or all where nobody knows which."""
    if home := HOMES.get(node_type):
        importlib.import_module(f"{_PACKAGE}.{home}")
    else:
        load_families()


@cache
def stand_in(name: str) -> NodeType:
    """The wiring of a type that cannot run here, for nodes that no run comes to.

    Raises UnknownNodeType.
    """
    if cls := class_of(name):
        return cls
    entry = entries().get(canonical(name) or name)
    if entry is None and name not in facts().former:
        raise _unknown(name)
    return new_class(name, (Node,), {"abstract": True}, partial(_stand_in, name, entry))


def _stand_in(name: str, entry: Entry | None, members: dict[str, Any]) -> None:
    def run(self: Node, ctx: Context) -> NoReturn:
        raise _why_not(name)

    members |= {"type": name, "takes_others": True, "run": run}
    if entry is not None:
        members["exec_inputs"], members["exec_outputs"] = entry.exec_inputs, entry.exec_outputs
        members["outputs"] = tuple(Output(output) for output in entry.outputs)


def lacks(cls: NodeType) -> NodeNotAvailable | None:
    """What *cls* needs and this installation has not, with the command that installs it."""
    absent = {extra for module, extra in cls.needs.items() if not _is_there(module)}
    if not absent:
        return _lacks_beyond_libraries(cls)
    extras = ",".join(sorted(absent))
    return NodeNotAvailable(
        f"{cls.type} needs the extra {extras!r}, which is not installed",
        hint=f"pip install 'casare-rpa[{extras}]'",
        details={"node_type": cls.type, "requires": [], "extras": sorted(absent)},
    )


def _lacks_beyond_libraries(cls: NodeType) -> NodeNotAvailable | None:
    found = cls.lacking()
    if found is None:
        return None
    what, mend = found
    return NodeNotAvailable(
        f"{cls.type} needs {what}",
        hint=mend,
        details={"node_type": cls.type, "requires": list(cls.requires), "extras": []},
    )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is absent
        return False


def implemented() -> frozenset[str]:
    """The types of the format that this version has classes for; their libraries may be absent."""
    load_families()
    return frozenset(t for t in entries() if _runs(t))


def item(node_type: str) -> dict[str, Any]:
    """One line of the list of nodes, as JSON. Raises UnknownNodeType."""
    entry = entries().get(canonical(node_type) or node_type)
    if entry is None:
        raise _why_not(node_type)
    cls = class_of(entry.type)
    error = lacks(cls) if cls else None
    return {
        "type": entry.type,
        "aliases": list(entry.aliases),
        "category": entry.category,
        "runs_on": cls.runs_on if cls else entry.runs_on,
        "implemented": cls is not None,
        "requires": sorted({*(cls.requires if cls else ()), *entry.requires}),
        "extras": sorted(set(cls.needs.values())) if cls else [],
        "missing_extras": error.details["extras"] if error else [],
        "summary": entry.summary,
    }


def schema(cls: NodeType) -> dict[str, Any]:
    """A JSON Schema of the config of *cls*, its placeholders resolved; other keys are ignored."""
    required = [p.key for p in cls.params.values() if p.required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": cls.type,
        "description": summary(cls),
        "type": "object",
        "properties": {p.key: _param_schema(p) for p in cls.params.values()},
        **({"required": required} if required else {}),
    }


def summary(cls: NodeType) -> str:
    """The first line of the help of *cls*."""
    return (cls.__doc__ or "").strip().partition("\n")[0]


@cache
def load_families() -> None:
    """Import every module of the package that holds nodes; cheap the second time."""
    for _ in _import_all(importlib.import_module(_PACKAGE)):
        pass


class NodeCatalogue:
    """What reading and checking a workflow document asks about node types."""

    def canonical(self, node_type: str) -> str | None:
        # A type of an earlier version that needs more than this one has is known, not misspelt.
        former = facts().former.get(node_type, "any")
        return canonical(node_type) or (node_type if former != "any" else None)

    def names(self) -> frozenset[str]:
        """Every type and alias, those of earlier versions of the format included."""
        return frozenset(facts().names)

    def exec_outputs(self, node_type: str, config: Mapping[str, Any]) -> frozenset[str] | None:
        """The execution outputs of a node so configured; None if they cannot be told."""
        if cls := class_of(node_type):
            return frozenset(cls.exec_outputs_for(config))
        entry = entries().get(canonical(node_type) or node_type)
        if entry is None or entry.dynamic_exec_outputs:
            return None
        return frozenset(entry.exec_outputs)

    def is_trigger(self, node_type: str) -> bool:
        """Whether the node starts a run when something happens outside."""
        entry = entries().get(canonical(node_type) or node_type)
        return entry is not None and entry.category == "triggers"


def _runs(node_type: str) -> bool:
    return (canonical(node_type) or node_type) in Node.registry


def _import_all(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__):
        if found.name in _NOT_FAMILIES or found.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        yield module
        if found.ispkg:
            yield from _import_all(module)


def _why_not(name: str) -> UnknownNodeType | NodeNotAvailable:
    known = facts()
    entry = known.entries.get(canonical(name) or name)
    if entry is None and name not in known.former:
        return _unknown(name)
    if entry and entry.abstract:
        return NodeNotAvailable(
            f"{name} is what the {entry.category} nodes have in common; it does nothing by itself",
            hint=f"place one of those: casare-rpa nodes list --category {entry.category}",
            details={"node_type": name, "requires": []},
        )
    capability = required_by(name)
    if name in _BY_UI_AUTOMATION:
        return NodeNotAvailable(
            f"{name} needs a robot with the capability {capability!r}: it finds what is inside of"
            " windows through Windows UI Automation, which this version does not have",
            hint="use the nodes that work by window, key and place: casare-rpa nodes list"
            " --category desktop --implemented",
            details={"node_type": name, "requires": [capability]},
        )
    if capability is not None and capability not in IMPLEMENTED:
        return NodeNotAvailable(
            f"{name} needs a robot with the capability {capability!r}"
            f" ({MEANING.get(capability, capability)}), which this version does not have",
            hint=f"run it on a robot that announces {capability!r} (casare-rpa robots list),"
            " or use a node that runs here (casare-rpa nodes list)",
            details={"node_type": name, "requires": [capability]},
        )
    return NodeNotAvailable(
        f"{name} is a known node type that this version does not implement",
        hint="casare-rpa nodes list",
        details={"node_type": name, "requires": [capability] if capability else []},
    )


def _unknown(name: str) -> UnknownNodeType:
    closest = _closest(name)
    return UnknownNodeType(
        f"no node type is called {name!r}",
        hint=f"did you mean {' or '.join(closest)}?" if closest else "casare-rpa nodes list",
        details={"node_type": name, "closest": closest},
    )


def _closest(name: str) -> list[str]:
    """At most three known names like *name*, letter case aside."""
    import difflib  # noqa: PLC0415 - slow to load, and only a misspelt name needs it

    known = {n.lower(): n for n in facts().names}
    return [known[n] for n in difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.75)]


def _param_schema(about: Param) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind = "string" if about.kind in _TEXT_KINDS else _JSON_TYPES.get(about.kind)
    if kind and not (about.kind == "choice" and _has_other_than_text(about.choices)):
        found["type"] = kind
    if about.help:
        found["description"] = about.help
    if about.default is not None:
        found["default"] = about.default
    if about.choices:
        found["enum"] = list(about.choices)
    if about.minimum is not None:
        found["minimum"] = about.minimum
    if about.maximum is not None:
        found["maximum"] = about.maximum
    return found


def _has_other_than_text(choices: Iterable[Any]) -> bool:
    return any(not isinstance(choice, str) for choice in choices)
