from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa import desktop_display
from tests.nodes.desktop.screen import Screen, display_running

_NEEDED = {"Xvfb": "xvfb", "openbox": "openbox"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They share one pointer and one keyboard: all run on one worker, one after the other."""
    here = str(__file__).removesuffix("conftest.py")
    absent = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.xdist_group("desktop"))
            if not desktop_display.has_driver():
                item.add_marker(pytest.mark.skip("the extra 'desktop' is not installed"))
            elif absent and "without_display" not in item.keywords:
                item.add_marker(pytest.mark.skip(f"apt install {' '.join(absent)}"))


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X display with a window manager; its name."""
    with display_running() as name:
        yield name


@pytest.fixture
def screen(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """The display as the robot's own, without windows of other tests."""
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XAUTHORITY", raising=False)
    running = Screen(display, tmp_path)
    yield running
    running.close()
