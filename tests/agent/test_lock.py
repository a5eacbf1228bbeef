from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.machine.lock import only_agent_in
from agent.machine.status import StatusFile
from casare_rpa.errors import Conflict

HOLD = (
    "import sys, time; from pathlib import Path; from agent.machine.lock import only_agent_in\n"
    "with only_agent_in(Path(sys.argv[1])):\n"
    "    print('held', flush=True); time.sleep(60)\n"
)


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_agent_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    process = hold(tmp_path)
    try:
        with pytest.raises(Conflict, match=f"process {process.pid}"), only_agent_in(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()


def test_the_folder_is_free_after_its_holder_was_killed(tmp_path: Path) -> None:
    process = hold(tmp_path)
    process.kill()
    process.communicate()
    with only_agent_in(tmp_path):
        assert (tmp_path / "agent.pid").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "agent.pid").exists()


def test_what_cannot_be_removed_at_the_end_changes_no_exit_code(tmp_path: Path) -> None:
    with only_agent_in(tmp_path):
        (tmp_path / "agent.pid").unlink()
        (tmp_path / "agent.pid").mkdir()
        (tmp_path / "status.json").mkdir()
        StatusFile(tmp_path).remove()
    with only_agent_in(tmp_path):
        pass
