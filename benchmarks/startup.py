"""How long the command takes to start, beside the least that it could take.

    python benchmarks/startup.py [--rounds 9]

Each round starts every command and every floor once, in turn, so that what the machine does
meanwhile meets all of them; medians are compared. The bytecode is compiled first.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable]
COMMAND = [str(Path(sys.executable).with_name("casare-rpa"))]
FLOORS = {
    "python -c pass": [*PYTHON, "-c", "pass"],
    "import typer": [*PYTHON, "-c", "import typer"],
    "import typer, httpx": [*PYTHON, "-c", "import typer, httpx"],
    "import typer, json": [*PYTHON, "-c", "import typer, json"],
}
#: What is started, the floor it is compared with, and the ratio to stay below.
CASES = {
    "--version": ([*COMMAND, "--version"], "python -c pass", 2.5),
    "--help": ([*COMMAND, "--help"], "import typer", 1.5),
    "nodes list": ([*COMMAND, "nodes", "list", "-o", "name"], "import typer, json", None),
    "jobs list (nobody there)": (
        [*COMMAND, "--url", "http://127.0.0.1:9", "jobs", "list"],
        "import typer, httpx",
        None,
    ),
}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for folder in ("casare_rpa", "casare_cli", "agent"):
        compileall.compile_dir(str(ROOT / folder), quiet=2)
    commands = {**FLOORS, **{name: case[0] for name, case in CASES.items()}}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    # The first round warms the disk's cache.
    medians = {name: statistics.median(values[1:]) for name, values in taken.items()}
    for name in FLOORS:
        print(f"{name:<28} {medians[name] * 1000:7.0f} ms")
    for name, (_, floor, most) in CASES.items():
        ratio = medians[name] / medians[floor]
        wanted = f"  (to stay below {most})" if most else ""
        print(f"{name:<28} {medians[name] * 1000:7.0f} ms  {ratio:5.2f} x {floor}{wanted}")


if __name__ == "__main__":
    main()
