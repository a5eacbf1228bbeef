"""A seed for every run, shown when a test fails: CASARE_FAULT_SEED=... repeats its instants."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Where a scenario gets its random instants from."""
    found = int(os.environ.get("CASARE_FAULT_SEED") or secrets.randbelow(2**32))
    request.node.add_report_section("call", "seed", f"CASARE_FAULT_SEED={found}")
    return found
