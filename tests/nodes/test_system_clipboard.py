"""The clipboard: a real one under Xvfb, and programs that stand in for those not there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes.system import clipboard
from tests.support.programs import Programs, programs
from tests.support.runs import chain, document, node, run_document, run_node

__all__ = ["programs"]
COPY, PASTE = "ClipboardCopyNode", "ClipboardPasteNode"
CLEAR, MONITOR = "ClipboardClearNode", "ClipboardMonitorNode"
TEXT = "Ä 中\nsecond line\n"
#: A clipboard in a file beside it, as all of them are called.
STORE = """held=${0%/*}/held
for last; do :; done
case "$last" in
  --output|-out|--no-newline) [ -e "$held" ] && /bin/cat "$held"; exit 0;; esac
for word in "$@"; do echo "$word"; done > "$0.args"
/bin/cat > "$held"\n"""


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X display of its own."""
    if not shutil.which("Xvfb") or not (shutil.which("xsel") or shutil.which("xclip")):
        pytest.skip("Xvfb, and xsel or xclip, are not there")
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as told:
        number = told.readline().strip()
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", f":{number}")
    yield number
    server.terminate()
    server.wait(30)


def test_a_text_goes_through_the_clipboard_of_a_real_display(display: str) -> None:
    raw = document(
        {
            "empty": node(PASTE),
            "copy": node(COPY, text=TEXT),
            "paste": node(PASTE),
            "clear": node(CLEAR),
            "after": node(PASTE),
        },
        chain("empty", "copy", "paste", "clear", "after"),
    )
    result = run_document(raw)
    assert result.success, result.error
    assert [result.outputs[key]["text"] for key in ("empty", "paste", "after")] == ["", TEXT, ""]


def test_a_text_stays_on_the_clipboard_after_the_run(display: str) -> None:
    assert run_node(COPY, {"text": "kept"}).success
    assert run_node(PASTE, {}).outputs["n"] == {"text": "kept", "success": True}


@pytest.mark.parametrize("name", ["xclip", "xsel", "wl-copy"])
def test_each_program_is_given_the_text_on_its_stdin(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY" if name == "wl-copy" else "DISPLAY", ":7")
    monkeypatch.delenv("DISPLAY" if name == "wl-copy" else "WAYLAND_DISPLAY", raising=False)
    for each in (name, "wl-paste"):
        programs.add(each, STORE)
    assert run_node(COPY, {"text": TEXT}).outputs["n"] == {"success": True}
    assert (programs.folder / "held").read_text() == TEXT
    assert TEXT not in programs.args(name)
    assert run_node(PASTE, {}).outputs["n"]["text"] == TEXT
    assert run_node(CLEAR, {}).outputs["n"] == {"success": True}
    assert run_node(PASTE, {}).outputs["n"]["text"] == ""


def test_without_a_display_there_is_no_clipboard(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("xclip")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for node_type in (PASTE, CLEAR, MONITOR):
        error = run_node(node_type, {}).error
        assert error is not None
        assert "neither WAYLAND_DISPLAY nor DISPLAY is set" in error.message


def test_a_machine_without_a_program_is_told_before_the_run(programs: Programs) -> None:
    with pytest.raises(WorkflowInvalid, match="a program for the clipboard") as refused:
        run_node(PASTE, {})
    assert str(refused.value.hint).startswith("apt install xclip")


def test_a_display_that_is_not_there_is_no_empty_clipboard(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    programs.add("xclip", 'echo "Error: Can\'t open display: :7" >&2; exit 1')
    error = run_node(PASTE, {}).error
    assert error is not None
    assert error.message.endswith("xclip: Error: Can't open display: :7")
    error = run_node(COPY, {"text": "a"}).error
    assert error is not None
    assert "is the display there" in error.message
    programs.add("xclip", "echo 'Error: target STRING not available' >&2; exit 1")
    assert run_node(PASTE, {}).outputs["n"]["text"] == ""


def test_what_does_not_stay_on_the_clipboard_is_told(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(clipboard, "_SETTLED_SECONDS", 0.1)
    programs.add("xclip", "/bin/cat > /dev/null; echo other\n")
    result = run_node(COPY, {"text": "a"})
    assert result.outputs["n"] == {"success": False}
    assert "something else is on the clipboard" in result.logs[0]["message"]


def test_another_text_is_waited_for(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    programs.add("xsel", STORE)
    quick = {"timeout": 1}
    assert run_node(MONITOR, quick).outputs["n"] == {
        "content": "",
        "changed": False,
        "timed_out": True,
    }
    # What comes after it was read for the first time is a change.
    programs.add("xsel", '[ -e "$0.seen" ] && echo new; > "$0.seen"\n')
    found = run_node(MONITOR, {"timeout": 0}).outputs["n"]
    assert found == {"content": "new\n", "changed": True, "timed_out": False}
    at_once = run_node(MONITOR, {"trigger_on_change": False}).outputs["n"]
    assert at_once == {"content": "new\n", "changed": False, "timed_out": False}
