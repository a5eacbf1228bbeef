"""A guard taken out of the code, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """*guard* stands exactly once in *file*; the mutant has *instead* in its place."""

    file: str
    guard: str
    instead: str

    def applied_to(self, text: str) -> str:
        """Raises ValueError when the guard is not there, or there more than once."""
        found = text.count(self.guard)
        if found != 1:
            raise ValueError(f"{self.file} holds {found} times: {self.guard!r}")
        return text.replace(self.guard, self.instead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`rule` is the name of a rule, `tests` are node ids or files below tests/."""

    name: str
    rule: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    #: What the tests need beyond this machine's Python: "postgres", or nothing.
    needs: str = ""

    def files(self, root: Path) -> dict[str, str]:
        """The new text of each file that it changes below *root*. Raises ValueError."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            text = texts.get(edit.file) or (root / edit.file).read_text(encoding="utf-8")
            texts[edit.file] = edit.applied_to(text)
        return texts

    @property
    def node_ids(self) -> list[str]:
        return [f"tests/{test}" for test in self.tests]


def mutant(
    name: str,
    rule: str,
    file: str,
    guard: str,
    instead: str,
    *tests: str,
    also: tuple[tuple[str, str, str], ...] = (),
    needs: str = "",
) -> Mutant:
    """One edit, and further ones in *also*."""
    edits = [Edit(file=file, guard=guard, instead=instead)]
    edits += [Edit(file=path, guard=old, instead=new) for path, old, new in also]
    return Mutant(name=name, rule=rule, edits=tuple(edits), tests=tests, needs=needs)
