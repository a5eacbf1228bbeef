"""Manual pages and generated docs: fresh and sound."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import Cli

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "man" / "man1").glob("*.1"))


def test_what_is_generated_is_fresh() -> None:
    pytest.importorskip("shtab")
    done = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_manual_page_is_sound_roff() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    assert len(PAGES) > 30
    for page in PAGES:
        command = [groff, "-ww", "-man", "-Tutf8", str(page)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, ""), page.name


def test_mandoc_finds_nothing_wrong() -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed")
    command = [mandoc, "-Tlint", "-Wwarning", *map(str, PAGES)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout == ""


def test_the_manual_is_shown_without_an_installed_page(cli: Cli) -> None:
    done = cli("man", "jobs", "submit")
    page = ROOT / "man" / "man1" / "casare-rpa-jobs-submit.1"
    assert (done.returncode, done.stdout) == (0, page.read_text())
    assert cli("man", "jobs-submit").stdout == done.stdout
    assert cli("man", "casare-rpa").stdout == cli("man").stdout
    assert cli("man", "nope").returncode == 4
