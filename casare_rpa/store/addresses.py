"""Which database an address means. Every command asks here, so that all judge alike."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from casare_rpa.errors import ConfigInvalid

BackEnd = Literal["sqlite", "postgresql"]
_BACK_ENDS: dict[str, BackEnd] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}

_MEND = "Write sqlite:///PATH or postgresql://USER@HOST/NAME."


def back_end_of(url: str) -> BackEnd:
    """What keeps the jobs at the address *url*. Raises ConfigInvalid for anything else."""
    scheme, colon, rest = url.partition(":")
    found = _BACK_ENDS.get(scheme.partition("+")[0]) if colon else None
    if found is not None and rest.startswith("//"):
        return found
    if "://" in url:
        raise ConfigInvalid(f"no jobs can be kept in {scheme!r}", hint=_MEND)
    if "@" in url:  # not printed: there may be a password in it
        raise ConfigInvalid("the database's address cannot be read", hint=_MEND)
    path = rest if found else url
    mend = f"Write {sqlite_address(path)}, or postgresql://USER@HOST/NAME."
    raise ConfigInvalid(f"the database {url!r} is no address", hint=mend)


def sqlite_address(path: object) -> str:
    """The address of the SQLite file *path*."""
    return f"sqlite:///{quote(str(path), safe='/ ~:')}"
