"""Running one node of Google's against the server of the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.engine import RunResult
from casare_rpa.nodes.google._services import BASE_URL
from casare_rpa.secrets import Secret, SecretMissing
from tests.nodes.google.server import Google
from tests.support.runs import chain, document, node, run_document


@dataclass
class Robot:
    """A robot with stored `secrets`; its secret `google` is a token that the server has given.

    Signing in as a service account takes a moment: `google.key_file()` is the secret for that.
    """

    google: Google
    folder: Path
    secrets: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    events: list[DomainEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.secrets["google"] = {"access_token": self.google.give_token()}
        self.environment[BASE_URL] = self.google.url

    def outputs(self, node_type: str, **config: Any) -> dict[str, Any]:
        """The outputs of a node that does its job."""
        result = self.run(node_type, **config)
        assert result.success, result.error
        return dict(result.outputs["n"])

    def steps(self, *steps: dict[str, Any]) -> list[dict[str, Any]]:
        """The outputs of several nodes, `n0` and so on, one after the other in one run."""
        names = [f"n{number}" for number in range(len(steps))]
        result = self.run_nodes(dict(zip(names, steps, strict=True)), chain(*names))
        assert result.success, result.error
        return [dict(result.outputs[name]) for name in names]

    def failure(self, node_type: str, **config: Any) -> tuple[str, str]:
        """Code and message of a node that fails."""
        result = self.run(node_type, **config)
        assert result.error is not None
        return result.error.code, result.error.message

    def run(self, node_type: str, **config: Any) -> RunResult:
        return self.run_nodes({"n": node(node_type, **config)})

    def run_nodes(
        self, nodes: Mapping[str, Mapping[str, Any]], *chains: list[dict[str, str]], **more: Any
    ) -> RunResult:
        bus = EventBus()
        bus.subscribe_all(self.events.append)
        return run_document(
            document(nodes, *chains),
            folder=self.folder,
            bus=bus,
            environment=self.environment,
            find_secret=self._find,
            **more,
        )

    def told(self) -> str:
        """Everything that the events of all runs say."""
        return "\n".join(json.dumps(event.to_dict(), default=str) for event in self.events)

    def _find(self, name: str) -> Secret:
        if name not in self.secrets:
            raise SecretMissing(f"there is no secret {name}")
        value = self.secrets[name]
        return Secret.of_text(value if isinstance(value, str) else json.dumps(value))
