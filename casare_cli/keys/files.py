"""Keys that `login` keeps in a file, where there is no keyring: for this user alone (0600)."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from casare_rpa.errors import ConfigInvalid
from casare_rpa.private_files import mend_writing, write_whole


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A JSON object: from an orchestrator (`http://...` or `PROFILE@http://...`) to its key."""

    path: Path

    def find(self, *names: str) -> str:
        """The key of the first name that has one; empty if none has, or there is no such file."""
        found = self._read()
        return next((found[name] for name in names if name in found), "")

    def keys(self) -> list[str]:
        return list(self._read().values())

    def put(self, name: str, key: str) -> None:
        """Raises ConfigInvalid when the file cannot be written."""
        self._write(self._read() | {name: key})

    def drop(self, name: str) -> bool:
        """Whether there was one."""
        found = self._read()
        if name not in found:
            return False
        self._write({other: key for other, key in found.items() if other != name})
        return True

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigInvalid(f"cannot read {self.path}: {error.strerror}") from error
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ConfigInvalid(
                f"{self.path} is damaged", hint="Remove it, then casare-rpa login again."
            )
        return {str(name): str(key) for name, key in found.items()}

    def _write(self, keys: dict[str, str]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(keys, indent=2).encode() + b"\n")
        except OSError as error:
            raise ConfigInvalid(
                f"cannot write {self.path}: {error.strerror}", hint=mend_writing(self.path)
            ) from error


def others_may_read(path: Path) -> bool:
    """Whether users beside its owner may read the file; False where nobody can tell."""
    if sys.platform == "win32":
        return False
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def others_may_write(path: Path) -> bool:
    """Whether users beside its owner may change the file; False where nobody can tell."""
    return sys.platform != "win32" and bool(path.stat().st_mode & 0o022)
