import pytest

from casare_rpa.domain.enums import JobPriority, LogLevel, NodeState, NodeStatus, TriggerType


def test_log_levels_compare_by_severity_not_by_text() -> None:
    assert LogLevel.CRITICAL > LogLevel.ERROR > LogLevel.WARNING > LogLevel.INFO
    assert LogLevel.INFO > LogLevel.DEBUG > LogLevel.TRACE
    assert LogLevel.INFO >= LogLevel.INFO <= LogLevel.INFO
    assert max(LogLevel) is LogLevel.CRITICAL
    assert [level.severity for level in LogLevel] == [0, 10, 20, 30, 40, 50]


def test_a_log_level_compares_by_severity_with_a_name_too() -> None:
    assert LogLevel.INFO < "ERROR"
    assert LogLevel.WARNING < "error"
    assert LogLevel.CRITICAL >= "WARN"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("info", LogLevel.INFO),
        (" Warn ", LogLevel.WARNING),
        ("ERR", LogLevel.ERROR),
        ("fatal", LogLevel.CRITICAL),
        ("verbose", LogLevel.TRACE),
        ("loud", LogLevel.INFO),
        ("", LogLevel.INFO),
    ],
)
def test_a_log_level_is_read_from_text(text: str, level: LogLevel) -> None:
    assert LogLevel.from_string(text) is level


@pytest.mark.parametrize(
    ("state", "status", "terminal"),
    [
        (NodeState.PENDING, NodeStatus.IDLE, False),
        (NodeState.SCHEDULED, NodeStatus.IDLE, False),
        (NodeState.RUNNING, NodeStatus.RUNNING, False),
        (NodeState.RETRYING, NodeStatus.RUNNING, False),
        (NodeState.SUCCESS, NodeStatus.SUCCESS, True),
        (NodeState.FAILED, NodeStatus.ERROR, True),
        (NodeState.SKIPPED, NodeStatus.SKIPPED, True),
        (NodeState.UPSTREAM_FAILED, NodeStatus.SKIPPED, True),
        (NodeState.CANCELLED, NodeStatus.CANCELLED, True),
    ],
)
def test_a_node_state_shows_as_a_status(
    state: NodeState, status: NodeStatus, terminal: bool
) -> None:
    assert state.status is status
    assert state.is_terminal is terminal


def test_a_priority_name_stands_for_a_place_in_the_queue() -> None:
    assert [p.queue_priority for p in JobPriority] == [15, 10, 5, 0]


def test_trigger_types_are_found_by_their_wire_names() -> None:
    assert TriggerType("file_watch") is TriggerType.FILE_WATCH
    assert len(TriggerType) == 18
