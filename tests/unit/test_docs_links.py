"""The pages for people: their links lead somewhere, and every setting is on one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import unquote

import pytest

from casare_rpa.domain.workflow import check_workflow
from casare_rpa.nodes.catalogue import NodeCatalogue
from casare_rpa.settings import Settings, environment_names

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_CODE = re.compile(r"^(`{3,}).*?^\1`*$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^(`{3,}).*?^\1`*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> Iterator[str]:
    """Where *page* links to, below this project."""
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield unquote(target)


def anchors(page: Path) -> set[str]:
    """The names that a Markdown viewer gives to the headings of *page*."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    names: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        twins = sum(1 for known in names if re.fullmatch(re.escape(name) + r"(-\d+)?", known))
        names.add(f"{name}-{twins}" if name in names else name)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_link_leads_nowhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_setting_is_on_its_page_with_all_its_variables() -> None:
    rows = (ROOT / "docs/guide/settings.md").read_text(encoding="utf-8").splitlines()
    for item in fields(Settings):
        (row,) = [row for row in rows if row.startswith(f"| `{item.name}` |")]
        assert item.metadata["help"] in row
        assert [name for name in environment_names(item.name) if f"`{name}`" not in row] == []


def test_the_workflow_of_the_readme_is_valid() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (document,) = re.findall(
        r"^\$ cat > hello.json <<'END'\n(.*?)^END$", text, re.DOTALL | re.MULTILINE
    )
    workflow, problems = check_workflow(document.encode(), catalogue=NodeCatalogue(), name="hello")
    assert workflow is not None
    assert problems == []
    assert json.loads(document)["metadata"]["name"] == "Hello"


def test_the_request_of_the_readme_is_for_its_own_workflow_and_key() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (request,) = re.findall(r"-d '(\{.*?\})'", text, re.DOTALL)
    asked = json.loads(request)
    assert asked["workflow_id"] == "hello"
    assert set(asked["input_data"]) <= {"who"}
    (variable,) = re.findall(r"Bearer [$](\w+)", text)
    assert f"$ export {variable}=" in text
