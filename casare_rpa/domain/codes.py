"""Why a node or a run failed, as numbers that never change."""

from __future__ import annotations

from enum import IntEnum

_CATEGORIES = {
    1: "General",
    2: "Browser/Web",
    3: "Desktop",
    4: "Data/Validation",
    5: "Configuration",
    6: "Network",
    7: "Resource",
}
_BROWSER_DRIVERS = frozenset({"playwright", "patchright", "selenium"})


class ErrorCode(IntEnum):
    """A cause of failure. The thousands tell the category; a number is never used again."""

    UNKNOWN_ERROR = 1000
    TIMEOUT = 1001
    CANCELLED = 1002
    NOT_IMPLEMENTED = 1003
    INTERNAL_ERROR = 1004
    INVALID_INPUT = 1005
    PERMISSION_DENIED = 1006

    BROWSER_NOT_FOUND = 2000
    BROWSER_LAUNCH_FAILED = 2001
    BROWSER_CLOSED = 2002
    PAGE_NOT_FOUND = 2003
    PAGE_LOAD_FAILED = 2004
    ELEMENT_NOT_FOUND = 2005
    ELEMENT_NOT_VISIBLE = 2006
    ELEMENT_NOT_ENABLED = 2007
    ELEMENT_STALE = 2008
    SELECTOR_INVALID = 2009
    NAVIGATION_FAILED = 2010
    CLICK_FAILED = 2011
    TYPE_FAILED = 2012
    SCREENSHOT_FAILED = 2013
    JAVASCRIPT_ERROR = 2014

    WINDOW_NOT_FOUND = 3000
    APPLICATION_LAUNCH_FAILED = 3001
    APPLICATION_NOT_RESPONDING = 3002
    DESKTOP_ELEMENT_NOT_FOUND = 3003
    DESKTOP_ELEMENT_STALE = 3004
    DESKTOP_ACTION_FAILED = 3005
    KEYBOARD_INPUT_FAILED = 3006
    MOUSE_ACTION_FAILED = 3007
    UI_AUTOMATION_ERROR = 3008

    VALIDATION_FAILED = 4000
    PARSE_ERROR = 4001
    TYPE_MISMATCH = 4002
    VALUE_OUT_OF_RANGE = 4003
    MISSING_REQUIRED_FIELD = 4004
    DUPLICATE_VALUE = 4005
    INVALID_FORMAT = 4006
    SERIALIZATION_ERROR = 4007
    EXPRESSION_ERROR = 4008

    CONFIG_NOT_FOUND = 5000
    CONFIG_INVALID = 5001
    CONFIG_MISSING_KEY = 5002
    TEMPLATE_ERROR = 5003
    WORKFLOW_INVALID = 5004
    NODE_CONFIG_ERROR = 5005

    NETWORK_ERROR = 6000
    CONNECTION_REFUSED = 6001
    CONNECTION_TIMEOUT = 6002
    DNS_LOOKUP_FAILED = 6003
    SSL_ERROR = 6004
    HTTP_ERROR = 6005
    API_ERROR = 6006

    RESOURCE_NOT_FOUND = 7000
    RESOURCE_LOCKED = 7001
    RESOURCE_EXHAUSTED = 7002
    MEMORY_ERROR = 7003
    DISK_FULL = 7004
    FILE_NOT_FOUND = 7005
    FILE_ACCESS_DENIED = 7006

    @property
    def category(self) -> str:
        """The range's name, such as `Network`."""
        return _CATEGORIES[self.value // 1000]

    @property
    def is_retryable(self) -> bool:
        """Whether the same step may succeed if it is simply tried again."""
        return self in _RETRYABLE

    @classmethod
    def from_name(cls, name: str) -> ErrorCode | None:
        """The code called *name*, or None. SELECTOR_NOT_FOUND reads as ELEMENT_NOT_FOUND."""
        name = name.strip().upper()
        return cls.__members__.get("ELEMENT_NOT_FOUND" if name == "SELECTOR_NOT_FOUND" else name)

    @classmethod
    def from_exception(cls, error: BaseException) -> ErrorCode:
        """The code that fits *error* best.

        An exception with an ErrorCode in its attribute `error_code` keeps it; every other is
        judged by its class name and message, the first rule that applies.
        """
        known = getattr(error, "error_code", None)
        if isinstance(known, ErrorCode):
            return known
        message = str(error).lower()
        if "timeout" in f"{type(error).__name__.lower()} {message}":
            return cls.TIMEOUT
        if _is_from_browser_driver(error) and (code := _browser_code(message)):
            return code
        return _code_by_class(error, message) or cls.UNKNOWN_ERROR


_RETRYABLE = frozenset(
    {
        ErrorCode.TIMEOUT,
        ErrorCode.NETWORK_ERROR,
        ErrorCode.CONNECTION_TIMEOUT,
        ErrorCode.CONNECTION_REFUSED,
        ErrorCode.ELEMENT_STALE,
        ErrorCode.DESKTOP_ELEMENT_STALE,
        ErrorCode.APPLICATION_NOT_RESPONDING,
        ErrorCode.RESOURCE_LOCKED,
    }
)

_BY_CLASS: tuple[tuple[type[BaseException], ErrorCode], ...] = (
    (FileNotFoundError, ErrorCode.FILE_NOT_FOUND),
    (PermissionError, ErrorCode.PERMISSION_DENIED),
    (MemoryError, ErrorCode.MEMORY_ERROR),
)


def _is_from_browser_driver(error: BaseException) -> bool:
    return any(
        cls.__module__.partition(".")[0] in _BROWSER_DRIVERS or "playwright" in cls.__name__.lower()
        for cls in type(error).__mro__
    )


def _browser_code(message: str) -> ErrorCode | None:
    if "element" in message and "not found" in message:
        return ErrorCode.ELEMENT_NOT_FOUND
    if "element" in message and "stale" in message:
        return ErrorCode.ELEMENT_STALE
    if "navigation" in message:
        return ErrorCode.NAVIGATION_FAILED
    if "browser" in message:
        return ErrorCode.BROWSER_CLOSED if "closed" in message else ErrorCode.BROWSER_LAUNCH_FAILED
    return None


def _code_by_class(error: BaseException, message: str) -> ErrorCode | None:
    if isinstance(error, ValueError):
        return ErrorCode.SELECTOR_INVALID if "selector" in message else ErrorCode.INVALID_INPUT
    if isinstance(error, TypeError):
        return ErrorCode.TYPE_MISMATCH
    said = f"{type(error).__name__.lower()} {message}"
    if "connection" in said:
        return ErrorCode.CONNECTION_REFUSED if "refused" in said else ErrorCode.NETWORK_ERROR
    if "ssl" in said or "certificate" in said:
        return ErrorCode.SSL_ERROR
    return next((code for cls, code in _BY_CLASS if isinstance(error, cls)), None)
