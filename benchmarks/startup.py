"""How long the command takes to start, beside the least that it could take.

    python benchmarks/startup.py [--rounds 9]

Each round starts every command and every floor once, in turn, so that what the machine does
meanwhile meets all of them. What is compared is CPU time, the least of all rounds: other programs
make it longer, nothing makes it shorter. The bytecode is compiled first. Exits with 1 when a
ratio is missed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
COMMAND = str(Path(sys.executable).with_name("casare-rpa"))
#: httpx brings a command line of its own along where it finds click; nothing here needs it.
_HTTPX = (
    "import sys; sys.modules['click'] = None; import typer, httpx, orjson, platformdirs;"
    " httpx.Client(verify=False)"
)
FLOORS = {
    "python -c pass": "pass",
    "import typer": "import typer",
    "typer, http.client": "import typer, http.client",
    "typer, httpx, orjson": _HTTPX,
}
#: What is started, the floor it is compared with, and the ratio to stay below.
CASES = {
    "--version": ("--version", "python -c pass", 2.5),
    "--help": ("--help", "import typer", 1.5),
    "jobs submit --help": ("jobs submit --help", "import typer", None),
    "jobs list": ("jobs list", "typer, httpx, orjson", 1.3),
    "jobs submit": ("jobs submit nightly", "typer, httpx, orjson", 1.3),
    "nodes list": ("nodes list -o name", "import typer", None),
    "Tab for ids of jobs": ("__complete jobs", "python -c pass", None),
}


class _Orchestrator(BaseHTTPRequestHandler):
    """Answers at once, so that only the command's own time is measured."""

    def do_GET(self) -> None:
        self._answer({"jobs": [], "total": 0, "workflow_id": "nightly", "workflow_name": "x"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"job_id": "j", "status": "pending"})

    def _answer(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


def cpu_seconds(command: list[str], env: dict[str, str]) -> float:
    """User and system time of a program that must succeed, from its own account."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, env, file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return usage.ru_utime + usage.ru_stime


def measured(rounds: int, env: dict[str, str]) -> dict[str, float]:
    """The least milliseconds of CPU time of each floor and each case."""
    commands = {name: [PYTHON, "-c", code] for name, code in FLOORS.items()}
    commands |= {name: [COMMAND, *words.split()] for name, (words, _, _) in CASES.items()}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(cpu_seconds(command, env))
    return {name: min(values) * 1000 for name, values in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for folder in ("casare_rpa", "casare_cli", "agent"):
        compileall.compile_dir(str(ROOT / folder), quiet=2)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Orchestrator)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    env = {**os.environ, "CASARE_ORCHESTRATOR_URL": url, "CASARE_API_KEY": "sk_live_x"}
    taken = measured(rounds, env)
    for name in FLOORS:
        print(f"{name:<26} {taken[name]:6.0f} ms")
    missed = 0
    for name, (_, floor, most) in CASES.items():
        ratio = taken[name] / taken[floor]
        missed += most is not None and ratio > most
        wanted = f"  (to stay below {most})" if most else ""
        print(f"{name:<26} {taken[name]:6.0f} ms  {ratio:5.2f} x {floor}{wanted}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
