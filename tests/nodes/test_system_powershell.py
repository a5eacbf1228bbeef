"""PowerShell: how it is called, by a program that stands in for it; the real one where it is."""

from __future__ import annotations

import shutil

import pytest

from casare_rpa.errors import WorkflowInvalid
from tests.support.programs import Programs, programs
from tests.support.runs import run_node

__all__ = ["programs"]
NODE = "RunPowerShellNode"
#: Keeps the script, which is gone when it has ended.
PWSH = """
for word in "$@"; do echo "$word"; done > "$0.args"
for last; do :; done
/bin/cat "$last" > "$0.script"
echo out; echo err >&2; exit 3
"""


def test_the_code_is_run_without_profile_and_questions(programs: Programs) -> None:
    programs.add("pwsh", PWSH)
    config = {"script": "Write-Output 'ä'", "constrained_mode": True}
    found = run_node(NODE, config).outputs["n"]
    assert found == {"stdout": "out\n", "stderr": "err\n", "return_code": 3, "success": False}
    *words, path = programs.args("pwsh")
    assert words == [
        *("-NoLogo", "-NoProfile", "-NonInteractive"),
        *("-ExecutionPolicy", "RemoteSigned", "-File"),
    ]
    assert path.endswith(".ps1")
    script = (programs.folder / "pwsh.script").read_text("utf-8-sig")
    assert script == (
        "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; Write-Output 'ä'"
    )


def test_an_older_powershell_does_as_well(programs: Programs) -> None:
    programs.add("powershell", PWSH)
    assert run_node(NODE, {"script": "Get-Date", "execution_policy": "bypass"}).success
    assert "Bypass" in programs.args("powershell")


@pytest.mark.parametrize(
    "script",
    [
        "iex $code",
        "invoke-webrequest https://example.org",
        "(New-Object Net.WebClient).DownloadString('x')",
        "Remove-Item -Recurse C:/",
        "reg add HKLM/x",
    ],
)
def test_what_may_do_damage_is_refused_unless_it_is_allowed(
    programs: Programs, script: str
) -> None:
    programs.add("pwsh", PWSH)
    error = run_node(NODE, {"script": script}).error
    assert error is not None
    assert "is refused" in error.message
    assert not programs.ran("pwsh")
    assert run_node(NODE, {"script": script, "allow_dangerous": True}).success


@pytest.mark.parametrize("script", ["Get-Region", "$regs = 1", "Write-Output curling"])
def test_what_only_looks_like_it_is_not_refused(programs: Programs, script: str) -> None:
    programs.add("pwsh", PWSH)
    assert run_node(NODE, {"script": script}).success


def test_code_that_takes_too_long_is_ended(programs: Programs) -> None:
    programs.add("pwsh", "exec /bin/sleep 600\n")
    error = run_node(NODE, {"script": "Wait", "timeout": 1}).error
    assert error is not None
    assert "still running after 1 s" in error.message


def test_a_machine_without_powershell_is_told_before_the_run(programs: Programs) -> None:
    with pytest.raises(WorkflowInvalid, match="needs PowerShell"):
        run_node(NODE, {"script": "Get-Date"})


def test_the_real_powershell_tells_of_its_errors() -> None:
    if not (shutil.which("pwsh") or shutil.which("powershell")):
        pytest.skip("PowerShell is not there")
    found = run_node(NODE, {"script": "Write-Output 'ä'; exit 4"}).outputs["n"]
    assert (found["stdout"].strip(), found["return_code"]) == ("ä", 4)
