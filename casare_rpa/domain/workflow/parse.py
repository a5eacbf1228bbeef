"""Reading a document of any shape into one Workflow, noting every problem on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casare_rpa.domain.jobs import OnLost
from casare_rpa.domain.workflow.connection_shapes import ConnectionReader
from casare_rpa.domain.workflow.model import NodeSpec, Variable, Workflow
from casare_rpa.domain.workflow.node_shapes import NodeReader
from casare_rpa.domain.workflow.positions import pointer
from casare_rpa.domain.workflow.problems import Findings, json_type

SCHEMA_VERSION = "1.0.0"
MAX_NAME_LENGTH = 100

_PARTS = frozenset({"metadata", "nodes", "connections", "variables", "settings"})
_TEMPLATE_PARTS = frozenset({"base_workflow", "default_variables", "default_settings"})
#: Keys of template and subflow files that stand where other files have metadata.
_METADATA_KEYS = ("id", "name", "description", "version", "author", "tags", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A workflow, and where in the document it, its nodes and its connections stand."""

    workflow: Workflow
    base: str
    nodes_place: str
    node_places: dict[str, str]
    connection_places: list[str]


def read_document(document: Any, findings: Findings, name: str | None = None) -> Parsed | None:
    """The workflow in *document*, without the parts that are wrong; None if there is none in it."""
    if not isinstance(document, dict):
        findings.error("INVALID_TYPE", f"a workflow is an object, not {json_type(document)}")
        return None
    graph, base = _graph_of(document)
    if graph is None:
        findings.error("INVALID_TYPE", "base_workflow must be an object", base)
        return None
    nodes = NodeReader(findings)
    connections = ConnectionReader(nodes, findings)
    if _has(graph, "nodes", base, findings):
        nodes.read(graph["nodes"], f"{base}/nodes")
    if _has(graph, "connections", base, findings):
        connections.read(graph["connections"], f"{base}/connections")
    workflow = Workflow(
        nodes=tuple(nodes.specs.values()),
        connections=tuple(connections.connections),
        variables=_variables(document, graph, base, findings),
        settings=_settings(document, graph, base, findings),
        metadata=_metadata(document, graph, base, name, findings),
        extra={k: v for k, v in document.items() if k not in _PARTS | _TEMPLATE_PARTS},
    )
    return Parsed(
        workflow=workflow,
        base=base,
        nodes_place=f"{base}/nodes",
        node_places=nodes.places,
        connection_places=connections.places,
    )


def _graph_of(document: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The object with nodes and connections, and its pointer: of a template, the one inside."""
    if "base_workflow" not in document or "nodes" in document:
        return document, ""
    graph = document["base_workflow"]
    return (graph if isinstance(graph, dict) else None), "/base_workflow"


def _has(graph: dict[str, Any], key: str, base: str, findings: Findings) -> bool:
    if key in graph:
        return True
    findings.error(
        "MISSING_REQUIRED_KEY",
        f"the workflow has no {key!r}",
        base,
        hint='write "connections": [] for a workflow without any' if key == "connections" else None,
    )
    return False


def _object(holder: dict[str, Any], key: str, base: str, findings: Findings) -> dict[str, Any]:
    value = holder.get(key)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    findings.error(
        "INVALID_TYPE", f"{key} must be an object, not {json_type(value)}", f"{base}/{key}"
    )
    return {}


def _settings(
    document: dict[str, Any], graph: dict[str, Any], base: str, findings: Findings
) -> dict[str, Any]:
    settings = dict(_object(graph, "settings", base, findings))
    defaults = dict(_object(document, "default_settings", "", findings))
    if "timeout_seconds" in defaults:
        defaults.setdefault("timeout", defaults["timeout_seconds"])
    if "on_lost" in settings:
        _check_on_lost(settings, f"{base}/settings", findings)
    elif "on_lost" in defaults:
        _check_on_lost(defaults, "/default_settings", findings)
    return defaults | settings


def _check_on_lost(settings: dict[str, Any], place: str, findings: Findings) -> None:
    value = settings["on_lost"]
    if value is None or value in tuple(OnLost):
        return
    findings.error(
        "INVALID_SETTING",
        f"on_lost must be 'requeue' or 'fail', not {_shown(value)}",
        f"{place}/on_lost",
        hint="fail: a job that lost its robot in the middle is not run again by itself",
    )


def _shown(value: Any) -> str:
    return repr(value[:40]) if isinstance(value, str) else json_type(value)


def on_lost_in(document: Any) -> OnLost:
    """What a document that was checked before says of lost attempts, without reading the rest."""
    graph, base = _graph_of(document)
    settings = _settings(document, graph or {}, base, Findings())
    return OnLost(settings.get("on_lost") or OnLost.REQUEUE)


def active_nodes_in(document: Any) -> tuple[NodeSpec, ...]:
    """A checked document's nodes, but for those that are disabled."""
    parsed = read_document(document, Findings())
    nodes = parsed.workflow.nodes if parsed else ()
    return tuple(spec for spec in nodes if not spec.disabled)


def _metadata(
    document: dict[str, Any],
    graph: dict[str, Any],
    base: str,
    name: str | None,
    findings: Findings,
) -> dict[str, Any]:
    metadata = {key: document[key] for key in _METADATA_KEYS if key in document}
    metadata |= _object(graph, "metadata", base, findings)
    # A template's and a subflow's `$schema_version` counts other schemas than this one.
    version = metadata.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        findings.warn(
            "SCHEMA_VERSION_MISMATCH",
            f"schema version {version!r} is read as {SCHEMA_VERSION}",
            f"{base}/metadata/schema_version",
        )
    _check_name(metadata, name, f"{base}/metadata" if "metadata" in graph else base, findings)
    return metadata


def _check_name(
    metadata: dict[str, Any], fallback: str | None, place: str, findings: Findings
) -> None:
    given = metadata.get("name")
    if given is not None and not isinstance(given, str):
        what = json_type(given)
        findings.error("INVALID_TYPE", f"the name must be a text, not {what}", f"{place}/name")
        return
    if not (given or "").strip():
        if fallback:
            metadata["name"] = fallback
        else:
            findings.warn("MISSING_NAME", "the workflow has no name", place)
    elif len(given or "") > MAX_NAME_LENGTH:
        findings.warn(
            "NAME_TOO_LONG", f"the name is longer than {MAX_NAME_LENGTH}", f"{place}/name"
        )


def _variables(
    document: dict[str, Any], graph: dict[str, Any], base: str, findings: Findings
) -> tuple[Variable, ...]:
    found: dict[str, Variable] = {}
    for holder, key, where in (
        (document, "default_variables", ""),
        (graph, "variables", base),
    ):
        for variable in _read_variables(holder.get(key), f"{where}/{key}", findings):
            found[variable.name] = variable
    return tuple(found.values())


def _read_variables(variables: Any, place: str, findings: Findings) -> list[Variable]:
    if variables is None:
        return []
    if isinstance(variables, dict):
        return [_variable(name, value) for name, value in variables.items()]
    if not isinstance(variables, (list, tuple)):
        what = json_type(variables)
        findings.error("INVALID_TYPE", f"variables must be an object, not {what}", place)
        return []
    found = []
    for index, entry in enumerate(variables):
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name:
            found.append(_defined(name, entry))
        else:
            findings.error(
                "INVALID_TYPE",
                "a variable in a list must be an object with a name",
                pointer(place, index),
            )
    return found


def _variable(name: str, value: Any) -> Variable:
    is_definition = isinstance(value, dict) and (
        "default_value" in value or ("name" in value and ("type" in value or "data_type" in value))
    )
    return _defined(name, value) if is_definition else Variable(name=name, value=value)


def _defined(name: str, definition: dict[str, Any]) -> Variable:
    kind = definition.get("type") or definition.get("data_type") or "Any"
    return Variable(
        name=name,
        value=definition.get("default_value", definition.get("value")),
        type=str(kind),
        description=str(definition.get("description") or ""),
        sensitive=definition.get("sensitive") is True,
        readonly=definition.get("readonly") is True,
        required=definition.get("required") is True,
    )
