"""How a socket reaches the orchestrator that REST calls reach."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from casare_rpa.client.connection import API
from casare_rpa.hosts import is_this_machine


def socket_url(base_url: str, path: str) -> str:
    """The address of the socket *path* beside REST at *base_url*, below the same path prefix."""
    scheme, _, place = base_url.rstrip("/").removesuffix(API).partition("://")
    return f"{'wss' if scheme.lower() == 'https' else 'ws'}://{place}{path}"


def socket_proxy(base_url: str) -> Literal[True] | None:
    """What websockets takes as `proxy`: that of the environment, but none towards this machine."""
    return None if is_this_machine(urlsplit(base_url).hostname or "") else True
