"""The published JSON Schemas of what commands print, as stored beside this file.

They are written by scripts/generate.py from `casare_cli.answers`, so that reading one loads no
models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from casare_rpa.errors import InvalidInput, NotFound

FOLDER = Path(__file__).parent / "published"
#: The names of shapes that are no command's answer.
ERROR = "error"


def file_name(name: str) -> str:
    """The file of a command's schema: `jobs-list.json` for `jobs list`."""
    return name.replace(" --", "-").replace(" ", "-") + ".json"


def names() -> list[str]:
    """What there are schemas of: commands by their words, some with an option, and `error`."""
    titles = (json.loads(path.read_text("utf-8"))["title"] for path in FOLDER.glob("*.json"))
    return sorted(titles)


def schema_of(name: str) -> dict[str, Any]:
    """The schema of what the command prints with `-o json`. Raises NotFound."""
    try:
        found: dict[str, Any] = json.loads((FOLDER / file_name(name)).read_text("utf-8"))
    except OSError:
        raise NotFound(
            f"there is no schema of {name!r}", hint="casare-rpa api schema lists them all."
        ) from None
    return found


def known_fields(command: str) -> tuple[str, ...]:
    """The fields of what *command* prints, of one item if it is a list; none if it has no shape.

    Options may make something else of the answer: its fields count, too.
    """
    stem = file_name(command).removesuffix(".json")
    schemas = [json.loads(path.read_text("utf-8")) for path in FOLDER.glob(f"{stem}*.json")]
    own = [each for each in schemas if (each["title"] + " --").startswith(f"{command} --")]
    fields = (name for each in own for name in record_of(each).get("properties", ()))
    return tuple(dict.fromkeys(fields))


def fields_of(command: str) -> tuple[str, ...]:
    """As `known_fields`. Raises InvalidInput where the answer has no fixed shape."""
    found = known_fields(command)
    if not found:
        raise InvalidInput(
            f"--json: what {command} prints has no fixed fields", hint="Use -o json for all of it."
        )
    return found


def record_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what one line of `-o jsonl` is: an item of a list, or the whole answer."""
    items = schema.get("properties", {}).get("items", {})
    found = _resolved(items.get("items", {}), schema) if items.get("type") == "array" else schema
    return _resolved(found, schema)


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """*part*, or the definition that it refers to."""
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    found: dict[str, Any] = schema["$defs"][name] if name else part
    return found
