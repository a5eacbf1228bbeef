"""Where file parameters may point."""

from __future__ import annotations

from pathlib import Path

import pytest

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.paths import Paths
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.reach import Reach


def paths(folder: Path, *allowed: str) -> Paths:
    return Paths(working_dir=folder, reach=Reach(allowed), environment={"OUT": "reports"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.txt", "a.txt"),
        ("$OUT/a", "reports/a"),
        ("${OUT}.txt", "reports.txt"),
        ("$NO/a", "$NO/a"),
    ],
)
def test_a_path_is_below_the_working_folder(text: str, expected: str, tmp_path: Path) -> None:
    assert paths(tmp_path).path(text) == tmp_path / expected


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert paths(tmp_path / "x").path(str(tmp_path / "y")) == tmp_path / "y"


@pytest.mark.parametrize("text", ["../a", "a/../../b", "a\0b", "nul", "dir/COM1.txt", "", "  "])
def test_a_dangerous_path_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(NodeError):
        paths(tmp_path).path(text)


def test_dots_are_allowed_to_those_who_ask_for_danger(tmp_path: Path) -> None:
    found = paths(tmp_path).path("x/../a", dangerous=True)
    assert found.resolve() == tmp_path.resolve() / "a"


def test_with_allowed_folders_nothing_else_is_reached(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    made = paths(tmp_path, str(tmp_path / "in"))
    assert made.path("in/file") == tmp_path / "in" / "file"
    for text in ("out/file", "in/link/file", "inside/file", "/etc/hostname"):
        with pytest.raises(NodeError) as caught:
            made.path(text)
        assert caught.value.error_code is ErrorCode.PERMISSION_DENIED


@pytest.mark.parametrize("text", ["~/.ssh/id_rsa", "~/.aws/credentials", "/etc/shadow"])
def test_keys_are_out_of_bounds(text: str, tmp_path: Path) -> None:
    with pytest.raises(NodeError):
        paths(tmp_path).path(text, dangerous=True)
