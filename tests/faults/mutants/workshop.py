"""Copies of the project in which guards are removed and tests are run."""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.mutants.keeper import TIMED_OUT
from tests.faults.mutants.mutant import ROOT, Mutant

PARTS = ("casare_rpa", "agent", "casare_cli", "tests", "scripts", "docs", "benchmarks")
#: A mutant whose code cannot even be read proves nothing.
_BROKEN = ("SyntaxError", "IndentationError", "NameError", "ImportError", "ModuleNotFoundError")
_RUN_SECONDS = 150.0
_TEST_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`outcome` is caught, survived, skipped or broken; `by` names the test that failed."""

    name: str
    rule: str
    outcome: str
    seconds: float
    by: str = ""
    why: str = ""


class Workshop:
    """One copy of the project; one mutant at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        for file in ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile"):
            shutil.copy(ROOT / file, folder / file)
        # By content: a file that changes twice in a second has the same time and maybe size.
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(str(folder), quiet=2, invalidation_mode=checked)
        self._check_imports()
        keeper = Path(__file__).with_name("keeper.py")
        self._keeper = subprocess.Popen(
            [sys.executable, str(keeper)],
            cwd=folder,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self._keeper.communicate()

    def _check_imports(self) -> None:
        """The copy's code runs, not that of the project, which may be installed in place."""
        show = "import casare_rpa, agent, casare_cli as c; print(casare_rpa.__file__, agent, c)"
        done = subprocess.run(
            [sys.executable, "-c", show],
            cwd="/",
            env=self._environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.count(str(self.folder)) == 3, done.stdout

    def try_out(self, mutant: Mutant) -> Verdict:
        began = time.monotonic()
        if mutant.needs == "postgres" and not os.environ.get("CASARE_TEST_POSTGRES"):
            return _verdict(mutant, "skipped", began, why="CASARE_TEST_POSTGRES names no server")
        try:
            changed = mutant.files(self.folder)
            before = {file: (self.folder / file).read_text(encoding="utf-8") for file in changed}
            for file, text in changed.items():
                compile(text, file, "exec")
        except (OSError, ValueError, SyntaxError) as error:
            return _verdict(mutant, "broken", began, why=f"it does not apply: {error}")
        self._write(changed)
        try:
            code, by, why = self.run(mutant.node_ids, postgres=mutant.needs == "postgres")
        finally:
            self._write(before)
        return _verdict(mutant, _outcome(code, by, why), began, by=by, why=why)

    def _write(self, files: dict[str, str]) -> None:
        for file, text in files.items():
            (self.folder / file).write_text(text, encoding="utf-8")

    def run(
        self, tests: Sequence[str], *, jobs: int = 0, postgres: bool = False, first: bool = True
    ) -> tuple[int, str, str]:
        """The exit code of pytest, and the first test that failed with what it said."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        options = ["-n", str(jobs), "-p", "no:cacheprovider", "--tb=short"]
        # The keeper has loaded libraries that pytest would have liked to rewrite.
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        options += ["--timeout", str(_TEST_SECONDS), f"--junitxml={report}"]
        options += ["-x"] if first else []
        output = self.folder / "output.txt"
        code = self._ask(
            arguments=[*options, *tests],
            environment=self._environment(postgres=postgres),
            seconds=_RUN_SECONDS if first else 10 * _RUN_SECONDS,
            output=str(output),
        )
        by, why = _first_failure(report)
        return code, by, why or output.read_text(encoding="utf-8", errors="replace")[-3000:]

    def _ask(self, **run: object) -> int:
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        self._keeper.stdin.write(json.dumps(run) + "\n")
        self._keeper.stdin.flush()
        return int(self._keeper.stdout.readline())

    def _environment(self, *, postgres: bool = False) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CASARE_", "PYTEST"))}
        if postgres:
            inherited["CASARE_TEST_POSTGRES"] = os.environ["CASARE_TEST_POSTGRES"]
        return inherited | {"PYTHONPATH": str(self.folder)}


def _outcome(code: int, by: str, why: str) -> str:
    if code == 0:
        return "survived"
    if code == TIMED_OUT:
        return "caught"
    # A test has to have failed: not pytest itself, and not because nothing could be read.
    if code != 1 or not by or any(f"{error}:" in why for error in _BROKEN):
        return "broken"
    return "caught"


def _verdict(mutant: Mutant, outcome: str, began: float, *, by: str = "", why: str = "") -> Verdict:
    seconds = round(time.monotonic() - began, 1)
    reason = why[-300:] if outcome != "survived" else ""
    return Verdict(
        name=mutant.name, rule=mutant.rule, outcome=outcome, seconds=seconds, by=by, why=reason
    )


def _first_failure(report: Path) -> tuple[str, str]:
    if not report.exists():
        return "", ""
    for case in ET.parse(report).iter("testcase"):
        for bad in (*case.iter("failure"), *case.iter("error")):
            return str(case.get("name")), str(bad.get("message"))
    return "", ""
