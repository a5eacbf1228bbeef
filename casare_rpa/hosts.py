"""Which host names and addresses mean this machine."""

from __future__ import annotations


def is_this_machine(host: str) -> bool:
    """Whether *host* can lead nowhere else: `localhost`, 127.0.0.0/8 and ::1.

    Other names under .localhost are not among them: some systems ask a name server for these.
    """
    import ipaddress  # noqa: PLC0415 - most commands start without it

    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
