from __future__ import annotations

from collections.abc import Iterator

import pytest

from casare_rpa import browser_programs
from tests.nodes.browser.site import Site, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers take much memory: all of these tests run on one worker, one after the other."""
    lacking = browser_programs.lacking()
    here = str(__file__).removesuffix("conftest.py")
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.xdist_group("browser"))
            if lacking and "without_browser" not in item.keywords:
                item.add_marker(pytest.mark.skip(f"{lacking[0]} is missing: {lacking[1]}"))


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serving() as running:
        yield running
