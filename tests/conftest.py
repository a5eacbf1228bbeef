from __future__ import annotations

import os
import signal
import sys
import threading

import hypothesis
import pytest
from _pytest.nodeid import coerce_node_id

# A shell starts its background jobs with SIGINT and SIGQUIT ignored, nohup its program with SIGHUP
# ignored, and children inherit that: programs that the tests start are to meet all three as they do
# at a terminal.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGQUIT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)

# Hundreds of processes are started here: without a cache of byte code each would compile all that
# it imports, for longer than it runs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# Other tests share the processors: how long an example takes says nothing.
hypothesis.settings.register_profile(
    "shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a group on one worker: xdist 3.8 names it in a place that pytest 9.2 no longer reads."""
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark is not None and not item.nodeid.endswith(f"@{mark.args[0]}"):
            item._id = coerce_node_id(f"{item.nodeid}@{mark.args[0]}")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are processors: a large part of the tests waits for programs."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)
