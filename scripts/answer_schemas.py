"""The published JSON Schemas of what commands print, as files."""

from __future__ import annotations

import json
from pathlib import Path

from casare_cli.answers import ANSWERS, OTHERS
from casare_cli.answers.compatible import breaking_changes
from casare_cli.schemas import FOLDER, file_name

_PLACE = f"{FOLDER.parent.name}/{FOLDER.name}"


def files() -> dict[str, str]:
    """Each schema's path below the project's root and its text."""
    return {
        f"{_PLACE}/{file_name(name)}": json.dumps(answer.schema(name), indent=2) + "\n"
        for name, answer in (ANSWERS | OTHERS).items()
    }


def breaks(root: Path, made: dict[str, str]) -> list[str]:
    """What in *made* breaks a promise of the schemas that stand below *root* now."""
    return [
        f"{path}: {change}"
        for path, text in made.items()
        if path.startswith(_PLACE) and (root / path).exists()
        for change in breaking_changes(json.loads((root / path).read_text()), json.loads(text))
    ]
