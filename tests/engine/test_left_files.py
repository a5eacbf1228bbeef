"""A working folder that goes with the run: what is left in it is told before it is gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.support.runs import chain, document, node, run_document


def last_line(folder: Path, *written: str, **options: Any) -> str | None:
    """The last line of the log of a run that writes those files."""
    nodes = {
        f"n{number}": node("WriteFileNode", file_path=path, content="x", create_dirs=True)
        for number, path in enumerate(written)
    }
    say = {"say": node("LogNode", message="hello")}
    result = run_document(document(nodes | say, chain(*nodes, "say")), folder=folder, **options)
    assert result.success, result.error
    line = result.logs[-1]
    return None if line["message"] == "hello" else f"{line['level']}: {line['message']}"


def test_files_that_go_with_the_folder_are_named(tmp_path: Path) -> None:
    found = last_line(tmp_path, "report.csv", "out/a.json", tells_left_files=True)
    told = "the job's folder is deleted, and with it out/a.json, report.csv: absolute paths keep"
    assert found == f"WARNING: {told} files"


def test_few_of_many_files_are_named(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.txt").touch()
    found = last_line(tmp_path, tells_left_files=True)
    assert found is not None and "0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more:" in found
    for number in range(7, 1100):
        (tmp_path / f"{number}.txt").touch()
    found = last_line(tmp_path, tells_left_files=True)
    assert found is not None and "and at least 995 more:" in found


def test_a_name_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).touch()
    found = last_line(tmp_path, tells_left_files=True)
    assert found is not None and "caf\N{REPLACEMENT CHARACTER}: absolute" in found


def test_nothing_is_told_of_a_folder_that_is_empty_or_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "kept.txt"
    (tmp_path / "job" / "sub").mkdir(parents=True)
    assert last_line(tmp_path / "job", str(elsewhere), tells_left_files=True) is None
    assert last_line(tmp_path / "job", "report.csv") is None
