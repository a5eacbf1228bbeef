from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from casare_rpa.private_files import mend_writing, owner_of, write_whole


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_a_file_is_its_users_alone_and_stands_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"first")
    write_whole(tmp_path / "a", b"second", sync=True)
    assert (tmp_path / "a").read_bytes() == b"second"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_where_a_file_that_is_read_cannot_be_replaced_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows; a file that stays open is told of in the end."""
    monkeypatch.setattr(sys, "platform", "win32")
    real, refusals = Path.replace, [2]

    def replace(path: Path, target: Path) -> Path:
        if refusals[0]:
            refusals[0] -= 1
            raise PermissionError("somebody reads it")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    refusals[0] = 1000
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "a", b"newer")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can tell there")
def test_the_owner_is_named(tmp_path: Path) -> None:
    import pwd

    name = pwd.getpwuid(os.getuid()).pw_name
    assert owner_of(tmp_path) == name
    assert mend_writing(tmp_path / "a").startswith(f"Let this user write in {tmp_path}, which belo")
    assert owner_of(tmp_path / "missing") is None
