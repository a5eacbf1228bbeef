"""How many wrong keys an address may send, so that guessing stays hopeless and logs stay quiet."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_WINDOW_SECONDS = 60.0
#: Addresses remembered; the one that was wrong longest ago goes first.
_REMEMBERED = 10_000


class WrongKeys:
    """Counts wrong keys over a sliding minute. *most* of 0 counts nothing."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def count(self, address: str) -> float:
        """Count one from *address*; the seconds to wait when there were too many, else 0."""
        if not self._most:
            return 0.0
        now = self._clock()
        times = self._of(network_of(address))
        if len(times) == self._most and now - times[0] < _WINDOW_SECONDS:
            return _WINDOW_SECONDS - (now - times[0])
        times.append(now)
        return 0.0

    def _of(self, network: str) -> deque[float]:
        times = self._times.setdefault(network, deque(maxlen=self._most))
        self._times.move_to_end(network)
        while len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)
        return times


def network_of(address: str) -> str:
    """*address*, or for IPv6 the /64 it is in: one machine owns as many addresses as it likes."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))
