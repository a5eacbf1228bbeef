"""Tables of what a node does: a row is a config and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from casare_rpa.engine import RunResult
from tests.support.runs import run_node


class Does(NamedTuple):
    """A node with this config gives at least these outputs; None means that there is none."""

    node_type: str
    config: Mapping[str, Any]
    outputs: Mapping[str, Any]
    variables: Mapping[str, Any] | None = None

    def check(self) -> None:
        result = run_node(self.node_type, self.config, self.variables)
        assert result.success, result.error
        got = result.outputs.get("n", {})
        assert {name: got.get(name) for name in self.outputs} == dict(self.outputs)
        for name, value in self.outputs.items():
            assert type(got.get(name)) is type(value), name


class Refuses(NamedTuple):
    """A node with this config fails, and its message holds these words."""

    node_type: str
    config: Mapping[str, Any]
    words: str
    code: str = ""
    variables: Mapping[str, Any] | None = None

    def check(self) -> None:
        result = run_node(self.node_type, self.config, self.variables)
        assert result.status == "failed"
        assert result.error is not None
        assert self.words in result.error.message, result.error.message
        assert result.error.node_id == "n"
        if self.code:
            assert result.error.code == self.code


def named(row: Does | Refuses) -> str:
    """A name for a row, for the test report."""
    return f"{row.node_type}-{'-'.join(f'{k}={v}' for k, v in row.config.items())}"[:80]


def outputs(node_type: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    result: RunResult = run_node(node_type, config)
    assert result.success, result.error
    return result.outputs["n"]
