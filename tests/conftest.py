from __future__ import annotations

import signal
import threading

import pytest

# A shell starts its background jobs with SIGINT ignored, and children inherit that: programs that
# the tests start are to meet Ctrl-C as they do at a terminal.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
