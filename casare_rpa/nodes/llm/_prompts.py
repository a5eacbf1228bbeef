"""Prompt templates: those that come with the program, and those of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._asking import written
from casare_rpa.nodes.values.reading import as_text

_BUILT_IN: Final = Path(__file__).with_name("prompts")
_MAX_FILE_BYTES = 1 << 20
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """A prompt with `{{name}}` where its variables go."""

    id: str
    name: str
    description: str
    category: str
    tags: tuple[str, ...]
    system_prompt: str
    template: str
    variables: tuple[dict[str, Any], ...]
    builtin: bool

    def about(self) -> dict[str, Any]:
        """What a list of templates says of one."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "category": self.category,
            "tags": list(self.tags),
            "variables": [variable["name"] for variable in self.variables],
            "builtin": self.builtin,
        }


def stored_templates(ctx: Context) -> dict[str, PromptTemplate]:
    """All templates by their ids; one in the folder replaces a built-in one of its id.

    A file that holds none is left out, with a warning in the run's log. Raises NodeError when the
    folder of the setting `templates_dir` is not there.
    """
    found = {t.id: t for t in (_read(path, builtin=True) for path in _files(_BUILT_IN))}
    folder = str(ctx.resources.get("templates_dir") or "")
    for path in _files(Path(folder).expanduser()) if folder else ():
        try:
            template = _read(path, builtin=False)
        except NodeError as error:
            ctx.log(f"{error.message}; it is left out", "warning")
        else:
            found[template.id] = template
    return found


def filled(template: PromptTemplate, values: Mapping[str, Any]) -> str:
    """The prompt with *values* in the places of its variables. Raises NodeError for missing ones.

    A value that looks like a place is left as it is.
    """
    known = {item["name"]: item["default"] for item in template.variables if not item["required"]}
    known |= {name: value for name, value in values.items() if value is not None}
    missing = [item["name"] for item in template.variables if item["name"] not in known]
    if missing:
        raise NodeError(
            f"the prompt template {template.id!r} lacks a value for {', '.join(missing)}",
            ErrorCode.TEMPLATE_ERROR,
            hint="give it in variables",
        )
    return _PLACEHOLDER.sub(lambda found: written(known[found[1]]), template.template)


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise NodeError(
            f"there is no folder of prompt templates {folder}",
            ErrorCode.CONFIG_INVALID,
            hint="set CASARE_TEMPLATES_DIR",
        )
    yield from sorted(path for path in folder.glob("*.json") if path.is_file())


def _read(path: Path, *, builtin: bool) -> PromptTemplate:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ValueError(f"it is larger than {_MAX_FILE_BYTES} bytes")
        raw = json.loads(path.read_text("utf-8-sig"))
        if not isinstance(raw, dict) or not as_text(raw.get("template")).strip():
            raise ValueError("it is no JSON object with the text `template`")
        return _template(raw, path.stem, builtin)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise NodeError(
            f"{path} is no prompt template: {error}", ErrorCode.TEMPLATE_ERROR
        ) from error


def _template(raw: dict[str, Any], stem: str, builtin: bool) -> PromptTemplate:
    text = as_text(raw["template"])
    return PromptTemplate(
        id=as_text(raw.get("id")) or stem,
        name=as_text(raw.get("name")) or stem,
        description=as_text(raw.get("description")),
        category=as_text(raw.get("category")),
        tags=tuple(as_text(tag) for tag in raw.get("tags") or ()),
        system_prompt=as_text(raw.get("system_prompt")),
        template=text,
        variables=tuple(_variables(raw.get("variables"), text)),
        builtin=builtin,
    )


def _variables(declared: Any, text: str) -> Iterator[dict[str, Any]]:
    """The declared variables, then those that only the text names, each once."""
    named = [item if isinstance(item, dict) else {"name": item} for item in declared or ()]
    known = {as_text(item.get("name")) for item in named}
    named += [{"name": n} for n in dict.fromkeys(_PLACEHOLDER.findall(text)) if n not in known]
    for item in named:
        yield {
            "name": as_text(item.get("name")),
            "description": as_text(item.get("description")),
            "required": item.get("required", "default" not in item) is True,
            "default": item.get("default"),
        }
