"""The tools that an agent may be given, each held to what the node of its kind is held to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, NodeType
from casare_rpa.nodes.file.folders import ListFilesNode
from casare_rpa.nodes.file.read_write import ReadFileNode, WriteFileNode
from casare_rpa.nodes.http.request import HttpRequestNode
from casare_rpa.nodes.llm._asking import written
from casare_rpa.nodes.llm._schema import faults
from casare_rpa.nodes.llm._search import search
from casare_rpa.nodes.llm._talk import Tool, ToolCall
from casare_rpa.nodes.values.reading import MISSING

#: What of a result the model gets to read.
MOST_CHARACTERS: Final = 50_000
_LARGEST_FILE_BYTES = 1 << 20
_MOST_FILES = 1000
_ARITHMETIC = re.compile(r"(?:abs|min|max|round|[eE](?=[+-]?\d)|[\d\s.,+\-*/%()])+")
_LONGEST_SUM = 500

Use = Callable[[Context, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ability:
    description: str
    #: By name: the type, and what it is. The names in `optional` may be left out.
    arguments: Mapping[str, tuple[str, str]]
    use: Use
    optional: frozenset[str] = frozenset()

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                name: {"description": about} | ({} if kind == "any" else {"type": kind})
                for name, (kind, about) in self.arguments.items()
            },
            "required": [name for name in self.arguments if name not in self.optional],
            "additionalProperties": False,
        }


def tools_of(names: Sequence[str]) -> list[Tool]:
    """What to tell the model of the tools called *names*. Raises NodeError for one there is not."""
    for name in names:
        if name not in _ABILITIES:
            raise NodeError(
                f"available_tools: there is no tool {name!r}; there are {', '.join(_ABILITIES)}",
                ErrorCode.INVALID_INPUT,
            )
    return [
        Tool(
            name=name,
            description=_ABILITIES[name].description,
            parameters=_ABILITIES[name].schema,
        )
        for name in names
    ]


async def used(ctx: Context, call: ToolCall, allowed: Sequence[str]) -> tuple[bool, str]:
    """Whether the call did its work, and its result as the model may read it.

    A tool that was not allowed, arguments that do not fit and failures are told to the model.
    Secrets in a result are masked, and what is too long is cut.
    """
    try:
        result = written(await _result(ctx, call, allowed))
        went_well = True
    except (NodeError, OSError, ValueError, ArithmeticError, TypeError) as error:
        result, went_well = f"error: {error}", False
    result = ctx.masked(result)
    if len(result) > MOST_CHARACTERS:
        result = f"{result[:MOST_CHARACTERS]}\n(cut: {len(result)} characters in all)"
    return went_well, result


async def _result(ctx: Context, call: ToolCall, allowed: Sequence[str]) -> Any:
    if call.name not in allowed:
        raise NodeError(f"there is no tool {call.name!r}; there are {', '.join(allowed)}")
    ability = _ABILITIES[call.name]
    if call.arguments is None:
        raise NodeError("the arguments are no JSON object")
    if wrong := faults(dict(call.arguments), ability.schema):
        raise NodeError("; ".join(wrong))
    result = ability.use(ctx, call.arguments)
    return await result if inspect.isawaitable(result) else result


def _calculate(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    text = arguments["expression"]
    # Numbers and four functions: a variable would be a way to its value.
    if len(text) > _LONGEST_SUM or not _ARITHMETIC.fullmatch(text):
        raise ValueError("only numbers, + - * / % ** ( ), abs, min, max and round can be used")
    return ctx.evaluate(text.strip())


def _current_time(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    now = datetime.now(UTC)
    return {
        "utc": now.isoformat(timespec="seconds"),
        "local": now.astimezone().isoformat(timespec="seconds"),
        "weekday": now.astimezone().strftime("%A"),
    }


def _list_variables(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    return sorted(name for name in ctx.variables if not name.startswith("_"))


def _get_variable(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    name = arguments["name"]
    found = MISSING if name.startswith("_") else ctx.variables.get(name, MISSING)
    if found is MISSING:
        raise ValueError(f"there is no variable {name!r}")
    return found


def _set_variable(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    name = arguments["name"]
    if name.startswith("_"):
        raise ValueError("names that begin with _ are the program's own")
    ctx.set_variable(name, arguments["value"])
    return "done"


async def _done_by(cls: NodeType, ctx: Context, **values: Any) -> Mapping[str, Any]:
    """The outputs of another node with these parameters."""
    result = cls(**values).run(ctx)
    found = await result if inspect.isawaitable(result) else result
    return found if isinstance(found, dict) else {}


async def _read_file(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    found = await _done_by(
        ReadFileNode, ctx, file_path=arguments["path"], max_size=_LARGEST_FILE_BYTES
    )
    return found["content"]


async def _list_files(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    folder, pattern = arguments.get("folder") or ".", arguments.get("pattern") or "*"
    found = await _done_by(ListFilesNode, ctx, directory_path=folder, pattern=pattern)
    return found["files"][:_MOST_FILES]


async def _write_file(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    path, content = arguments["path"], arguments["content"]
    await _done_by(WriteFileNode, ctx, file_path=path, content=content)
    return "done"


async def _http_get(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    found = await _done_by(HttpRequestNode, ctx, url=arguments["url"], method="GET")
    return {"status": found["status_code"], "body": found["response_body"]}


async def _search(ctx: Context, arguments: Mapping[str, Any]) -> Any:
    count = min(max(arguments.get("count", 5), 1), 20)
    collection = arguments.get("collection", "default")
    found, _ = await search(ctx, collection, arguments["query"], count)
    return [{key: item[key] for key in ("id", "text", "metadata", "score")} for item in found]


_ABILITIES: Final[Mapping[str, _Ability]] = {
    "calculate": _Ability(
        description="Compute an arithmetic expression.",
        arguments={"expression": ("string", "such as (1200 - 30.5) * 1.19")},
        use=_calculate,
    ),
    "current_time": _Ability(
        description="Tell the date and the time.", arguments={}, use=_current_time
    ),
    "list_variables": _Ability(
        description="List the names of the workflow's variables.",
        arguments={},
        use=_list_variables,
    ),
    "get_variable": _Ability(
        description="Read a variable of the workflow.",
        arguments={"name": ("string", "its name")},
        use=_get_variable,
    ),
    "set_variable": _Ability(
        description="Set a variable of the workflow.",
        arguments={"name": ("string", "its name"), "value": ("any", "its new value")},
        use=_set_variable,
    ),
    "read_file": _Ability(
        description="Read a text file.",
        arguments={"path": ("string", "the file")},
        use=_read_file,
    ),
    "list_files": _Ability(
        description="List the files of a folder.",
        arguments={
            "folder": ("string", "the folder; the working folder if left out"),
            "pattern": ("string", "such as *.csv; all if left out"),
        },
        use=_list_files,
        optional=frozenset({"folder", "pattern"}),
    ),
    "write_file": _Ability(
        description="Write a text file; one that is there is replaced.",
        arguments={"path": ("string", "the file"), "content": ("string", "its text")},
        use=_write_file,
    ),
    "http_get": _Ability(
        description="Get what is at a web address.",
        arguments={"url": ("string", "the address, with http:// or https://")},
        use=_http_get,
    ),
    "search_documents": _Ability(
        description="Find documents of a collection by meaning.",
        arguments={
            "query": ("string", "what to look for"),
            "collection": ("string", "the collection; `default` if left out"),
            "count": ("integer", "documents at most, up to 20; 5 if left out"),
        },
        use=_search,
        optional=frozenset({"collection", "count"}),
    ),
}
