"""Every benchmark, one after the other; each reports ratios within its own run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    worst = 0
    for name in ("startup", "engine", "store", "group_commit", "several", "robot", "memory"):
        print(f"== {name}", flush=True)
        command = [sys.executable, str(FOLDER / f"{name}.py")]
        environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
        done = subprocess.run(command, cwd=FOLDER.parent, env=environment, check=False)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
