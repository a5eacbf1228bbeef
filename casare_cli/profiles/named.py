"""Profiles as the settings files have them."""

from __future__ import annotations

import os

from casare_cli.context import App
from casare_cli.profiles.configuring import profile_names, read_files, shown
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound
from casare_rpa.setting_sources import of_environment, of_files
from casare_rpa.settings import FIELDS


def current(app: App) -> str:
    """The name of the profile that counts, whether there is one of that name or not."""
    if app.profile is not None:
        return app.profile
    given = of_files(FIELDS, read_files()) | of_environment(FIELDS, os.environ)
    return str(given["profile"].value) if "profile" in given else ""


def existing(name: str) -> str:
    """*name*. Raises NotFound when no file has such a profile."""
    names = profile_names()
    if name not in names:
        hint = f"Profiles: {', '.join(names)}." if names else None
        raise NotFound(f"there is no profile {name!r}", hint=hint)
    return name


def summary(name: str, *, is_current: bool) -> Json:
    """What a profile sets, and in which files. Secrets are not shown."""
    files = [file for file in read_files() if name in file.profiles]
    given = {key: found for file in files for key, found in file.profile(FIELDS, name).items()}
    values = {
        key: shown(found.value, secret=FIELDS[key].metadata["secret"])
        for key, found in given.items()
    }
    return {
        "name": name,
        "current": is_current,
        "orchestrator_url": values.get("orchestrator_url"),
        "settings": values,
        "files": [str(file.path) for file in files],
    }
