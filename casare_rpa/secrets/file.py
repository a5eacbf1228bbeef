"""Secrets in a file that its user alone may read: `{"secrets": {NAME: {FIELD: VALUE}}}`."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casare_rpa.errors import ConfigInvalid
from casare_rpa.private_files import mend_writing, write_whole
from casare_rpa.secrets.secret import VALUE, Secret

Fields = dict[str, str]
_SCHEMA_VERSION = 1
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """The text of a secret is its field `value`.

    A file that others may read is refused, and so is one that is damaged: ConfigInvalid.
    """

    path: Path

    def place(self, name: str) -> str:
        return f"the file {self.path}"

    def find(self, name: str) -> Secret | None:
        fields = self._read().get(name)
        return None if fields is None else Secret.of_fields(fields)

    def names(self) -> list[str]:
        return sorted(self._read())

    def set(self, name: str, field: str, value: str) -> None:
        """Store *value*; other fields stay."""
        with self._changing() as secrets:
            secrets[name] = {**secrets.get(name, {}), field or VALUE: value}

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        if name not in self._read():
            return False
        with self._changing() as secrets:
            return secrets.pop(name, None) is not None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Fields]]:
        """The secrets, to be changed and written back; two programs wait for each other."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - most runs write no secret

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS, mode=0o600)
            with lock:
                secrets = self._read()
                yield secrets
                document = {"schema_version": _SCHEMA_VERSION, "secrets": secrets}
                content = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
                write_whole(self.path, content.encode(), sync=True)
        except Timeout:
            raise ConfigInvalid(f"{self.path} is being written by another program") from None
        except OSError as error:
            raise ConfigInvalid(
                f"cannot write {self.path}: {error.strerror or error}", hint=mend_writing(self.path)
            ) from None

    def _read(self) -> dict[str, Fields]:
        try:
            with self.path.open("rb") as source:
                self._check_private(os.fstat(source.fileno()))
                document = json.loads(source.read())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigInvalid(f"cannot read {self.path}: {error.strerror or error}") from None
        except ValueError:
            # Not what the parser says: it may quote the content.
            raise ConfigInvalid(f"{self.path} is not valid JSON") from None
        return self._checked(document)

    def _check_private(self, about: os.stat_result) -> None:
        if sys.platform == "win32":
            return  # the user's own folder is private there
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise ConfigInvalid(
                f"{self.path} is refused: other users may read or change it",
                hint=f"chmod 600 {self.path}",
            )
        if about.st_uid not in (os.geteuid(), 0):
            raise ConfigInvalid(f"{self.path} is refused: it belongs to another user")

    def _checked(self, document: object) -> dict[str, Fields]:
        secrets = document.get("secrets") if isinstance(document, dict) else None
        if not isinstance(secrets, dict):
            raise ConfigInvalid(f"{self.path} holds no secrets: an object of that name is wanted")
        found = {}
        for name, value in secrets.items():
            fields = {VALUE: value} if isinstance(value, str) else value
            if not isinstance(fields, Mapping) or not all(map(_is_text, fields.values())):
                raise ConfigInvalid(f"{self.path}: {name!r} is neither text nor fields of text")
            found[name] = dict(fields)
        return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)
