"""Whatever ends a run ends its browsers, and nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from casare_rpa import browser_programs
from casare_rpa.domain.events import EventBus, NodeStarted
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunOptions, RunResult, StopFlag, compile_workflow, run_plan
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import browsers, js, opened, walk
from tests.support.fleet import eventually, start_agent, start_orchestrator
from tests.support.runs import document, node, run_node

FOREVER = "new Promise(() => 0)"


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, of this test alone; its path is short, as there."""
    folder = Path(tempfile.mkdtemp(prefix="b-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def waiting(site: Site) -> dict[str, Any]:
    return opened(site, wait=js(FOREVER, timeout=0))


async def stopped_in(raw: dict[str, Any], how: str, folder: Path) -> RunResult:
    """The run, stopped in one of three ways once its node "wait" has begun."""
    for seconds in (4, 15, 60) if how == "timeout" else (None,):
        found = await _stopped(raw, how, folder, seconds)
        if found is not None:
            return found
    raise AssertionError("the browser was not there within a minute")


async def _stopped(
    raw: dict[str, Any], how: str, folder: Path, seconds: float | None
) -> RunResult | None:
    """None: the time of the run was over before its node "wait" had begun."""
    bus, stop = EventBus(), StopFlag()
    began = asyncio.Event()
    bus.subscribe(NodeStarted, lambda event: began.set() if event.node_id == "wait" else None)
    options = RunOptions(working_dir=folder, timeout_seconds=seconds)
    plan = compile_workflow(parse_workflow(raw))
    task = asyncio.ensure_future(run_plan(plan, options, bus, stop))
    beginning = asyncio.ensure_future(began.wait())
    await asyncio.wait((task, beginning), return_when=asyncio.FIRST_COMPLETED)
    beginning.cancel()
    if task.done():
        assert how == "timeout", task.result()
        return None
    assert len(browsers()) > 2
    if how == "stop":
        stop.request("cancelled")
    if how == "crash":
        for process in browsers():
            with suppress(psutil.Error):  # what the driver had started goes with it
                if "playwright" in " ".join(process.cmdline()):
                    process.kill()
    return await task


@pytest.mark.parametrize(
    ("how", "status"), [("stop", "cancelled"), ("timeout", "timeout"), ("crash", "failed")]
)
def test_a_run_that_is_ended_leaves_nothing(
    site: Site, scratch: Path, how: str, status: str, tmp_path: Path
) -> None:
    raw = waiting(site)
    raw["nodes"]["wait"]["config"]["continue_on_error"] = False
    result = asyncio.run(stopped_in(raw, how, tmp_path))
    assert (result.status, browsers()) == (status, [])
    assert left_in(scratch) == []


def test_a_run_that_fails_or_completes_leaves_nothing(site: Site, scratch: Path) -> None:
    seen = walk(
        site,
        two=node("LaunchBrowserNode", window_wait=0),
        closed=node("CloseBrowserNode"),
        first=js("document.title"),
        fail=node("ThrowErrorNode", error_message="no", continue_on_error=False),
    )
    assert seen.result.status == "failed"
    assert seen["first"]["result"] == "Shop", "closing one makes the other the current one"
    assert (browsers(), left_in(scratch)) == ([], [])


def test_a_browser_that_dies_is_told_and_another_can_be_opened(site: Site) -> None:
    seen = walk(
        site,
        end=node("RunCommandNode", command=_kill_line(), timeout=60),
        after=js("1"),
        again=node("LaunchBrowserNode", url=f"{site.url}/", window_wait=0),
        here=js("document.title"),
    )
    assert seen.failures["after"][0] == "BROWSER_CLOSED"
    assert seen["here"]["result"] == "Shop"


def _kill_line() -> str:
    code = (
        "import os,psutil;"
        "[p.kill() for p in psutil.Process(os.getppid()).children(recursive=True)"
        " if 'chrom' in p.name()]"
    )
    return f'{sys.executable} -c "{code}"'


def job_of(agent_pid: int) -> psutil.Process:
    """The process of the job: the parent of its driver."""
    driver = next(p for p in browsers(agent_pid) if "playwright" in " ".join(p.cmdline()))
    found = driver.parent()
    assert found is not None
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the process that ends a job's tree is Linux's")
def test_a_robot_ends_the_browser_of_a_job_that_is_cancelled_or_killed(
    site: Site, scratch: Path, tmp_path: Path
) -> None:
    with (
        start_orchestrator(tmp_path) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        pid = agent.pid
        for how in ("cancel", "kill"):
            raw = waiting(site) | {"settings": {"on_lost": "fail"}}
            job_id = orchestrator.submit(raw)
            eventually(lambda: "/" in site.seen and len(browsers(pid)) > 3)
            site.seen.clear()
            assert any(name.startswith("casare-job-") for name in left_in(scratch))
            if how == "cancel":
                orchestrator.admin.cancel(job_id)
            else:
                os.kill(job_of(pid).pid, signal.SIGKILL)
            ended = orchestrator.wait_for(job_id)
            assert ended["status"] == ("cancelled" if how == "cancel" else "failed")
            eventually(lambda: browsers(pid) == [])
        assert agent.stop() == 0
    assert left_in(scratch) == []


def test_a_command_that_is_killed_leaves_no_browser(
    site: Site, scratch: Path, tmp_path: Path
) -> None:
    import json

    path = tmp_path / "wait.json"
    path.write_text(json.dumps(waiting(site)))
    site.seen.clear()
    command = [sys.executable, "-m", "casare_cli", "run", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path) as program_:
        eventually(lambda: "/" in site.seen and len(browsers(program_.pid)) > 3)
        mine = browsers(program_.pid)
        program_.kill()
    eventually(lambda: not any(p.is_running() and p.status() != "zombie" for p in mine))
    # Nobody is left to remove the folder itself; the driver has emptied it.
    assert [left_in(scratch / name) for name in left_in(scratch)] == [[]]


@pytest.mark.without_browser
@pytest.mark.parametrize("lacks", ["driver", "browser"])
def test_what_is_missing_is_told_with_what_installs_it(
    lacks: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if lacks == "driver":
        monkeypatch.setitem(sys.modules, "playwright", None)
        wanted = ("needs the extra 'browser'", "pip install 'casare-rpa[browser]'")
    else:
        monkeypatch.setattr(browser_programs, "has_driver", lambda: True)
        monkeypatch.setattr(catalogue, "_is_there", lambda module: True)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
        wanted = ("needs a browser, and none is found on this machine", "apt install chromium")
    with pytest.raises(WorkflowInvalid) as caught:
        run_node("ClickElementNode", {"selector": "a"})
    (problem,) = caught.value.problems
    assert wanted[0] in problem.message
    if sys.platform == "linux":
        assert problem.hint == wanted[1]


@pytest.mark.without_browser
def test_the_browser_of_the_setting_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "chromium-browser", "google-chrome"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    build = tmp_path / "builds" / "chromium-1" / "chrome-linux64"
    build.mkdir(parents=True)
    (build / "chrome").write_text("#!/bin/sh\n")
    (build / "chrome").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "builds"))
    monkeypatch.setattr(browser_programs, "_chosen", "")
    assert browser_programs.browser_program() == str(tmp_path / "chromium-browser")
    assert browser_programs.find("chromium", "chrome") == str(tmp_path / "google-chrome")
    browser_programs.choose(str(tmp_path / "mine"))
    assert browser_programs.browser_program() == str(tmp_path / "mine")
    browser_programs.choose("/no/such/browser")
    assert browser_programs.browser_program() is None
    browser_programs.choose("")
    monkeypatch.setenv("PATH", "")
    assert browser_programs.browser_program() == str(build / "chrome")
    assert browser_programs.find("firefox") is None


@pytest.mark.without_browser
def test_the_base_of_the_family_is_refused_by_name() -> None:
    with pytest.raises(WorkflowInvalid, match="what the browser nodes have in common"):
        compile_workflow(parse_workflow(document({"n": node("BrowserBaseNode")})))
