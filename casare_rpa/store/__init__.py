"""Where jobs live. `open_store(url, settings)` picks the back end by the address's scheme."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings
from casare_rpa.store.addresses import back_end_of
from casare_rpa.store.base import OnChange, Store
from casare_rpa.store.records import (
    Cancelled,
    Change,
    Fired,
    FiredSchedules,
    KeyPage,
    KeyRecord,
    LeaseState,
    NewKey,
    Reaped,
    Renewal,
    StoredSchedule,
    StoredWorkflow,
    StoreHealth,
    Submitted,
)


def open_store(
    url: str,
    settings: Settings,
    *,
    on_change: OnChange | None = None,
    clock: Callable[[], float] | None = None,
) -> Store:
    """Open the store at *url*: sqlite:///PATH or postgresql://USER@HOST/DATABASE.

    Creates or migrates the schema first. *clock* gives seconds since 1970 and decides every lease;
    None: the machine's, in steps that do not follow later changes of its wall clock.

    Raises ConfigInvalid for an address that cannot be used, ServerFailed when another
    orchestrator holds the SQLite file (P20), Unavailable when the database does not answer.
    """
    name = back_end_of(url)
    try:
        back_end = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise ConfigInvalid(
            f"the package {error.name} is not installed",
            hint="pip install 'casare-rpa[orchestrator,postgres]'",
        ) from error
    store: Store = back_end.open_store(url, settings, on_change=on_change, clock=clock)
    return store


__all__ = [
    "Cancelled",
    "Change",
    "Fired",
    "FiredSchedules",
    "KeyPage",
    "KeyRecord",
    "LeaseState",
    "NewKey",
    "OnChange",
    "Reaped",
    "Renewal",
    "Store",
    "StoreHealth",
    "StoredSchedule",
    "StoredWorkflow",
    "Submitted",
    "open_store",
]
