"""A seed for every test, shown when it fails: CASARE_FAULT_SEED=... repeats its instants."""

from __future__ import annotations

import os
import random
import secrets

import pytest


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Where a test gets its random instants from."""
    seed = int(os.environ.get("CASARE_FAULT_SEED") or secrets.randbelow(2**32))
    request.node.add_report_section("call", "seed", f"CASARE_FAULT_SEED={seed}")
    return random.Random(seed)
