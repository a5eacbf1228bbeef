"""A workflow does what the same program does in plain Python."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.engine.programs import NAMES, Block, Writer, interpret, programs
from tests.support.runs import run_document


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_a_random_program_does_what_it_does_in_python(program: Block) -> None:
    expected = interpret(program)
    result = run_document(Writer().document(program))
    assert {name: result.variables[name] for name in NAMES} == expected.variables
    assert [line["message"] for line in result.logs] == expected.logs
    assert result.status == ("completed" if expected.error is None else "failed")
    if expected.error is not None:
        assert result.error is not None
        assert result.error.message.endswith(expected.error)
