"""Where a database is and who asks for it, from a node's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.database._credentials import stored_login
from casare_rpa.nodes.values.reading import as_int, as_text

KINDS: Mapping[str, str] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_PORTS = {"postgresql": 5432, "mysql": 3306}
_MEMORY = ":memory:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database; its text form has no password. `database` of SQLite is a path or `:memory:`."""

    kind: str
    database: str = ""
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 30.0
    ssl: bool = False
    ssl_ca: str = ""
    charset: str = "utf8mb4"

    @property
    def in_memory(self) -> bool:
        return self.kind == "sqlite" and self.database == _MEMORY

    def __str__(self) -> str:
        if self.kind == "sqlite":
            return f"sqlite:{self.database}"
        user = f"{self.username}@" if self.username else ""
        return f"{self.kind}://{user}{self.host}:{self.port}/{self.database}"


class Asked(Protocol):
    """The parameters of a node that connects."""

    credential_name: Any
    db_type: Any
    host: Any
    port: Any
    database: Any
    username: Any
    password: Any
    connection_string: Any
    timeout: Any


async def find_address(ctx: Context, asked: Asked, **more: Any) -> Address:
    """The address a node asks for; *more* are fields of Address.

    Username and password are the credential's, else the node's own, else those of its connection
    string, else DB_USERNAME and DB_PASSWORD of the environment. A server without a host and a
    database is that of DATABASE_URL, if this is of the same kind. Raises NodeError.
    """
    found = _asked_for(ctx, asked)
    if found.kind == "sqlite":
        if found.database != _MEMORY:
            found = replace(found, database=str(ctx.path(found.database)))
    else:
        found = await _with_login(ctx, asked, found)
    return replace(found, timeout_seconds=max(float(asked.timeout), 0.1), **more)


def _asked_for(ctx: Context, asked: Asked) -> Address:
    text = as_text(asked.connection_string).strip()
    kind = _kind(as_text(asked.db_type))
    if text and ("://" in text or kind != "sqlite"):
        return parse_address(text, "connection_string")
    database = text or as_text(asked.database).strip()
    if kind == "sqlite":
        return Address(kind=kind, database=database or _MEMORY)
    host = as_text(asked.host).strip() or "localhost"
    url = ctx.environment.get("DATABASE_URL", "")
    if url and host == "localhost" and not database:
        elsewhere = parse_address(url, "DATABASE_URL")
        if elsewhere.kind == kind:
            return elsewhere
    port = as_int(asked.port or _PORTS[kind], "port")
    # The format's default port is that of PostgreSQL, whatever the type.
    if kind == "mysql" and port == _PORTS["postgresql"]:
        port = _PORTS["mysql"]
    return Address(kind=kind, host=host, port=port, database=database)


def _kind(text: str) -> str:
    kind = KINDS.get(text.strip().lower().partition("+")[0])
    if kind is None:
        raise NodeError(
            f"no database type {text!r}; the types are: sqlite, postgresql, mysql",
            ErrorCode.CONFIG_INVALID,
        )
    return kind


def parse_address(url: str, name: str) -> Address:
    """The address in a URL; the NodeError for another text does not repeat it."""
    scheme, found, rest = url.partition("://")
    if not found or scheme.lower().partition("+")[0] not in KINDS:
        raise _no_url(name)
    kind = _kind(scheme)
    if kind == "sqlite":
        path = rest.partition("?")[0]
        # Three slashes lead to a relative path, four to an absolute one.
        return Address(kind=kind, database=unquote(path.removeprefix("/")) or _MEMORY)
    try:
        parts = urlsplit(url)
        return Address(
            kind=kind,
            host=parts.hostname or "localhost",
            port=parts.port or _PORTS[kind],
            database=unquote(parts.path.removeprefix("/")),
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            query=dict(parse_qsl(parts.query)),
        )
    except ValueError:
        raise _no_url(name) from None


def _no_url(name: str) -> NodeError:
    return NodeError(
        f"{name} is no URL such as postgresql://user@host:5432/database (characters like @ : / in "
        "a password are written %40 %3A %2F)",
        ErrorCode.CONFIG_INVALID,
    )


async def _with_login(ctx: Context, asked: Asked, found: Address) -> Address:
    stored = await stored_login(ctx, as_text(asked.credential_name))
    env = ctx.environment
    usernames = stored.username, as_text(asked.username), found.username, env.get("DB_USERNAME")
    passwords = stored.password, as_text(asked.password), found.password, env.get("DB_PASSWORD")
    return replace(
        found,
        username=next(filter(None, usernames), ""),
        password=next(filter(None, passwords), ""),
    )
