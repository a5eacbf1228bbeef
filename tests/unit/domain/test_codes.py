import pytest

from casare_rpa.domain.codes import ErrorCode


class ReadTimeout(Exception):
    pass


class SSLFault(Exception):
    pass


def driver_error(message: str) -> Exception:
    cls: type[Exception] = type("Error", (Exception,), {"__module__": "playwright._impl._errors"})
    return cls(message)


def test_there_are_sixty_codes_with_numbers_of_their_own() -> None:
    assert len(ErrorCode.__members__) == 60
    assert len({code.value for code in ErrorCode}) == 60


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (ErrorCode.UNKNOWN_ERROR, "General"),
        (ErrorCode.JAVASCRIPT_ERROR, "Browser/Web"),
        (ErrorCode.UI_AUTOMATION_ERROR, "Desktop"),
        (ErrorCode.EXPRESSION_ERROR, "Data/Validation"),
        (ErrorCode.NODE_CONFIG_ERROR, "Configuration"),
        (ErrorCode.API_ERROR, "Network"),
        (ErrorCode.FILE_ACCESS_DENIED, "Resource"),
    ],
)
def test_the_thousands_tell_the_category(code: ErrorCode, category: str) -> None:
    assert code.category == category


def test_exactly_the_passing_faults_are_retryable() -> None:
    assert {code.name for code in ErrorCode if code.is_retryable} == {
        "TIMEOUT",
        "NETWORK_ERROR",
        "CONNECTION_TIMEOUT",
        "CONNECTION_REFUSED",
        "ELEMENT_STALE",
        "DESKTOP_ELEMENT_STALE",
        "APPLICATION_NOT_RESPONDING",
        "RESOURCE_LOCKED",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), ErrorCode.TIMEOUT),
        (ReadTimeout("slow"), ErrorCode.TIMEOUT),
        (ValueError("Timeout while waiting"), ErrorCode.TIMEOUT),
        (ConnectionError("connection timeout"), ErrorCode.TIMEOUT),
        (driver_error("Element not found: #a"), ErrorCode.ELEMENT_NOT_FOUND),
        (driver_error("element is stale"), ErrorCode.ELEMENT_STALE),
        (driver_error("navigation interrupted"), ErrorCode.NAVIGATION_FAILED),
        (driver_error("browser has been closed"), ErrorCode.BROWSER_CLOSED),
        (driver_error("browser did not start"), ErrorCode.BROWSER_LAUNCH_FAILED),
        (driver_error("something else"), ErrorCode.UNKNOWN_ERROR),
        (ValueError("bad selector"), ErrorCode.SELECTOR_INVALID),
        (ValueError("bad"), ErrorCode.INVALID_INPUT),
        (TypeError("bad"), ErrorCode.TYPE_MISMATCH),
        (ConnectionRefusedError("no"), ErrorCode.CONNECTION_REFUSED),
        (ConnectionResetError("reset"), ErrorCode.NETWORK_ERROR),
        (OSError("connection refused"), ErrorCode.CONNECTION_REFUSED),
        (SSLFault("x"), ErrorCode.SSL_ERROR),
        (OSError("certificate verify failed"), ErrorCode.SSL_ERROR),
        (FileNotFoundError("a.txt"), ErrorCode.FILE_NOT_FOUND),
        (PermissionError("a.txt"), ErrorCode.PERMISSION_DENIED),
        (MemoryError(), ErrorCode.MEMORY_ERROR),
        (KeyError("x"), ErrorCode.UNKNOWN_ERROR),
    ],
)
def test_an_exception_gets_the_first_code_that_fits(error: Exception, code: ErrorCode) -> None:
    assert ErrorCode.from_exception(error) is code


def test_an_exception_that_knows_its_code_keeps_it() -> None:
    error = ValueError("timeout")
    error.error_code = ErrorCode.HTTP_ERROR  # type: ignore[attr-defined]

    assert ErrorCode.from_exception(error) is ErrorCode.HTTP_ERROR


def test_a_code_is_found_by_its_name_also_by_an_old_one() -> None:
    assert ErrorCode.from_name(" timeout ") is ErrorCode.TIMEOUT
    assert ErrorCode.from_name("SELECTOR_NOT_FOUND") is ErrorCode.ELEMENT_NOT_FOUND
    assert ErrorCode.from_name("NO_SUCH_CODE") is None
