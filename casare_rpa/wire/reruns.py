"""Running a job again, from its first node or from a later one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire

NodeId = Annotated[str, Field(min_length=1, max_length=1024)]


class RerunRequest(Wire):
    """Where the new job begins, and with what."""

    #: failed: at the node where the job failed or stopped; node: at `from_node`; all: at the first.
    start: Literal["failed", "node", "all"]
    from_node: NodeId | None = None
    #: Variables with other values than they had there.
    variables: Json = Field(default_factory=dict)
    #: The workflow as it is now, not as it ran. The finished nodes must be the same.
    latest: StrictBool = False
    #: Only say what would be done.
    dry_run: StrictBool = False
    #: Without it nothing is run again that had begun to act on the outside world.
    accept_side_effects: StrictBool = False

    @model_validator(mode="after")
    def _names_a_node(self) -> Self:
        if (self.start == "node") != (self.from_node is not None):
            raise ValueError("from_node goes with start=node, and only with it")
        return self


class NodeReused(Wire):
    node_id: str
    node_type: str = ""
    finished_at: datetime


class NodeAhead(Wire):
    node_id: str
    node_type: str = ""


class SideEffect(Wire):
    """A node of the job, or of one that it repeats, that had begun to act on the outside world."""

    node_id: str
    node_type: str = ""
    #: How often it began, in all attempts of these jobs, and when it last did.
    times: int
    began_at: datetime
    #: The new job may run it, so that it acts again.
    again: bool


class Rerun(Wire):
    """What running the job again means, and the new job unless it was a dry run."""

    job_id: str
    new_job_id: str | None = None
    workflow_id: str
    workflow_version: int
    #: None: from the first node.
    from_node: str | None = None
    #: The side effects that already happened.
    side_effects: list[SideEffect] = Field(default_factory=list)
    #: Finished nodes whose outputs are taken over.
    reused: list[NodeReused] = Field(default_factory=list)
    #: Nodes that may run; branches decide which do.
    runs: list[NodeAhead] = Field(default_factory=list)
    #: Names of the variables that were given other values.
    variables: list[str] = Field(default_factory=list)
    #: Jobs that were made out of this one before in the same way.
    earlier_reruns: list[str] = Field(default_factory=list)
    #: Why the list of side effects may be incomplete.
    warning: str | None = None
    message: str
