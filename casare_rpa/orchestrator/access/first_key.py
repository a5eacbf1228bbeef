"""The first administrator's key: there is no default password, and no way in without a key."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from casare_rpa.domain.keys import Key, make_key
from casare_rpa.errors import ConfigInvalid
from casare_rpa.orchestrator.access.new_keys import new_key
from casare_rpa.store import Store

log = logging.getLogger(__name__)

FILE_NAME = "admin.key"


def make_first_key(store: Store, state_dir: Path, show: Callable[[str], None] | None) -> None:
    """Make an admin key if there is none that works.

    It is given to *show* once, or without a terminal written to `admin.key` in *state_dir*,
    readable by this user alone.
    """
    if store.has_admin_key():
        return
    key = make_key("sk_live")
    if show is not None:
        if _store_key(store, key):
            show(f"The first admin key, shown this once:\n\n    {key.text}\n")
            show("Keep it safe. To use it here: export CASARE_API_KEY=...")
        return
    # On disk before it is valid: a key that was stored and then lost would lock everybody out.
    draft = _write_draft(state_dir, key)
    if not _store_key(store, key):
        draft.unlink()
        return
    _publish(draft, state_dir / FILE_NAME)
    log.warning("made the first admin key: %s", state_dir / FILE_NAME)


def _store_key(store: Store, key: Key) -> bool:
    record = store.create_first_admin_key(
        new_key(key, name="first", role="admin", description="Made at the first start.")
    )
    return record is not None


def _write_draft(state_dir: Path, key: Key) -> Path:
    path = state_dir / f"{FILE_NAME}.{os.getpid()}"
    with suppress(FileNotFoundError):
        path.unlink()  # of a start that failed half way, under the same process id
    try:
        # O_EXCL follows no link that somebody may have put there.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigInvalid(f"cannot write {path}: {error.strerror}") from error
    return path


def _publish(draft: Path, path: Path) -> None:
    """Give the file its name; an older one, of another database, is kept beside it."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.old"))
    draft.replace(path)
