"""The orchestrator: whether it answers, knows the key, and agrees on the time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from casare_cli.checks.finding import Check, Finding, failed, passed, skipped, warned
from casare_cli.context import App
from casare_rpa import __version__
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import Unreachable

_WARN_SKEW_SECONDS = 2.0
_MOST_SKEW_SECONDS = 60.0
_WARN_DAYS = 21


def orchestrator(app: App) -> Iterator[Finding]:
    with app.client() as client:
        before = time.monotonic()
        health = client.health()
        took_ms = (time.monotonic() - before) * 1000
        url = client.base_url
    yield working(health, url, f"{url} answers in {took_ms:.0f} ms")
    theirs = health.get("version")
    if theirs == __version__:
        yield passed("version", f"{theirs} on both sides")
    else:
        mend = f"pip install casare-rpa=={theirs}, or update the orchestrator"
        yield warned("version", f"{__version__} here, {theirs} there", mend)


def working(health: Json, url: str, well: str) -> Finding:
    """Whether it takes work, by what it says of its health."""
    if health.get("status") != "degraded":
        return passed("orchestrator", well)
    text = f"{url} takes no work: {health.get('reason')}"
    return failed("orchestrator", text, "Mend its database, such as a full disk; no restart needed")


def sign_in(app: App) -> Iterator[Finding]:
    """Whether the orchestrator takes the key."""
    with app.client() as client:
        if not app.key:
            yield skipped("sign in", "there is no key to try")
            return
        me = client.me()
    expires_at = me.get("expires_at")
    until = f", until {expires_at}" if expires_at else ""
    yield passed("sign in", f"{me['key_name']} ({', '.join(me['roles'])}){until}")


def clock(app: App) -> Iterator[Finding]:
    with app.client() as client:
        before = datetime.now(UTC)
        theirs = client.server_time()
        after = datetime.now(UTC)
    if theirs is None:
        yield skipped("clock", "the orchestrator does not tell its time")
        return
    yield judged(skew_seconds(before, after, theirs))


def skew_seconds(before: datetime, after: datetime, theirs: datetime) -> float:
    """How far this machine's clock is ahead of the orchestrator's; negative when it is behind.

    *theirs* was read between the two others and tells whole seconds, so that less than that much
    may be no difference: then it is 0.
    """
    if theirs > after:
        return (after - theirs).total_seconds()
    ahead = (before - theirs).total_seconds() - 1.0
    return max(0.0, ahead)


def judged(skew: float) -> Finding:
    mend = "Switch on time synchronisation on both machines: timedatectl set-ntp true"
    if abs(skew) <= _WARN_SKEW_SECONDS:
        return passed("clock", "it agrees with the orchestrator's")
    text = f"it is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the orchestrator's"
    return (failed if abs(skew) > _MOST_SKEW_SECONDS else warned)("clock", text, mend)


def certificate(app: App) -> Iterator[Finding]:
    """What TLS says of the orchestrator, and how long that lasts."""
    from casare_cli.profiles.signing_in import is_in_clear

    url = app.settings.orchestrator_url
    if is_in_clear(url):
        mend = "Put TLS in front of the orchestrator and use its https:// address"
        yield warned("certificate", f"{url} is not encrypted: others can read the key", mend)
    elif urlsplit(url).scheme != "https":
        yield skipped("certificate", "none is needed on this machine itself")
    elif (until := _valid_until(app)) is None:
        yield skipped("certificate", "the orchestrator does not answer")
    else:
        yield _lasting(until, datetime.now(UTC))


def _lasting(until: datetime, now: datetime) -> Finding:
    days = (until - now).days
    text = f"good until {until:%Y-%m-%d}, {days} days"
    if days < _WARN_DAYS:
        return warned("certificate", text, "Its owner renews it before then")
    return passed("certificate", text)


def _valid_until(app: App) -> datetime | None:
    """None when nobody answers. Raises Unreachable when TLS fails."""
    from casare_rpa import tls

    parts = urlsplit(app.settings.orchestrator_url)
    address = (parts.hostname or "", parts.port or 443)
    context = tls.context_of(app.settings) or ssl.create_default_context()
    seconds = app.settings.connect_timeout_seconds
    try:
        with (
            socket.create_connection(address, timeout=seconds) as raw,
            context.wrap_socket(raw, server_hostname=address[0]) as wrapped,
        ):
            text = str((wrapped.getpeercert() or {})["notAfter"])
    except OSError as error:
        if (reason := tls.explain(error)) is None:
            return None
        raise Unreachable(reason.message, hint=reason.hint) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


CHECKS: tuple[Check, ...] = (orchestrator, sign_in, clock, certificate)
