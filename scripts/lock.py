"""Refresh requirements.lock and the constraints in pyproject.toml from one resolution.

requirements.lock holds every dependency with its hashes; `[tool.uv] constraint-dependencies` holds
the same pins, so that `uv run` installs the locked versions. Neither names an address.
`--check` only compares the two and exits 1 when they disagree.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s;\\]+)(\s*;[^\\]*)?", re.MULTILINE)
BLOCK = re.compile(r"\nconstraint-dependencies = \[\n.*?\n\]\n", re.DOTALL)


def pins() -> list[str]:
    """The pins of requirements.lock, with their markers."""
    found = PIN.findall(LOCK.read_text(encoding="utf-8"))
    return [f"{pin} {marker.strip()}".strip() for pin, marker in found]


def block() -> str:
    lines = "\n".join(f"  '{pin}'," if '"' in pin else f'  "{pin}",' for pin in pins())
    return f"\nconstraint-dependencies = [\n{lines}\n]\n"


def resolve() -> None:
    """Resolve anew without the old pins, so that newer versions can come in."""
    project = PROJECT.read_text(encoding="utf-8")
    PROJECT.write_text(BLOCK.sub("\nconstraint-dependencies = [\n\n]\n", project), encoding="utf-8")
    subprocess.run(["uv", "lock", "--upgrade"], cwd=ROOT, check=True)
    export = "uv export --frozen --no-emit-project --all-extras --all-groups --no-header"
    command = [*export.split(), "--format", "requirements.txt", "-o", LOCK.name]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    PROJECT.write_text(BLOCK.sub(lambda _: block(), PROJECT.read_text("utf-8")), encoding="utf-8")


def main() -> int:
    if "--check" not in sys.argv:
        resolve()
    same = block() in PROJECT.read_text(encoding="utf-8")
    print("the pins agree" if same else "stale: run scripts/lock.py")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
