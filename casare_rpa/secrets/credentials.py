"""Secrets that systemd gives a service: `LoadCredential=NAME:FILE`, one file each."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from casare_rpa.errors import ConfigInvalid
from casare_rpa.secrets.secret import Secret

#: Where the robot's own key lies in the same folder; it is no secret for workflows.
API_KEY = "casare-api-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdCredentials:
    """`folder` is $CREDENTIALS_DIRECTORY. A file holds a text, or a JSON object of fields.

    The robot's own keys may lie there under any name; those files are passed over: `withheld` are
    their contents.
    """

    folder: Path
    withheld: Set[str] = field(default=frozenset(), repr=False)

    def place(self, name: str) -> str:
        return f"systemd credentials ({self.folder})"

    def find(self, name: str) -> Secret | None:
        if "/" in name or name == API_KEY:
            return None
        try:
            text = (self.folder / name).read_text(encoding="utf-8")
            return None if text.strip() in self.withheld else Secret.of_text(text)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigInvalid(f"cannot read the credential {name}: {why}") from None

    def names(self) -> list[str]:
        """Without those that are no text, which a service may have for other purposes."""
        try:
            found = sorted(path.name for path in self.folder.iterdir() if path.is_file())
        except OSError:
            return []
        return [name for name in found if self._is_readable(name)]

    def _is_readable(self, name: str) -> bool:
        try:
            return self.find(name) is not None
        except ConfigInvalid:
            return False
