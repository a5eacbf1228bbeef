"""Connections to PostgreSQL: a pool for transactions, single sessions for what must be held."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import sqlalchemy as sa

from casare_rpa.errors import ConfigInvalid, InvalidInput, Unavailable

#: Each has its connection: a server has 100 for all orchestrators, unless it is set otherwise.
CALLERS = 16
#: The clock is asked in the middle of a call.
_BESIDE_CALLERS = 2
_CONNECT_SECONDS = 5
#: A connection that was in use so short a time ago is taken to be alive.
_TRUSTED_SECONDS = 1.0
#: A machine that vanished without a word is noticed after about this time, on both sides.
_SILENCE_SECONDS = 10
_OPTIONS: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "application_name": "casare-rpa",
    "keepalives_idle": _SILENCE_SECONDS // 2,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": _SILENCE_SECONDS * 1000,
}
#: What is said of an address that no waiting will mend. A refused connection comes without a
#: code, so the words have to do.
_WRONG_ADDRESS = (
    "password authentication failed",
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "could not translate host name",
    "failed to resolve host",
    "is not permitted to log in",
)
_NO_RIGHT = "42501"
#: A transaction that may not write; a standby, asked for one that may.
_READ_ONLY = ("25006", "0A000")
#: Classes of codes: out of disk, memory or connections; the operating system failed.
_OUT_OF_RESOURCES = ("53", "58")


def address_of(url: str) -> sa.URL:
    try:
        return sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        raise ConfigInvalid("the database's address cannot be read") from error


def pool(address: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        address,
        pool_size=CALLERS,
        max_overflow=_BESIDE_CALLERS,
        pool_timeout=_CONNECT_SECONDS,
        connect_args=dict(_OPTIONS),
    )

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute("SET statement_timeout = '30s'")
            cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
        connection.commit()

    _ping_those_that_rested(engine)
    return engine


def _ping_those_that_rested(engine: sa.Engine) -> None:
    """Under load connections go from hand to hand: to ask each time whether it is still alive
    would be a quarter of a call."""

    @sa.event.listens_for(engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < _TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.DisconnectionError(str(error)) from error


def session(engine: sa.Engine) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection beside the pool, for what lives as long as its session.

    The server ends it when this machine vanishes, like this machine when the server does.
    """
    given, options = engine.dialect.create_connect_args(engine.url)
    connection = psycopg.connect(*given, **{**_OPTIONS, **options}, autocommit=True)
    try:
        connection.execute("SET statement_timeout = '5s'")
        connection.execute(f"SET tcp_keepalives_idle = {_SILENCE_SECONDS // 2}")
        connection.execute("SET tcp_keepalives_interval = 2")
        connection.execute("SET tcp_keepalives_count = 3")
    except BaseException:
        connection.close()
        raise
    return connection


def sqlstate(error: BaseException) -> str | None:
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def refuses_writes(error: sa.exc.SQLAlchemyError) -> str | None:
    """Why the database would refuse other writes, too; None when it was this one's own affair."""
    state = sqlstate(error) or ""
    everybody = state in (*_READ_ONLY, _NO_RIGHT) or state.startswith(_OUT_OF_RESOURCES)
    return _said(error) if everybody else None


def refusal(error: sa.exc.SQLAlchemyError) -> Exception:
    """What the caller can do about it: mend the value, or try again."""
    if isinstance(error, sa.exc.DataError):
        return InvalidInput(f"the database cannot store this: {error.orig}")
    if isinstance(error, (sa.exc.DBAPIError, sa.exc.TimeoutError)):
        what = "refuses this" if refuses_writes(error) else "does not answer"
        return Unavailable(f"the database {what}: {_said(error)}")
    return error


def refusal_at_start(error: sa.exc.SQLAlchemyError, address: sa.URL) -> Exception:
    """As `refusal`; an address that cannot work is a wrong setting."""
    said = _said(error)
    if sqlstate(error) != _NO_RIGHT and not any(words in said for words in _WRONG_ADDRESS):
        return refusal(error)
    shown = address.set(drivername="postgresql").render_as_string(hide_password=True)
    return ConfigInvalid(
        f"the database {shown} cannot be used: {said}",
        hint="Mend the setting database: postgresql://USER:PASSWORD@HOST/DATABASE.",
    )


def _said(error: sa.exc.SQLAlchemyError) -> str:
    """The server's own words, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
