"""The page of libraries names each that is asked for, with the licence that it says it has."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guide/libraries.md").read_text(encoding="utf-8")
ROWS = {
    row[1]: (row[2], row[3])
    for row in re.finditer(r"^\| ([\w-]+) \| ?(.*?) \| (.+?) \|$", PAGE, re.M)
}


def asked_for() -> dict[str, list[str]]:
    """The libraries of the project by name, with the extras that bring them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, list[str]] = {name_of(line): [] for line in project["dependencies"]}
    for extra, lines in project["optional-dependencies"].items():
        for line in lines:
            if name_of(line) != "casare-rpa":
                found.setdefault(name_of(line), []).append(extra)
    return found


def name_of(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement, maxsplit=1)[0].lower()


def said(name: str) -> str:
    """The licence that an installed library says it has."""
    about = metadata.metadata(name)
    kinds = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier", []) if "License" in c]
    named = [*about.get_all("License-Expression", []), *about.get_all("License", [])]
    return next(filter(None, named), " AND ".join(kinds))


def test_the_page_names_every_library_and_its_extras() -> None:
    del ROWS["Library"]
    assert {name: extras for name, (extras, _) in ROWS.items()} == {
        name: ", ".join(extras) for name, extras in asked_for().items()
    }


@pytest.mark.parametrize("name", asked_for())
def test_a_library_has_the_licence_that_the_page_says(name: str) -> None:
    try:
        assert ROWS[name][1] == said(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
