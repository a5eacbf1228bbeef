from __future__ import annotations

import pytest

from agent.ladder import Ladder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("agent.ladder.time.monotonic", lambda: now[0])
    return now


def test_each_step_is_taken_once_and_a_grace_apart(clock: list[float]) -> None:
    taken: list[str] = []
    steps = [lambda: taken.append("ask"), lambda: taken.append("term")]
    ladder = Ladder(steps, 5)
    seen = []
    for now in (100, 101, 104.9, 105, 106, 109.9, 110):
        clock[0] = now
        ladder.climb()
        seen.append((list(taken), ladder.exhausted))
    assert seen == [
        (["ask"], False),
        (["ask"], False),
        (["ask"], False),
        (["ask", "term"], False),
        (["ask", "term"], False),
        (["ask", "term"], False),
        (["ask", "term"], True),
    ]
