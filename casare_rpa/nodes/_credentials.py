"""What a `credential_name` stands for: one way for every node that signs in somewhere.

    found = await credential(ctx, self.credential_name)
    user = found.part("username", "user", given=self.username, env="DB_USERNAME")
    password = found.part("password", "value", given=self.password, env="DB_PASSWORD")
    found.given(password, "password")

A name is that of a stored secret, else of a variable that holds one. What it lacks is taken from
the node's own parameter, then from the environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The fields of a credential: a plain text is the field `value`."""

    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Why there is none of the name that was asked for.
    missing: NodeError | None = None

    def part(self, *names: str, given: Any = "", env: str = "") -> str:
        """The first of the fields *names* that is there, else *given*, else the variable *env*."""
        stored = next((self.fields[name] for name in names if self.fields.get(name)), None)
        return str(stored or given or self.environment.get(env, ""))

    def given(self, text: str, name: str) -> str:
        """*text* if there is any. Raises NodeError that says where *name* was looked for."""
        if text:
            return text
        if self.missing is not None:
            raise self.missing
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)


NO_CREDENTIAL = Credential()


async def credential(ctx: Context, name: Any) -> Credential:
    """The credential called *name*; an empty one without a name, or when there is none.

    Raises NodeError when a place where secrets are kept cannot be read.
    """
    environment = ctx.environment
    if not name:
        return Credential(environment=environment)
    try:
        return Credential(fields=await ctx.secret(str(name)), environment=environment)
    except NodeError as error:
        if error.error_code not in (ErrorCode.RESOURCE_NOT_FOUND, ErrorCode.INVALID_INPUT):
            raise
        missing = error
    value = ctx.get_variable(str(name))
    if value is None:
        return Credential(environment=environment, missing=missing)
    return Credential(fields=_fields(value), environment=environment)


def _fields(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {"value": value}
    return value if isinstance(value, Mapping) else {"value": str(value)}
