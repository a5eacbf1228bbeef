"""Small programs on a search path of their own, in place of those that this machine lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Writes its arguments, a line each, and its stdin into files beside it.
RECORDS = """\
for word in "$@"; do echo "$word"; done > "$0.args"
/bin/cat > "$0.stdin"
"""


class Programs:
    """A folder that is the whole search path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(self, name: str, body: str = RECORDS) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}")
        path.chmod(0o755)

    def args(self, name: str) -> list[str]:
        """The arguments of its last call."""
        return (self.folder / f"{name}.args").read_text().splitlines()

    def stdin(self, name: str) -> str:
        return (self.folder / f"{name}.stdin").read_text()

    def ran(self, name: str) -> bool:
        return (self.folder / f"{name}.args").exists()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    found = Programs(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(found.folder))
    return found
