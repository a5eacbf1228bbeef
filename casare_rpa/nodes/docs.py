"""Reference pages of the nodes, written from their classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from casare_rpa.nodes import catalogue
from casare_rpa.nodes._differences import INTENDED
from casare_rpa.nodes.base import NodeType, Param

_PORT_KINDS = {
    **{"boolean": "BOOLEAN", "integer": "INTEGER", "float": "FLOAT", "number": "NUMBER"},
    **{"list": "LIST", "multi_choice": "LIST", "dict": "DICT", "json": "DICT", "any": "ANY"},
}


def port_kind(item: Param) -> str:
    """The DataType name of the input port of a parameter."""
    return item.port_kind or _PORT_KINDS.get(item.kind, "STRING")


def node_markdown(cls: NodeType) -> str:
    """The page of one node type, ending with a line end."""
    sections = (
        f"# {cls.type}",
        _help(cls),
        _facts(cls),
        _table(
            "Parameters",
            ("Name", "Kind", "Default", "Port", "Meaning"),
            (_param_row(item) for item in cls.params.values()),
        ),
        _table(
            "Outputs",
            ("Name", "Kind", "Also read as"),
            ((f"`{o.name}`", o.kind, _codes(o.aliases)) for o in cls.outputs),
        ),
        _example(cls),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def index_markdown() -> str:
    """The page that lists every node type of the format, by category, and how many run here."""
    here = catalogue.implemented()
    groups: dict[str, list[catalogue.Entry]] = {}
    for entry in catalogue.entries().values():
        if not entry.same_as and (entry.type in here or not entry.abstract):
            groups.setdefault(entry.category, []).append(entry)
    listed = sum(len(group) for group in groups.values())
    running = sum(entry.type in here for group in groups.values() for entry in group)
    intro = (
        f"The format knows {listed} node types; this version runs {running}. "
        "A type without a link is known and not part of this version; *needs* names the "
        "capability that a robot must have for it, or the extra to install there."
    )
    tables = (_category(name, groups[name], here) for name in sorted(groups, key=str.lower))
    return "\n\n".join(("# Nodes", intro, *tables, _differences())) + "\n"


def pages() -> dict[str, str]:
    """Every page by its file name: `index.md`, and `<Type>.md` of each class."""
    here = catalogue.implemented()
    classes = (catalogue.node_class(name) for name in sorted(here))
    return {"index.md": index_markdown()} | {f"{c.type}.md": node_markdown(c) for c in classes}


def _help(cls: NodeType) -> str:
    lines = (cls.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _facts(cls: NodeType) -> str:
    facts = [f"- Category: {cls.category}"]
    if cls.aliases:
        facts.append(f"- Also called: {_codes(cls.aliases)}")
    facts.append(f"- Enters by: {_codes(cls.exec_inputs) or 'nothing: it starts a run'}")
    facts.append(f"- Leaves by: {_codes(cls.exec_outputs) or 'nothing'}{_more_exits(cls)}")
    if cls.requires:
        facts.append(f"- Needs a robot with: {_codes(cls.requires)}")
    if cls.needs:
        extras = ",".join(sorted(set(cls.needs.values())))
        facts.append(f"- Needs an extra: `pip install 'casare-rpa[{extras}]'`")
    if cls.side_effect:
        facts.append("- Acts on the outside world: running it twice acts twice")
    return "\n".join(facts)


def _more_exits(cls: NodeType) -> str:
    entry = catalogue.entries().get(cls.type)
    more = entry.dynamic_exec_outputs if entry else ""
    return f"; {more}" if more else ""


def _param_row(item: Param) -> tuple[str, ...]:
    kind = item.kind
    if item.choices:
        kind = f"one of {', '.join(f'`{choice}`' for choice in item.choices)}"
    meaning = [item.help, _limits(item)]
    if item.aliases:
        meaning.append(f"Also spelt {_codes(item.aliases)}.")
    return (
        f"`{item.key}`",
        kind,
        "**required**" if item.required else _default(item.default),
        port_kind(item) if item.input else "",
        " ".join(text for text in meaning if text),
    )


def _limits(item: Param) -> str:
    match item.minimum, item.maximum:
        case None, None:
            return ""
        case low, None:
            return f"At least {low}."
        case None, high:
            return f"At most {high}."
        case low, high:
            return f"From {low} to {high}."


def _default(value: Any) -> str:
    if value is None or value == "":
        return ""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _category(name: str, group: Iterable[catalogue.Entry], here: Iterable[str]) -> str:
    rows = (
        (
            f"[{entry.type}]({entry.type}.md)" if entry.type in here else entry.type,
            entry.summary,
            _needs(entry),
        )
        for entry in group
    )
    return _table(name, ("Type", "What it does", "Needs"), rows)


def _needs(entry: catalogue.Entry) -> str:
    """The capabilities of the robot, and the extras to install."""
    runs = entry.type in catalogue.implemented()
    extras = sorted(set(catalogue.node_class(entry.type).needs.values())) if runs else []
    return _codes([*entry.requires, *(f"casare-rpa[{extra}]" for extra in extras)])


def _differences() -> str:
    about = (
        "Nodes declare the properties, ports, choices and defaults of the format; a test compares"
        " them. These differ on purpose:"
    )
    rows = ((f"[{t}]({t}.md)", what, why) for (t, what), why in sorted(INTENDED.items()))
    table = _table("Differences from the format", ("Type", "What", "Why"), rows)
    title, _, lines = table.partition("\n\n")
    return f"{title}\n\n{about}\n\n{lines}"


def _example(cls: NodeType) -> str:
    node: Mapping[str, Any] = {"node_type": cls.type, "config": dict(cls.example)}
    return f"## Example\n\n```json\n{json.dumps(node, indent=2, ensure_ascii=False)}\n```"


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_row(cells) for cells in rows]
    if not lines:
        return ""
    return "\n".join((f"## {title}", "", _row(heads), _row(("---",) * len(heads)), *lines))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
