"""How much memory nodes take for a large file: peak growth as a ratio to the file's size.

    python benchmarks/memory.py [--megabytes 200]

Each node runs through the engine in a process of its own. What that process had taken before the
node ran (the interpreter, the libraries, the engine) is left out. A node that streams stays near
0; one that holds the file's text once is at 1. Reading a CSV file returns its rows, which are a
list in memory by nature: it is shown beside the same rows made by Python's csv module alone.
Fails when a node that should stream takes more than a fifth of the file.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

STREAMS_BELOW = 0.2
_CHUNK = b"0123456789abcdef" * 65536
_ROW = ["id-000000001", "a name of some length", "12.50", "2026-11-30T10:00:00+00:00"]


class _Files(BaseHTTPRequestHandler):
    """Sends the big file, and reads what is sent, piece by piece."""

    path_of_file = ""

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def do_GET(self) -> None:
        path = Path(self.path_of_file)
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                self.wfile.write(chunk)

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        while left and (chunk := self.rfile.read(min(left, 1 << 20))):
            left -= len(chunk)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def cases(url: str) -> dict[str, tuple[str, dict[str, Any]]]:
    big, rows = {"file_path": "big.bin"}, {"file_path": "rows.csv"}
    return {
        "copy": ("CopyFileNode", {"source_path": "big.bin", "dest_path": "copy.bin"}),
        "zip": ("ZipFilesNode", {"zip_path": "big.zip", "source_path": "big.bin"}),
        "unzip": ("UnzipFilesNode", {"zip_path": "stored.zip", "extract_to": "out"}),
        "download": ("HttpDownloadFileNode", {"url": url, "save_path": "down.bin"}),
        "upload": ("HttpUploadFileNode", {"url": url, **big}),
        "write CSV": ("WriteCSVNode", {"file_path": "written.csv", "data": "{{rows}}"}),
        "read CSV, 1000 rows": ("ReadCSVNode", {**rows, "max_rows": 1000}),
        "read CSV": ("ReadCSVNode", {**rows, "has_header": False}),
    }


def peak_bytes() -> int:
    """The most this process ever took, as the kernel saw it."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def run_case(name: str, url: str, folder: Path, megabytes: int) -> int:
    """How many bytes the peak grew by while the node ran."""
    from casare_rpa.domain.events import EventBus
    from casare_rpa.domain.workflow import parse_workflow
    from casare_rpa.engine import RunOptions, compile_workflow, run_plan

    def run(node_type: str, config: dict[str, Any], variables: dict[str, Any]) -> None:
        node = {"node_id": "n", "node_type": node_type, "config": config}
        raw = {"metadata": {"name": name}, "nodes": {"n": node}, "connections": []}
        options = RunOptions(working_dir=folder, variables=variables, node_timeout_seconds=0)
        plan = compile_workflow(parse_workflow(raw))
        result = asyncio.run(run_plan(plan, options, EventBus(max_history=1)))
        assert result.success, result.error

    node_type, config = cases(url)[name]
    variables: dict[str, Any] = {}
    if name == "write CSV":
        # One row many times: the list is small, and what is written is not.
        variables = {"_rows": [_ROW] * (megabytes << 20 >> 6)}
        config = {**config, "data": "{{_rows}}"}
    # Once with something small, so that what is loaded on first use is not counted.
    (folder / "small.txt").write_text("x")
    run("CopyFileNode", {"source_path": "small.txt", "dest_path": "s2.txt", "overwrite": True}, {})
    before = peak_bytes()
    run(node_type, config, variables)
    return peak_bytes() - before


def csv_alone(folder: Path) -> int:
    before = peak_bytes()
    with (folder / "rows.csv").open(newline="") as stream:
        kept = list(csv.reader(stream))
    assert kept
    return peak_bytes() - before


def prepare(folder: Path, megabytes: int) -> None:
    import zipfile

    with (folder / "big.bin").open("wb") as stream:
        for _ in range(megabytes):
            stream.write(_CHUNK)
    with zipfile.ZipFile(folder / "stored.zip", "w") as packer:
        packer.write(folder / "big.bin", "big.bin")
    line = (",".join(_ROW) + "\r\n").encode()
    with (folder / "rows.csv").open("wb") as stream:
        for _ in range(megabytes):
            stream.write(line * ((1 << 20) // len(line)))


def measured(name: str, url: str, folder: Path, megabytes: int) -> int:
    command = [sys.executable, __file__, "--case", name, "--url", url, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--megabytes", str(megabytes)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{name}: {done.stderr}")
    return int(json.loads(done.stdout))


def compare(megabytes: int) -> int:
    too_much = 0
    with tempfile.TemporaryDirectory(prefix="casare-memory-") as name:
        folder = Path(name)
        prepare(folder, megabytes)
        _Files.path_of_file = str(folder / "big.bin")
        server = HTTPServer(("127.0.0.1", 0), _Files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        for case in (*cases(url), "csv module alone"):
            ratio = measured(case, url, folder, megabytes) / (megabytes << 20)
            holds = case in ("read CSV", "csv module alone")
            wrong = not holds and ratio > STREAMS_BELOW
            too_much += wrong
            print(f"{case:20} {ratio:6.3f} of the file{'  TOO MUCH' if wrong else ''}", flush=True)
        server.shutdown()
    return too_much


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case is None:
        return min(compare(chosen.megabytes), 1)
    if chosen.case == "csv module alone":
        print(csv_alone(chosen.folder))
    else:
        print(run_case(chosen.case, chosen.url, chosen.folder, chosen.megabytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
