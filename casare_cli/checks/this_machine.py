"""Python, what is installed, the disk and the programs that workflows call."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata

from casare_cli.checks.finding import (
    Check,
    Finding,
    failed,
    passed,
    room,
    skipped,
    unwritable,
    warned,
)
from casare_cli.context import App

_WARN_FREE_BYTES = 1 << 30
_FEW_FILES = 1024
_TOO_FEW_FILES = 256
_EXTRA = re.compile(r"([A-Za-z0-9._-]+).*;.*\bextra == ['\"]([a-z]+)['\"]")


def python(app: App) -> Iterator[Finding]:
    yield passed("python", f"{platform.python_version()} ({sys.executable})")


def extras(app: App) -> Iterator[Finding]:
    """Which sets of libraries are there; a robot needs those that its workflows use."""
    missing: dict[str, list[str]] = {}
    for requirement in metadata.requires("casare-rpa") or ():
        found = _EXTRA.match(requirement)
        if found is None or found[2] == "all" or "sys_platform" in requirement:
            continue
        missing.setdefault(found[2], []).extend(() if _installed(found[1]) else (found[1],))
    there = [name for name, absent in missing.items() if not absent]
    absent = [name for name, absent in missing.items() if absent]
    more = f"; not there: pip install 'casare-rpa[{','.join(absent)}]'" if absent else ""
    yield passed("extras", f"{', '.join(there) or 'none'}{more}")


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def state_folder(app: App) -> Iterator[Finding]:
    """Whether everything that a role writes can be written."""
    import tempfile

    folder = app.state_dir.expanduser().absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            yield passed("state folder", str(folder))
    except OSError as error:
        mend = "Give it to this user, or name another one: CASARE_STATE_DIR"
        yield failed("state folder", unwritable(folder, there, error), mend)
    yield _room(shutil.disk_usage(there).free, app.settings.min_free_bytes)


def _room(free: int, least: int) -> Finding:
    text = f"{room(free)} free"
    if free < least:
        return failed("disk", f"{text}: no job is claimed (min_free_bytes)", "Make room on it")
    if free < _WARN_FREE_BYTES:
        return warned("disk", text, "Make room on it")
    return passed("disk", text)


def open_files(app: App) -> Iterator[Finding]:
    if sys.platform == "win32":
        yield skipped("open files", "Windows sets no limit")
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    mend = "ulimit -n 4096; in a unit of systemd LimitNOFILE=4096"
    if soft == resource.RLIM_INFINITY or soft >= _FEW_FILES:
        yield passed("open files", "as many as are needed")
    else:
        found = failed if soft < _TOO_FEW_FILES else warned
        yield found("open files", f"a process may have only {soft}", mend)


def browser(app: App) -> Iterator[Finding]:
    from casare_rpa import browser_programs

    browser_programs.choose(app.settings.browser_path)
    if lacking := browser_programs.lacking():
        what, mend = lacking
        yield warned("browser", f"browser nodes need {what}", mend)
    else:
        yield passed("browser", browser_programs.browser_program() or "")


def desktop(app: App) -> Iterator[Finding]:
    from casare_rpa import desktop_display

    if sys.platform in ("win32", "darwin"):
        yield skipped("desktop", "desktop nodes drive X11 displays alone")
    elif lacking := desktop_display.why_not_driven():
        what, mend = lacking
        yield warned("desktop", f"desktop nodes need {what}", mend)
    else:
        remarks = desktop_display.remarks()
        for what, mend in remarks:
            yield warned("desktop", what, mend)
        if not remarks:
            yield passed("desktop", f"the display {desktop_display.display_name()}")


def javascript(app: App) -> Iterator[Finding]:
    if path := shutil.which("node"):
        yield passed("javascript", path)
    else:
        yield warned("javascript", "there is no node", "Install Node.js for JavaScript nodes")


def time_zones(app: App) -> Iterator[Finding]:
    from zoneinfo import available_timezones

    if count := len(available_timezones()):
        yield passed("time zones", f"{count} are known")
    else:
        yield failed("time zones", "none are known", "pip install tzdata")


CHECKS: tuple[Check, ...] = (
    *(python, extras, state_folder, open_files),
    *(browser, desktop, javascript, time_zones),
)
