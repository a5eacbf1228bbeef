"""Where a run begins, where a branch ends, and notes."""

from __future__ import annotations

from casare_rpa.nodes.base import Context, Node, Outputs, prop


class StartNode(Node):
    """Mark where a run begins.

    If a workflow has one, only what it leads to is run; without one the run begins at every node
    that nothing leads to. Of several the first counts.
    """

    category = "basic"
    control = "start"

    def run(self, ctx: Context) -> None:
        return None


class EndNode(Node):
    """End the branch here; whatever is wired behind it is not run."""

    category = "basic"
    control = "end"

    def run(self, ctx: Context) -> Outputs:
        return {"message": "the branch has ended"}


class CommentNode(Node):
    """Carry a note. Wired into a chain it passes through."""

    category = "basic"
    control = "comment"
    example = {"comment": "the bank closes at five"}
    comment: str = prop("", kind="text", help="the note")

    def run(self, ctx: Context) -> None:
        return None
