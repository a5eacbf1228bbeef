from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nodes.google.drive import Drive
from tests.nodes.google.gmail import Mailbox
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, Key, serving
from tests.nodes.google.sheets import Sheets
from tests.nodes.google.sheets_book import Book, Formula


@pytest.fixture(scope="session")
def key() -> Key:
    return Key()


@pytest.fixture
def google(key: Key) -> Iterator[Google]:
    with serving(key) as running:
        yield running


@pytest.fixture
def drive(google: Google) -> Drive:
    return Drive(google)


@pytest.fixture
def sheets(google: Google) -> Sheets:
    return Sheets(google)


@pytest.fixture
def book(sheets: Sheets) -> Book:
    """A spreadsheet with three sheets."""
    rows: list[list[Any]] = [
        ["name", "amount"],
        ["Ada", 12.5],
        ["Bob", "", "x"],
        ["", Formula("=2*3")],
    ]
    return sheets.add({"Sheet1": rows, "My 'own' sheet": [["here"]], "Q1": [["quarter"]]})


@pytest.fixture
def mailbox(google: Google) -> Mailbox:
    return Mailbox(google)


@pytest.fixture
def robot(google: Google, tmp_path: Path) -> Robot:
    """Runs nodes as an account of *google*, in the folder *tmp_path*."""
    return Robot(google=google, folder=tmp_path)
