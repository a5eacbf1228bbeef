"""Where an orchestrator keeps what it writes."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings
from casare_rpa.store.addresses import sqlite_address


def state_dir_of(settings: Settings) -> Path:
    """Where this server writes: the setting `state_dir`, else the user's own folder."""
    if settings.state_dir:
        return Path(settings.state_dir).expanduser().absolute()
    return platformdirs.user_state_path("casare-rpa")


def database_of(settings: Settings) -> str:
    """The address of this server's database."""
    return settings.database or sqlite_address(state_dir_of(settings) / "orchestrator.db")


def make_private(state_dir: Path) -> None:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        state_dir.chmod(0o700)
    except OSError as error:
        raise ConfigInvalid(
            f"cannot use the state folder {state_dir}: {error.strerror}",
            hint="Set CASARE_STATE_DIR to a folder that is yours.",
        ) from error
