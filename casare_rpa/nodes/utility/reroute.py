"""A bend in a wire."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, unlisted


class RerouteNode(Node):
    """Pass a value straight through."""

    category = "utility"
    example = {"in": 1}
    outputs = (Output("out"),)
    value: Any = param(None, key="in", help="What to pass on.")
    data_type: Any = unlisted("ANY", kind="string", help="The kind of value, for editors.")
    is_exec_reroute: bool = unlisted(
        False, kind="boolean", help="The wire is one of execution, for editors."
    )

    def run(self, ctx: Context) -> Outputs:
        return {"out": self.value}
