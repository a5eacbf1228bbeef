"""PowerShell code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Outputs, param, prop
from casare_rpa.nodes.scripts.child import Command, private_folder, run_child, working_folder
from casare_rpa.nodes.scripts.python import ENDED
from casare_rpa.nodes.system._programs import first_of
from casare_rpa.nodes.values.reading import as_text, one_of

_PROGRAMS = ("pwsh", "powershell")
_POLICIES = ("RemoteSigned", "Bypass", "Unrestricted", "AllSigned", "Restricted")
#: What fetches, runs or registers something that the script's reader does not see.
_DANGEROUS: Final[Mapping[str, tuple[str, ...]]] = {
    "downloads": (
        *("Invoke-WebRequest", "Invoke-RestMethod", "Start-BitsTransfer", "iwr", "irm", "curl"),
        *("wget", "DownloadString", "DownloadFile", "DownloadData", "Net.WebClient"),
    ),
    "runs other code": (
        *("Invoke-Expression", "iex", "Invoke-Command", "icm", "Start-Process", "saps"),
        *("Add-Type", "Start-Job", "EncodedCommand", "Set-ExecutionPolicy", "New-Service"),
        *("Register-ScheduledTask",),
    ),
    "deletes or changes the registry": (
        *("Remove-Item", "Clear-Content", "Format-Volume", "Set-ItemProperty"),
        *("New-ItemProperty", "Remove-ItemProperty", "reg", "regedit"),
    ),
}
_CONSTRAINED = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; "


class RunPowerShellNode(Node):
    """Run PowerShell code, with pwsh or on Windows powershell, and return what it wrote.

    An exit status other than 0 is a success of the node with `success` false; longer than `timeout`
    seconds fails, and the script and all that it started are ended. No profile is loaded, and
    nobody is asked anything. `execution_policy` has a meaning on Windows alone; with
    `constrained_mode` the code runs in PowerShell's ConstrainedLanguage.

    Unless `allow_dangerous`, code that names a command which downloads, runs other code, deletes or
    changes the registry is refused. That guards against accidents, not against somebody who may
    write workflows.
    """

    category = "system"
    runs_on = "windows"
    example = {"script": "Get-Date -Format o"}
    side_effect = True
    timeout_seconds = 0
    script: str = param("", kind="string", required=True, help="The code.")
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    execution_policy: str = prop(
        "RemoteSigned", kind="choice", choices=_POLICIES, help="Which scripts may run, on Windows."
    )
    allow_dangerous: bool = prop(False, kind="boolean", help="Run what is refused otherwise.")
    constrained_mode: bool = prop(False, kind="boolean", help="In ConstrainedLanguage.")
    outputs = ENDED

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        if first_of(_PROGRAMS):
            return None
        return "PowerShell (pwsh)", "install PowerShell: https://aka.ms/powershell"

    async def run(self, ctx: Context) -> Outputs:
        script = as_text(self.script)
        if not script.strip():
            raise NodeError("script is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        policy = one_of(self.execution_policy, "execution_policy", _POLICIES)
        if not self.allow_dangerous:
            _refuse_dangerous(script)
        program = first_of(_PROGRAMS, ctx.environment)
        if program is None:
            raise NodeError("no program is called pwsh", ErrorCode.APPLICATION_LAUNCH_FAILED)
        with private_folder() as folder:
            path = folder / "script.ps1"
            # On the first line of the code itself, so that errors tell the code's own lines. The
            # older PowerShell takes a file without a mark for one of the local code page.
            path.write_text((_CONSTRAINED if self.constrained_mode else "") + script, "utf-8-sig")
            command = Command(
                argv=[
                    *(program, "-NoLogo", "-NoProfile", "-NonInteractive"),
                    *("-ExecutionPolicy", policy, "-File", str(path)),
                ],
                working_dir=working_folder(ctx, ""),
                environment=ctx.environment,
                timeout_seconds=float(self.timeout),
            )
            return (await run_child(command)).outputs()


def _refuse_dangerous(script: str) -> None:
    for what, names in _DANGEROUS.items():
        for name in names:
            if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", script, re.IGNORECASE):
                raise NodeError(
                    f"{name} is refused: it {what}",
                    ErrorCode.PERMISSION_DENIED,
                    hint="set `allow_dangerous`",
                )
