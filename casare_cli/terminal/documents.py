"""Answers as text for programs: JSON and YAML that are safe to look at on a terminal, too."""

from __future__ import annotations

import json
from typing import Any

from casare_cli.terminal.text import escape_json, is_safe_in_json


def json_text(value: Any, *, indent: int | None = None) -> str:
    """*value* as JSON, on one line without *indent*."""
    return escape_json(json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def yaml_text(value: Any) -> str:
    """*value* as a YAML document of the same meaning, members in their order."""
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc] # yaml has no types
        """Text of several lines as a block; what a terminal obeys in quotes, to be escaped."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def show_text(dumper: Any, text: str) -> Any:
        style = None if is_safe_in_json(text) else '"'
        if style is None and "\n" in text:
            style = "|"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, show_text)
    # Through JSON: what JSON makes text of is text here as well.
    plain = json.loads(json.dumps(value, default=str))
    text = yaml.dump(plain, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=2**31)
    return escape_json(text).removesuffix("\n...\n").rstrip("\n")
