"""The agent on Windows: a service through WinSW, or a task that starts at the user's logon.

Only the task runs in the user's session, where a desktop is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

from casare_cli.services.service import Service

_TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"
#: An element's content: text, elements, or (attributes, content).
Content: TypeAlias = "str | Mapping[str, Content]"


def service_xml(service: Service) -> str:
    """The configuration file of WinSW (version 2.11 or 3)."""
    executable, *first = service.program
    root = _element(
        "service",
        {
            "id": service.name,
            "name": f"CasareRPA robot agent ({service.name})",
            "description": "Claims jobs from the orchestrator and runs them.",
            "executable": executable,
            "arguments": subprocess.list2cmdline([*first, "agent"]),
            "startmode": "Automatic",
            "stoptimeout": f"{service.stop_seconds} sec",
            "resetfailure": "1 hour",
            "logpath": service.state_dir,
        },
    )
    variables = {**service.environment, "CASARE_API_KEY_FILE": service.key_file}
    for name, value in variables.items():
        ET.SubElement(root, "env", name=name, value=value)
    for delay in ("10 sec", "1 min", "5 min"):
        ET.SubElement(root, "onfailure", action="restart", delay=delay)
    ET.SubElement(root, "log", mode="roll-by-size")
    if service.run_as:
        account = ET.SubElement(root, "serviceaccount")
        ET.SubElement(account, "username").text = service.run_as
        ET.SubElement(account, "prompt").text = "console"
    return _text(root, service)


def task_xml(service: Service) -> str:
    """A task for Task Scheduler, which knows no environment: all stands in the command line."""
    command, *first = service.program
    words = [*first, "agent", "--url", service.url, "--api-key", f"file:{service.key_file}"]
    words += ["--state-dir", service.state_dir]
    root = _element(
        "Task",
        {
            "RegistrationInfo": {
                "Description": f"CasareRPA robot agent ({service.name})",
                "URI": f"\\{service.name}",
            },
            "Triggers": {"LogonTrigger": {"Enabled": "true"}},
            "Principals": {
                "Principal": {"LogonType": "InteractiveToken", "RunLevel": "LeastPrivilege"}
            },
            "Settings": {
                "MultipleInstancesPolicy": "IgnoreNew",
                "DisallowStartIfOnBatteries": "false",
                "StopIfGoingOnBatteries": "false",
                "ExecutionTimeLimit": "PT0S",
                "RestartOnFailure": {"Interval": "PT1M", "Count": "255"},
            },
            "Actions": {"Exec": {"Command": command, "Arguments": subprocess.list2cmdline(words)}},
        },
    )
    root.set("version", "1.4")
    root.set("xmlns", _TASK)
    return _text(root, service)


def next_steps(service: Service, path: str) -> list[str]:
    """The commands to type after the installation."""
    if service.system:
        return [f'WinSW.exe install "{path}"', f'WinSW.exe start "{path}"']
    return [
        f'schtasks /Create /TN {service.name} /XML "{path}"',
        f"schtasks /Run /TN {service.name}",
    ]


def last_steps(name: str, path: str, *, system: bool) -> list[str]:
    """The commands that take it out of Windows; WinSW still needs the file."""
    if system:
        return [f'WinSW.exe stop "{path}"', f'WinSW.exe uninstall "{path}"']
    return [f"schtasks /End /TN {name}", f"schtasks /Delete /F /TN {name}"]


def _element(tag: str, content: Content) -> ET.Element:
    element = ET.Element(tag)
    if isinstance(content, str):
        element.text = content
        return element
    element.extend(_element(name, inner) for name, inner in content.items())
    return element


def _text(root: ET.Element, service: Service) -> str:
    ET.indent(root)
    xml = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0"?>\n<!-- {service.mark} -->\n{xml}\n'
