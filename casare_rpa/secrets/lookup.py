"""The order in which a secret is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from casare_rpa.errors import SecretMissing
from casare_rpa.secrets.credentials import SystemdCredentials
from casare_rpa.secrets.file import SecretFile
from casare_rpa.secrets.key_store import KeyringSecrets, possible, variables
from casare_rpa.secrets.secret import Secret, check_name, readings
from casare_rpa.secrets.variables import PREFIX, EnvironmentSecrets
from casare_rpa.settings import Settings


class SecretSource(Protocol):
    """One place where secrets are kept."""

    def place(self, name: str) -> str:
        """Where *name* would be there, for people."""
        ...

    def find(self, name: str) -> Secret | None:
        """The secret; None if there is none. Raises CasareError when the place cannot be read."""
        ...

    def names(self) -> list[str]:
        """Those that it can list."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A secret in a list. `used` is False where an earlier source has one of its name."""

    name: str
    fields: list[str]
    place: str
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSources:
    """All places of a robot, asked in their order: the first that has a secret gives it."""

    sources: tuple[SecretSource, ...]

    @classmethod
    def of(
        cls, settings: Settings, env: Mapping[str, str], *, withheld: Set[str] | None = None
    ) -> SecretSources:
        """Environment, systemd credentials, keyring, file, Vault; those that are there.

        *withheld* are the robot's own keys, if others than those of *settings* may come to count.
        Reads of *env* what it needs now, so that the environment may be emptied afterwards.
        """
        own = own_keys(settings) if withheld is None else withheld
        sources: list[SecretSource] = [
            EnvironmentSecrets(env={k: v for k, v in env.items() if k.startswith(PREFIX)})
        ]
        if folder := env.get("CREDENTIALS_DIRECTORY"):
            sources.append(SystemdCredentials(folder=Path(folder), withheld=own))
        if possible(env):
            sources.append(KeyringSecrets(env=variables(env)))
        sources.append(SecretFile(path=file_path(settings)))
        if settings.vault_address:
            from casare_rpa.secrets.vault import VaultSecrets  # noqa: PLC0415 - it brings httpx

            sources.append(VaultSecrets.of(settings))
        return cls(sources=tuple(sources))

    def find(self, name: str) -> Secret:
        """The secret called *name*, or the field of one: `NAME.field` or `NAME/field`.

        Raises SecretMissing, which says where it was looked for and how to set it, and other
        errors when a place that comes before cannot be read.
        """
        check_name(name)
        known = ""
        for source in self.sources:
            for secret_name, field in readings(name):
                secret = source.find(secret_name)
                found = secret.field(field) if secret is not None and field else secret
                if found is not None:
                    return found
                if secret is not None:
                    fields = ", ".join(sorted(secret.fields)) or "none"
                    known = f"; {secret_name} is in {source.place(secret_name)}, with the fields: "
                    known += fields
        places = ", ".join(source.place(name) for source in self.sources)
        raise SecretMissing(
            f"there is no secret {name} on this robot; looked in {places}{known}",
            hint=f"Set it there, as the user that the robot runs as: casare-rpa secrets set {name}",
        )

    def entries(self) -> Iterator[Entry]:
        """What the sources can list, in their order. Raises CasareError as `find` does."""
        for rank, source in enumerate(self.sources):
            for name in source.names():
                secret = source.find(name) or Secret()
                hidden = any(earlier.find(name) for earlier in self.sources[:rank])
                yield Entry(
                    name=name,
                    fields=sorted(secret.parts),
                    place=source.place(name),
                    used=not hidden,
                )


def own_keys(settings: Settings) -> frozenset[str]:
    """What the robot itself signs in with."""
    keys = (settings.api_key, settings.vault_token, settings.vault_secret_id)
    return frozenset(key.strip() for key in keys if key)


def file_path(settings: Settings) -> Path:
    """The file of secrets: the setting, else the user's own."""
    if settings.secrets_file:
        return Path(settings.secrets_file).expanduser()
    import platformdirs  # noqa: PLC0415 - the setting may do without

    return Path(platformdirs.user_config_dir("casare-rpa", appauthor=False)) / "secrets.json"
