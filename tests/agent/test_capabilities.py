"""Which jobs an agent is offered depends on what it announces, and it announces what it has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agent.machine.capabilities import announced, detected
from casare_rpa import browser_programs, desktop_display
from casare_rpa.domain.jobs import STARTS_ANYWHERE
from casare_rpa.settings import Settings
from tests.nodes.desktop.screen import display_running
from tests.support.fleet import Orchestrator, start_agent
from tests.support.runs import document, node


def test_a_job_waits_for_the_robot_that_announces_what_it_needs(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="plain") as plain:
        job_id = orchestrator.submit(document({"open": node("FindElementNode")}))
        other = orchestrator.submit(document({"say": node("LogNode", message="hello")}))
        assert orchestrator.wait_for(other)["status"] == "completed", plain.program.tail()
        waiting = orchestrator.job(job_id)
        assert (waiting["status"], waiting["requires"]) == ("pending", ["windows"])
        assert any(
            "plain: it lacks the capability windows" in reason for reason in waiting["waits_for"]
        )
        with start_agent(orchestrator, tmp_path, robot_id="able", capabilities="windows"):
            ended = orchestrator.wait_for(job_id)
    assert ended["robot_id"] == "able"
    # It was offered where it was announced; that the library lacks the node is said, not hidden.
    assert ended["status"] == "failed"
    assert "FindElementNode" in ended["error_message"]


def test_a_dialog_waits_for_somebody_and_one_that_closes_by_itself_does_not(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    closing = node("MessageBoxNode", message="Done.", auto_close_timeout=30)
    with start_agent(orchestrator, tmp_path, robot_id="plain") as plain:
        waiting = orchestrator.submit(document({"ask": node("ConfirmDialogNode")}))
        told = orchestrator.submit(document({"tell": closing}))
        assert orchestrator.wait_for(told)["status"] == "completed", plain.program.tail()
        found = orchestrator.job(waiting)
        assert (found["status"], found["requires"]) == ("pending", ["person"])
    with start_agent(orchestrator, tmp_path, robot_id="bold", capabilities="person"):
        ended = orchestrator.wait_for(waiting)
    assert ended["status"] == "failed"
    assert "needs a person at a terminal" in ended["error_message"]


def test_it_announces_what_it_is_told_and_nothing_that_no_node_of_its_own_can_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert detected() == ({"browser"} if browser_programs.has_driver() else set())
    monkeypatch.setattr(browser_programs, "has_driver", lambda: False)
    assert "browser" not in detected(), "a program that nothing can drive"
    told = Settings(capabilities=("gpu", "desktop"))
    assert announced(told) == sorted({"gpu", "desktop", STARTS_ANYWHERE, *detected()})


@pytest.mark.parametrize(
    "told",
    [Settings(openai_api_key="sk-1"), Settings(anthropic_base_url="http://127.0.0.1:1")],
    ids=["a key", "an address"],
)
def test_it_announces_a_service_for_language_models_when_one_is_set(told: Settings) -> None:
    assert "ai-service" in announced(told)
    assert "ai-service" not in announced(Settings())


def test_a_display_is_announced_when_it_can_be_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    assert detected() & {"desktop", "desktop-session"} == {"desktop-session"}, (
        "nobody listens there"
    )
    if shutil.which("Xvfb") is None or not desktop_display.has_driver():
        pytest.skip("apt install xvfb, and the extra 'desktop'")
    with display_running("") as name:
        monkeypatch.setenv("DISPLAY", name)
        assert "desktop" in detected()
        monkeypatch.setattr(desktop_display, "has_driver", lambda: False)
        assert "desktop" not in detected()
