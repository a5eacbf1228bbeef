"""What went wrong in a database, in one line: the cause, and what to do about it."""

from __future__ import annotations

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

_BUSINESS = frozenset({ErrorCode.DUPLICATE_VALUE, ErrorCode.VALIDATION_FAILED})
_SYNTAX = "check the SQL; a placeholder or mark can stand for a value only"
_UNREACHABLE = "check host and port, and that the server runs"

#: What PostgreSQL and MySQL say of a login, a name, a value.
_MENDS = {
    ErrorCode.PERMISSION_DENIED: "check username, password and the rights of this user",
    ErrorCode.RESOURCE_NOT_FOUND: "check the name, or create it first",
    ErrorCode.INVALID_INPUT: _SYNTAX,
    ErrorCode.RESOURCE_LOCKED: "somebody else works on the same rows; retry_count tries again",
    ErrorCode.NETWORK_ERROR: "the connection is opened again when it is next used",
    ErrorCode.CONNECTION_REFUSED: _UNREACHABLE,
    ErrorCode.CONNECTION_TIMEOUT: _UNREACHABLE,
    ErrorCode.DNS_LOOKUP_FAILED: "check host",
    ErrorCode.FILE_ACCESS_DENIED: "check that the folder exists and may be written to",
    ErrorCode.SSL_ERROR: "check ssl and ssl_ca",
}

#: SQLSTATE, or the class it begins with.
_STATES = {
    **{"08": ErrorCode.NETWORK_ERROR, "57P": ErrorCode.NETWORK_ERROR},
    **{"28": ErrorCode.PERMISSION_DENIED, "42501": ErrorCode.PERMISSION_DENIED},
    **{"3D": ErrorCode.RESOURCE_NOT_FOUND, "42P01": ErrorCode.RESOURCE_NOT_FOUND},
    **{"23505": ErrorCode.DUPLICATE_VALUE, "23": ErrorCode.VALIDATION_FAILED},
    **{"22": ErrorCode.VALIDATION_FAILED, "40": ErrorCode.RESOURCE_LOCKED},
    **{"55P03": ErrorCode.RESOURCE_LOCKED, "57014": ErrorCode.TIMEOUT},
    **{"53": ErrorCode.RESOURCE_EXHAUSTED, "42": ErrorCode.INVALID_INPUT},
}

#: Numbers of MySQL.
_NUMBERS = {
    **dict.fromkeys((1044, 1045, 1142, 1143, 1227, 1698), ErrorCode.PERMISSION_DENIED),
    **dict.fromkeys((1049, 1051, 1109, 1146), ErrorCode.RESOURCE_NOT_FOUND),
    **dict.fromkeys((1062, 1586), ErrorCode.DUPLICATE_VALUE),
    **dict.fromkeys((1048, 1216, 1217, 1264, 1265), ErrorCode.VALIDATION_FAILED),
    **dict.fromkeys((1292, 1364, 1366, 1406, 1451, 1452, 4025), ErrorCode.VALIDATION_FAILED),
    **dict.fromkeys((1205, 1213), ErrorCode.RESOURCE_LOCKED),
    **dict.fromkeys((1317, 1969, 3024), ErrorCode.TIMEOUT),
    **dict.fromkeys((0, 1053, 1927, 2006, 2013, 2014, 2055), ErrorCode.NETWORK_ERROR),
}
#: From here on they are those of the client, which say little.
_FIRST_OF_CLIENT = 2000

#: SQLite's names, or what they begin with.
_SQLITE = {
    "SQLITE_CONSTRAINT_UNIQUE": ErrorCode.DUPLICATE_VALUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": ErrorCode.DUPLICATE_VALUE,
    "SQLITE_CONSTRAINT": ErrorCode.VALIDATION_FAILED,
    "SQLITE_MISMATCH": ErrorCode.VALIDATION_FAILED,
    "SQLITE_BUSY": ErrorCode.RESOURCE_LOCKED,
    "SQLITE_LOCKED": ErrorCode.RESOURCE_LOCKED,
    "SQLITE_CANTOPEN": ErrorCode.FILE_ACCESS_DENIED,
    "SQLITE_NOTADB": ErrorCode.INVALID_FORMAT,
    "SQLITE_READONLY": ErrorCode.PERMISSION_DENIED,
    "SQLITE_AUTH": ErrorCode.PERMISSION_DENIED,
    "SQLITE_FULL": ErrorCode.DISK_FULL,
    "SQLITE_INTERRUPT": ErrorCode.TIMEOUT,
}

#: Words of what clients say while they connect, in the order in which they are looked for.
_WORDS = (
    ("password", ErrorCode.PERMISSION_DENIED),
    ('role "', ErrorCode.PERMISSION_DENIED),
    ("refused", ErrorCode.CONNECTION_REFUSED),
    ("timeout expired", ErrorCode.CONNECTION_TIMEOUT),
    ("timed out", ErrorCode.CONNECTION_TIMEOUT),
    ("not known", ErrorCode.DNS_LOOKUP_FAILED),
    ("resolve host", ErrorCode.DNS_LOOKUP_FAILED),
    ("host name", ErrorCode.DNS_LOOKUP_FAILED),
    ("name resolution", ErrorCode.DNS_LOOKUP_FAILED),
    ("no address associated", ErrorCode.DNS_LOOKUP_FAILED),
    ("does not exist", ErrorCode.RESOURCE_NOT_FOUND),
    ("certificate", ErrorCode.SSL_ERROR),
    ("ssl", ErrorCode.SSL_ERROR),
    ("closed", ErrorCode.NETWORK_ERROR),
    ("connection", ErrorCode.NETWORK_ERROR),
)


def node_error(error: BaseException, where: str, password: str) -> NodeError:
    """What *error* of a driver means for the node that asked *where*."""
    # SQLAlchemy wraps what the driver raised.
    cause = getattr(error, "orig", None) or error
    code = _code(cause)
    said = _one_line(cause)
    if len(password) >= 4:
        said = said.replace(password, "***")
    mend = _MENDS.get(code)
    return NodeError(
        f"{where}: {said}" + (f"; {mend}" if mend else ""), code, business=code in _BUSINESS
    )


def _code(error: BaseException) -> ErrorCode:
    if name := getattr(error, "sqlite_errorname", None):
        return _of_sqlite(name, str(error))
    number = error.args[0] if error.args else None
    if isinstance(number, int) and (number in _NUMBERS or number < _FIRST_OF_CLIENT):
        return _NUMBERS.get(number, ErrorCode.INVALID_INPUT)
    if state := getattr(error, "sqlstate", None):
        found = (_STATES.get(state[:length]) for length in (5, 3, 2))
        return next(filter(None, found), ErrorCode.INVALID_INPUT)
    if not isinstance(error, OSError) and "Operational" not in type(error).__name__:
        return ErrorCode.INVALID_INPUT
    text = str(error).lower()
    return next((code for words, code in _WORDS if words in text), ErrorCode.INVALID_INPUT)


def _of_sqlite(name: str, text: str) -> ErrorCode:
    if text.startswith("no such table"):
        return ErrorCode.RESOURCE_NOT_FOUND
    found = (code for start, code in _SQLITE.items() if name.startswith(start))
    return next(found, ErrorCode.INVALID_INPUT)


def _one_line(error: BaseException) -> str:
    diagnosis = getattr(error, "diag", None)
    primary = getattr(diagnosis, "message_primary", None)
    if primary:
        hint = getattr(diagnosis, "message_detail", None)
        return f"{primary} ({hint})" if hint else str(primary)
    if len(error.args) == 2 and isinstance(error.args[0], int):
        return " ".join(str(error.args[1]).split())
    return " ".join(str(error).split()) or type(error).__name__
