"""The fixed vocabularies of workflows, runs and robots. A member's value never changes.

They are an interface: programs and workflows import them, also those that nothing here uses.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum


class NodeStatus(Enum):
    """What a person sees of a node."""

    IDLE = 1
    RUNNING = 2
    SUCCESS = 3
    ERROR = 4
    SKIPPED = 5
    CANCELLED = 6


class NodeState(Enum):
    """Where a node stands inside a run; finer than NodeStatus."""

    PENDING = 1
    SCHEDULED = 2
    RUNNING = 3
    SUCCESS = 4
    FAILED = 5
    SKIPPED = 6
    CANCELLED = 7
    RETRYING = 8
    UPSTREAM_FAILED = 9

    @property
    def status(self) -> NodeStatus:
        """The same, as a person sees it."""
        return _STATUS_OF_STATE[self]

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more happens to the node in this run."""
        return self in _TERMINAL_STATES


_STATUS_OF_STATE = {
    NodeState.PENDING: NodeStatus.IDLE,
    NodeState.SCHEDULED: NodeStatus.IDLE,
    NodeState.RUNNING: NodeStatus.RUNNING,
    NodeState.RETRYING: NodeStatus.RUNNING,
    NodeState.SUCCESS: NodeStatus.SUCCESS,
    NodeState.FAILED: NodeStatus.ERROR,
    NodeState.SKIPPED: NodeStatus.SKIPPED,
    NodeState.UPSTREAM_FAILED: NodeStatus.SKIPPED,
    NodeState.CANCELLED: NodeStatus.CANCELLED,
}
_TERMINAL_STATES = frozenset(
    {
        NodeState.SUCCESS,
        NodeState.FAILED,
        NodeState.SKIPPED,
        NodeState.CANCELLED,
        NodeState.UPSTREAM_FAILED,
    }
)


class PortType(Enum):
    """Which way a port points, and whether data or control passes it.

    For programs that import it.
    """

    INPUT = 1
    OUTPUT = 2
    EXEC_INPUT = 3
    EXEC_OUTPUT = 4


class DataType(Enum):
    """What a data port carries."""

    STRING = 1
    NUMBER = 2
    INTEGER = 3
    FLOAT = 4
    BOOLEAN = 5
    LIST = 6
    DICT = 7
    ANY = 8
    EXEC = 9
    ELEMENT = 10
    PAGE = 11
    BROWSER = 12
    DB_CONNECTION = 13
    WORKBOOK = 14
    WORKSHEET = 15
    DOCUMENT = 16
    WINDOW = 17
    DESKTOP_ELEMENT = 18
    OBJECT = 19
    BYTES = 20


class ExecutionMode(Enum):
    """How a run is carried out."""

    NORMAL = 1
    DEBUG = 2
    VALIDATE = 3


class LogLevel(StrEnum):
    """Importance of a log line. Members compare by severity, also with a level's name."""

    TRACE = "TRACE"
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def severity(self) -> int:
        """0 for TRACE to 50 for CRITICAL; the numbers of `logging`, except for TRACE."""
        return _SEVERITIES[self.value]

    @classmethod
    def from_string(cls, text: str) -> LogLevel:
        """Read a level in any case, or by a usual short name; anything unknown is INFO."""
        name = text.strip().upper()
        return cls.__members__.get(_LEVEL_ALIASES.get(name, name), cls.INFO)

    # str brings its own order, so all four have to be said.
    def __lt__(self, other: str) -> bool:
        return self.severity < LogLevel.from_string(other).severity

    def __le__(self, other: str) -> bool:
        return self.severity <= LogLevel.from_string(other).severity

    def __gt__(self, other: str) -> bool:
        return self.severity > LogLevel.from_string(other).severity

    def __ge__(self, other: str) -> bool:
        return self.severity >= LogLevel.from_string(other).severity


_SEVERITIES = {"TRACE": 0, "DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_LEVEL_ALIASES = {"WARN": "WARNING", "ERR": "ERROR", "FATAL": "CRITICAL", "VERBOSE": "TRACE"}


class EventType(Enum):
    """Old numbers of events. On the wire an event goes by its class name, never by these.

    For programs that import it.
    """

    NODE_STARTED = 1
    NODE_COMPLETED = 2
    NODE_ERROR = 3
    NODE_SKIPPED = 4
    NODE_STATUS_CHANGED = 5
    WORKFLOW_STARTED = 6
    WORKFLOW_COMPLETED = 7
    WORKFLOW_ERROR = 8
    WORKFLOW_FAILED = 9
    WORKFLOW_STOPPED = 10
    WORKFLOW_PAUSED = 11
    WORKFLOW_RESUMED = 12
    WORKFLOW_PROGRESS = 13
    VARIABLE_SET = 14
    LOG_MESSAGE = 15
    BROWSER_PAGE_READY = 16
    DEBUG_BREAKPOINT_HIT = 17
    RESOURCE_ACQUIRED = 18
    RESOURCE_RELEASED = 19


class TriggerType(StrEnum):
    """What sets a workflow off."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    WEBHOOK = "webhook"
    FILE_WATCH = "file_watch"
    EMAIL = "email"
    APP_EVENT = "app_event"
    FORM = "form"
    CHAT = "chat"
    ERROR = "error"
    WORKFLOW_CALL = "workflow_call"
    RSS_FEED = "rss_feed"
    SSE = "sse"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    GMAIL = "gmail"
    SHEETS = "sheets"
    DRIVE = "drive"
    CALENDAR = "calendar"


class JobPriority(IntEnum):
    """Priority by name. A job's own number runs from 0, served first, to 20."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def queue_priority(self) -> int:
        """The job's number for this name: 15, 10, 5, 0."""
        return 15 - 5 * self.value


class RobotStatus(StrEnum):
    """How a robot stands with the orchestrator. For programs that import it."""

    OFFLINE = "offline"
    ONLINE = "online"
    BUSY = "busy"
    ERROR = "error"
    MAINTENANCE = "maintenance"


class AgentState(StrEnum):
    """What the agent program is doing. For programs that import it."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"
