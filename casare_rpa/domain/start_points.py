"""Where a run could have been left and taken up again, read from its events.

A robot marks the `node.started` and `node.completed` of the outermost chain of steps with a `state`
(see `casare_rpa.engine.walking.trail`). Put together in order they give, for each start, the
variables and outputs of that moment, the place in the chain, and what of it could not be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, assert_never

from casare_rpa.domain.json_values import Json

#: The types of events that may be marked, and of those that carry a piece of a large value.
MARKED = ("node.started", "node.completed")
PIECE = "state.kept"
Kind: TypeAlias = Literal["variables", "outputs", "held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A marked event; `at` is seconds since 1970."""

    seq: int
    is_start: bool
    node_id: str
    node_type: str
    at: float
    state: Mapping[str, Any]
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Something that a run from here would lack: `node_id` made it, `reason` says why."""

    kind: Kind
    name: str
    node_id: str
    reason: str

    def __str__(self) -> str:
        match self.kind:
            case "variables":
                return (
                    f"the variable {self.name!r}, of {self.node_id!r}, was not kept: {self.reason}"
                )
            case "outputs":
                return f"the output of node {self.name!r} was not kept: {self.reason}"
            case "held":
                what = self.name.replace("_", " ")
                return f"what node {self.node_id!r} had opened ({what}) ended with the run"
            case _:
                assert_never(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """A node that finished before the start; its outputs stay. `at` is seconds since 1970."""

    node_id: str
    at: float


class StartState:
    """What a run finds that begins at `node_id`."""

    def __init__(self, base: Mapping[str, Any] | None) -> None:
        """*base* is where the run itself had begun, in the form of `to_json`."""
        base = base or {}
        self.node_id = ""
        self.variables: Json = dict(base.get("variables") or {})
        self.outputs: dict[str, Any] = dict(base.get("outputs") or {})
        self.queue: list[str] = list(base.get("queue") or ())
        self.heads_left = int(base.get("heads_left") or 0)
        self.recovery: str | None = base.get("recovery")
        self.reused: dict[str, Reused] = {
            str(node_id): Reused(node_id=str(node_id), at=float(at))
            for node_id, at in dict(base.get("reused_at") or {}).items()
        }
        lost = (Lost(**each) for each in base.get("lost") or ())
        self.lost: dict[tuple[str, str], Lost] = {(each.kind, each.name): each for each in lost}
        self.seen = dict.fromkeys(base.get("seen") or ())
        self._chain: list[str] = []

    def to_json(self) -> Json:
        """In the members of the engine's `StartPoint`, and what a next rerun needs."""
        return {
            "node_id": self.node_id,
            "variables": self.variables,
            "outputs": self.outputs,
            "queue": self.queue,
            "seen": list(self.seen),
            "heads_left": self.heads_left,
            "recovery": self.recovery,
            "reused": list(self.reused),
            "lost": [asdict(each) for each in self.lost.values()],
            "reused_at": {each.node_id: each.at for each in self.reused.values()},
        }

    def give(self, names: Iterable[str]) -> None:
        """The input of the run sets the variables *names*, whatever they were here."""
        for name in names:
            self.variables.pop(name, None)
            self.lost.pop(("variables", name), None)

    def take(self, mark: Mark) -> None:
        """Go on to *mark*, the next in order."""
        if mark.is_start:
            self._take_start(mark)
        else:
            self._take_outputs({mark.node_id: mark.outputs}, mark)
        self._take_lost(mark.state.get("lost") or {}, mark)

    def _take_start(self, mark: Mark) -> None:
        state = mark.state
        if state.get("anew"):
            self.seen.clear()
        for name, value in (state.get("variables") or {}).items():
            self.variables[name] = value
            self.lost.pop(("variables", name), None)
        self._take_outputs(state.get("outputs") or {}, mark)
        self.queue = list(state.get("queue") or ())
        self.heads_left = int(state.get("heads_left") or 0)
        self.recovery = state.get("recovery", self.recovery)
        self.seen |= dict.fromkeys(state.get("seen") or ())
        self._take_held(state.get("held") or ())
        self.node_id = mark.node_id
        self._chain.append(mark.node_id)
        self.reused.pop(mark.node_id, None)

    def _take_outputs(self, outputs: Mapping[str, Any], mark: Mark) -> None:
        for node_id, ports in outputs.items():
            self.outputs[node_id] = ports
            self.lost.pop(("outputs", node_id), None)
            self.reused[node_id] = Reused(node_id=node_id, at=mark.at)

    def _take_held(self, keys: Iterable[str]) -> None:
        open_now = {("held", key) for key in keys}
        self.lost = {k: each for k, each in self.lost.items() if k[0] != "held" or k in open_now}
        for key in open_now - self.lost.keys():
            self.lost[key] = Lost(
                kind="held", name=key[1], node_id=self._before(), reason="it ended with the run"
            )

    def _take_lost(self, lost: Mapping[str, Mapping[str, str]], mark: Mark) -> None:
        kinds: tuple[Literal["variables", "outputs"], ...] = ("variables", "outputs")
        for kind in kinds:
            for name, reason in (lost.get(kind) or {}).items():
                (self.variables if kind == "variables" else self.outputs).pop(name, None)
                by = name if kind == "outputs" else self._before(mark)
                self.lost[kind, name] = Lost(kind=kind, name=name, node_id=by, reason=reason)
                if kind == "outputs":
                    self.reused[name] = Reused(node_id=name, at=mark.at)

    def _before(self, mark: Mark | None = None) -> str:
        """The step of the chain that ran before the one that now begins."""
        passed = self._chain[:-1] if mark is not None and mark.is_start else self._chain
        return passed[-1] if passed else ""


def marks_of(events: Iterable[tuple[str, int, float, Json]]) -> list[Mark]:
    """The marked events among *events*, which are (type, seq, seconds since 1970, data) in order.

    Values that were told in pieces are put into the state that counts them.
    """
    found: list[Mark] = []
    pieces: dict[tuple[str, str], list[str]] = {}
    for type, seq, at, data in events:
        if type == PIECE:
            pieces.setdefault((str(data["kind"]), str(data["name"])), []).append(data["text"])
        elif type in MARKED and isinstance(data.get("state"), dict):
            found.append(
                Mark(
                    seq=seq,
                    is_start=type == "node.started",
                    node_id=str(data.get("node_id")),
                    node_type=str(data.get("node_type", "")),
                    at=at,
                    state=_whole(data["state"], pieces),
                    outputs=data.get("output_data") or {},
                )
            )
            pieces.clear()
    return found


def _whole(state: Json, pieces: Mapping[tuple[str, str], Sequence[str]]) -> Json:
    for kind, counts in (state.get("kept") or {}).items():
        for name, count in counts.items():
            texts = pieces.get((kind, name), ())
            if len(texts) == count:
                state.setdefault(kind, {})[name] = json.loads("".join(texts))
            else:
                lost = state.setdefault("lost", {}).setdefault(kind, {})
                lost[name] = "a part of it is missing"
    return state


def state_at(base: Mapping[str, Any] | None, marks: Sequence[Mark], start: Mark) -> StartState:
    """The state when *start*, one of *marks*, was about to begin."""
    state = StartState(base)
    for mark in marks:
        state.take(mark)
        if mark is start:
            break
    return state
