"""Events: every class, its fields, its form on the wire."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from casare_rpa.domain import events
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.enums import ExecutionMode, LogLevel, NodeStatus
from casare_rpa.domain.events import (
    AggregateEvent,
    DomainEvent,
    JobSubmitted,
    LogMessage,
    NodeAdded,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    NodeStatusChanged,
    RobotRegistered,
    VariableSet,
    WorkflowStarted,
    event,
)

EVENT_CLASSES = [
    cls
    for cls in vars(events).values()
    if isinstance(cls, type) and issubclass(cls, DomainEvent) and cls is not DomainEvent
]

# Name, then the own fields with their defaults, in the order in which they go over the wire.
CATALOGUE = """
AggregateEvent aggregate_id=''
NodeStarted node_id='' node_type='' workflow_id=''
NodeCompleted node_id='' node_type='' workflow_id='' execution_time_ms=0.0 output_data=None
StateKept kind='' name='' text=''
NodeFailed node_id='' node_type='' workflow_id='' error_code=None error_message='' is_retryable=False
NodeSkipped node_id='' node_type='' workflow_id='' reason=''
NodeStatusChanged node_id='' old_status=None new_status=None
WorkflowStarted workflow_id='' workflow_name='' execution_mode='NORMAL' triggered_by='manual' total_nodes=0
WorkflowCompleted workflow_id='' workflow_name='' execution_time_ms=0.0 nodes_executed=0 nodes_skipped=0
WorkflowFailed workflow_id='' workflow_name='' failed_node_id=None error_code=None error_message='' execution_time_ms=0.0
WorkflowStopped workflow_id='' stopped_at_node_id=None reason='user_request'
WorkflowPaused workflow_id='' paused_at_node_id='' reason='breakpoint'
WorkflowResumed workflow_id='' resume_from_node_id=''
WorkflowProgress workflow_id='' current_node_id='' completed_nodes=0 total_nodes=0 percentage=0.0
NodeAdded workflow_id='' node_id='' node_type='' position=[0.0,0.0]
NodeRemoved workflow_id='' node_id=''
NodeConnected workflow_id='' source_node='' source_port='' target_node='' target_port=''
NodeDisconnected workflow_id='' source_node='' source_port='' target_node='' target_port=''
VariableSet variable_name='' variable_value=None workflow_id='' source_node_id=None
BrowserPageReady page_id='' url='' title='' browser_type='chromium'
LogMessage level='INFO' message='' source=None node_id=None workflow_id=None extra_data=None
DebugBreakpointHit node_id='' workflow_id='' variables=None
ResourceAcquired resource_type='' resource_id='' workflow_id=''
ResourceReleased resource_type='' resource_id='' workflow_id=''
RobotRegistered robot_id='' robot_name='' hostname='' environment='production' capabilities=[] max_concurrent_jobs=1 tenant_id=''
RobotDisconnected robot_id='' robot_name='' orphaned_job_ids=[] reason=''
RobotHeartbeat robot_id='' cpu_percent=0.0 memory_mb=0.0 current_job_count=0
RobotStatusChanged robot_id='' old_status='' new_status=''
JobSubmitted job_id='' workflow_id='' workflow_name='' priority=5 target_robot_id='' tenant_id=''
JobAssigned job_id='' robot_id='' robot_name='' workflow_id=''
JobRequeued job_id='' previous_robot_id='' reason='' rejected_by_count=0
JobCompletedOnOrchestrator job_id='' robot_id='' success=True execution_time_ms=0
JobMovedToDLQ job_id='' workflow_id='' error_message='' retry_count=0 max_retries=0
"""  # noqa: E501 - one line an event


def wire_form(line: str) -> tuple[str, str]:
    name, *own = line.split()
    return name, " ".join(own)


@pytest.mark.parametrize(
    ("name", "own"), [wire_form(line) for line in CATALOGUE.strip().splitlines()]
)
def test_an_event_built_from_nothing_has_its_defaults_on_the_wire(name: str, own: str) -> None:
    made = getattr(events, name)()

    wire = made.to_dict()

    assert list(wire)[:3] == ["event_type", "event_id", "occurred_on"]
    assert wire["event_type"] == name == made.event_type_name
    shown = [f"{key}={value!r}".replace(", ", ",") for key, value in list(wire.items())[3:]]
    assert " ".join(shown) == own


def test_every_exported_event_is_in_the_catalogue() -> None:
    listed = {wire_form(line)[0] for line in CATALOGUE.strip().splitlines()}

    assert {cls.__name__ for cls in EVENT_CLASSES} == listed


@pytest.mark.parametrize("cls", EVENT_CLASSES, ids=lambda cls: cls.__name__)
def test_every_event_is_frozen_comparable_and_portable(cls: type[DomainEvent]) -> None:
    made = cls()

    for field in fields(cls):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, "x")
        with pytest.raises(FrozenInstanceError):
            delattr(made, field.name)
    assert made == copy.copy(made) == copy.deepcopy(made) == pickle.loads(pickle.dumps(made))
    assert made != cls()
    assert hash(made) == hash(pickle.loads(pickle.dumps(made)))
    assert repr(made).startswith(f"{cls.__name__}(event_id=UUID(")
    json.dumps(made.to_dict(), allow_nan=False)


def test_an_event_has_an_identity_and_a_time_that_stay() -> None:
    before = datetime.now(UTC)
    made = NodeStarted(node_id="a")
    after = datetime.now(UTC)

    assert isinstance(made.event_id, UUID)
    assert made.event_id.version == 4
    assert made.event_id == made.event_id != NodeStarted(node_id="a").event_id
    assert before - timedelta(milliseconds=1) <= made.occurred_on <= after
    assert made.occurred_on is made.occurred_on
    assert made.occurred_on.tzinfo is UTC
    assert made.timestamp == pytest.approx(made.occurred_on.timestamp(), abs=1e-5)


def test_the_time_is_that_of_the_making_not_of_the_first_look() -> None:
    first = NodeStarted()
    second = NodeStarted()

    assert second.occurred_on >= first.occurred_on
    assert pickle.loads(pickle.dumps(first)).timestamp == pytest.approx(first.timestamp, abs=1e-5)


def test_identity_and_time_can_be_given() -> None:
    identity, moment = UUID(int=7), datetime(2024, 1, 2, tzinfo=UTC)

    made = NodeStarted(event_id=identity, occurred_on=moment)

    assert (made.event_id, made.occurred_on) == (identity, moment)
    assert made.timestamp == moment.timestamp()
    assert made.to_dict()["occurred_on"] == "2024-01-02T00:00:00+00:00"
    assert made.to_dict()["event_id"] == str(identity)


def test_replace_changes_one_field_and_keeps_the_rest() -> None:
    made = NodeCompleted(node_id="a", execution_time_ms=1.5)

    changed = replace(made, node_id="b")

    assert (changed.node_id, changed.execution_time_ms) == ("b", 1.5)
    assert (changed.event_id, changed.occurred_on) == (made.event_id, made.occurred_on)


def test_an_event_with_a_dict_in_it_still_fits_into_a_set() -> None:
    made = NodeCompleted(output_data={"rows": [1]})

    assert {made, copy.copy(made)} == {made}


def test_a_wrong_or_positional_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="node_idd"):
        NodeStarted(node_idd="a")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        NodeStarted("a")  # type: ignore[call-arg, arg-type]


def test_an_attribute_that_is_not_there_is_missed() -> None:
    with pytest.raises(AttributeError, match="'NodeStarted' object has no attribute 'nothing'"):
        _ = NodeStarted().nothing  # type: ignore[attr-defined]


def test_enums_go_by_name_and_levels_by_value() -> None:
    failed = NodeFailed(error_code=ErrorCode.FILE_NOT_FOUND).to_dict()
    changed = NodeStatusChanged(old_status=NodeStatus.IDLE, new_status=NodeStatus.RUNNING).to_dict()

    assert failed["error_code"] == "FILE_NOT_FOUND"
    assert (changed["old_status"], changed["new_status"]) == ("IDLE", "RUNNING")
    assert (
        WorkflowStarted(execution_mode=ExecutionMode.DEBUG).to_dict()["execution_mode"] == "DEBUG"
    )
    assert LogMessage(level=LogLevel.WARNING).to_dict()["level"] == "WARNING"


def test_values_that_are_no_json_become_text() -> None:
    class Page:
        def __str__(self) -> str:
            return "a page"

    wire = NodeCompleted(output_data={"page": Page(), "rows": (1, float("nan"))}).to_dict()

    assert wire["output_data"] == {"page": "a page", "rows": [1, "nan"]}
    assert VariableSet(variable_value={1}).to_dict()["variable_value"] == "{1}"


def test_a_place_goes_over_the_wire_as_one_key() -> None:
    wire = NodeAdded(node_id="a", position_x=1.5, position_y=-2.0).to_dict()

    assert wire["position"] == [1.5, -2.0]
    assert "position_x" not in wire


def test_tuples_become_lists() -> None:
    assert RobotRegistered(capabilities=("browser", "gpu")).to_dict()["capabilities"] == [
        "browser",
        "gpu",
    ]


def test_the_payload_is_the_wire_form_without_the_head() -> None:
    made = JobSubmitted(job_id="j")

    assert {**made.payload()} == {
        k: v
        for k, v in made.to_dict().items()
        if k not in ("event_type", "event_id", "occurred_on")
    }


def test_an_event_of_one_s_own_is_an_event_like_the_others() -> None:
    @event
    class InvoicePaid(AggregateEvent):
        amount: float = 0.0
        lines: list[Any] | None = None

    paid = InvoicePaid(aggregate_id="inv-1", amount=9.5)

    assert list(paid.payload().items()) == [
        ("aggregate_id", "inv-1"),
        ("amount", 9.5),
        ("lines", None),
    ]
    with pytest.raises(FrozenInstanceError):
        paid.amount = 1.0  # type: ignore[misc]
