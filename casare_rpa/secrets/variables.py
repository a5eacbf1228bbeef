"""Secrets in the environment: `db-main` is CASARE_SECRET_DB_MAIN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from casare_rpa.secrets.secret import Secret

PREFIX = "CASARE_SECRET_"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSecrets:
    """A value is a text, or a JSON object of fields."""

    env: Mapping[str, str] = field(repr=False)

    def place(self, name: str) -> str:
        return f"the environment ({variable(name)})"

    def find(self, name: str) -> Secret | None:
        value = self.env.get(variable(name))
        return Secret.of_text(value) if value else None

    def names(self) -> list[str]:
        """As they can be written in a workflow."""
        found = (key.removeprefix(PREFIX) for key, value in self.env.items() if value)
        return [key.lower() for key in found if variable(key) in self.env]


def variable(name: str) -> str:
    """The environment variable of the secret called *name*."""
    return PREFIX + re.sub(r"\W", "_", name).upper()
