import pytest

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.results import NodeResult


def test_a_good_result_carries_data() -> None:
    result = NodeResult.ok({"total": 3}, route_to=("true",))

    assert (result.success, result.data, result.route_to) == (True, {"total": 3}, ("true",))


def test_a_bad_result_says_why() -> None:
    result = NodeResult.fail("no such file", ErrorCode.FILE_NOT_FOUND)

    assert (result.success, result.error) == (False, "no such file")
    assert result.error_code is ErrorCode.FILE_NOT_FOUND
    assert not result.should_retry


def test_a_result_can_ask_for_another_try() -> None:
    result = NodeResult.retry("busy", delay_ms=250)

    assert (result.success, result.should_retry, result.retry_delay_ms) == (False, True, 250)


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        NodeResult.ok().success = False  # type: ignore[misc]
