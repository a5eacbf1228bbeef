"""Changes to a workflow while somebody edits it. A run publishes none of these."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.declare import event


@event
class NodeAdded(DomainEvent):
    """A node was put into a workflow; on the wire its place is `position: [x, y]`."""

    workflow_id: str = ""
    node_id: str = ""
    node_type: str = ""
    position_x: float = 0.0
    position_y: float = 0.0

    def payload(self) -> dict[str, Any]:
        """The own fields, with the two coordinates as one key `position`."""
        own = DomainEvent.payload(self)
        own["position"] = [own.pop("position_x"), own.pop("position_y")]
        return own


@event
class NodeRemoved(DomainEvent):
    """A node was taken out of a workflow."""

    workflow_id: str = ""
    node_id: str = ""


@event
class NodeConnected(DomainEvent):
    """Two ports were joined."""

    workflow_id: str = ""
    source_node: str = ""
    source_port: str = ""
    target_node: str = ""
    target_port: str = ""


@event
class NodeDisconnected(DomainEvent):
    """Two ports were parted."""

    workflow_id: str = ""
    source_node: str = ""
    source_port: str = ""
    target_node: str = ""
    target_port: str = ""
