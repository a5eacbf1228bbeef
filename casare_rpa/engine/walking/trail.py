"""What a run tells on its way, so that another run may go on from there.

Between two steps of the outermost chain no loop, try or branch is open: what follows depends on the
variables, the outputs and the steps that wait, and on nothing else that could not be told. So the
`node.started` of such a step carries what changed since the last one; nothing is told twice. Large
values go before it in pieces. What cannot be given to another run is named with the reason: a
secret, a value that is no JSON, one that is too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from casare_rpa.domain.events import StateKept
from casare_rpa.domain.json_values import is_json
from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.result import is_small, json_size, only_scalars
from casare_rpa.engine.secrecy.masking import Secrets
from casare_rpa.engine.walking.frames import Root

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand

State = dict[str, Any]

#: An event takes 128 KiB on its way to the orchestrator, of which outputs may take half.
MOST_OUTPUT_BYTES = 64 << 10
#: What the state of one event takes of each kind; what is larger goes in pieces.
_MOST_TOLD_BYTES = 16 << 10
#: In an event each letter may take four bytes.
_PIECE_LETTERS = 24 << 10
#: Of one value, and of all that go in pieces in one run.
MOST_VALUE_BYTES = 1 << 20
MOST_KEPT_BYTES = 8 << 20

MASKED = "it holds a secret"
NO_JSON = "it is no JSON value"
TOO_LARGE = "it is too large"
#: A map of scalars this small needs no measuring.
_FEW = 16


class Trail:
    """Follows the outermost strand of a run; `root` is its outermost region."""

    def __init__(self, strand: Strand, root: Root) -> None:
        self.root = root
        self._strand = strand
        self._scope = strand.scope
        self._run = strand.run
        self._known = dict(strand.scope.outputs)
        self._seen = set(root.seen)
        self._recovery = strand.recovery.source
        self._steps_done = self._run.executed + self._run.skipped
        self._room = MOST_KEPT_BYTES

    def starting(self) -> State:
        """What changed since the last start, as the next step is about to begin."""
        state: State = {}
        scope, root, run = self._scope, self.root, self._run
        if scope.written:
            self._tell_variables(state)
        if run.executed + run.skipped != self._steps_done:
            self._tell_outputs(state)
        if root.queue:
            state["queue"] = [waiting.id for waiting in root.queue]
        if root.heads:
            state["heads_left"] = len(root.heads)
        if len(root.seen) != len(self._seen):
            self._tell_seen(state)
        if self._strand.recovery.source is not self._recovery:
            self._recovery = self._strand.recovery.source
            state["recovery"] = None if self._recovery is None else self._recovery.id
        if run.control.may_hold and (held := run.control.held()):
            state["held"] = held
        return state

    def completed(self, step: Step, outputs: dict[str, Any]) -> State:
        """For the `node.completed` of a step of the chain: its outputs are told there."""
        run = self._run
        self._steps_done += 1
        if run.executed + run.skipped != self._steps_done:
            self._steps_done = -1  # others ran meanwhile; the next start tells of all
            return {}
        self._known[step.id] = outputs
        if only_scalars(outputs) and not run.secrets.any:
            return {}
        reason = flaw(run.secrets, outputs, MOST_OUTPUT_BYTES)
        if reason is None:
            return {}
        if reason is TOO_LARGE:  # for this event; the next start gives it in pieces
            del self._known[step.id]
            self._steps_done = -1
        return {"lost": {"outputs": {step.id: reason}}}

    def _keep(self, kind: str, name: str, value: Any, size: int) -> int:
        """Publish *value* in pieces; how many. 0 when the run has no room left for it."""
        if size > self._room:
            return 0
        self._room -= size
        text = orjson.dumps(value).decode()
        starts = range(0, len(text), _PIECE_LETTERS)
        for at in starts:
            piece = text[at : at + _PIECE_LETTERS]
            self._run.publish(StateKept(kind=kind, name=name, text=piece))
        return len(starts)

    def _tell_variables(self, state: State) -> None:
        written, variables = self._scope.written, self._scope.variables
        plain = not self._run.secrets.any and len(written) <= _FEW
        values = {}
        for name in written:
            values[name] = value = variables[name]
            plain = plain and is_small(value)
        written.clear()
        if plain:
            state["variables"] = values
        else:
            self._tell(state, "variables", values)

    def _tell_outputs(self, state: State) -> None:
        """Tell the outputs of what ran in regions, was skipped, or failed and was handled."""
        known = self._known
        fresh = {
            node_id: outputs
            for node_id, outputs in self._scope.outputs.items()
            if known.get(node_id) is not outputs
        }
        known.update(fresh)
        self._tell(state, "outputs", fresh)
        self._steps_done = self._run.executed + self._run.skipped

    def _tell(self, state: State, kind: str, values: Mapping[str, Any]) -> None:
        """Put the small ones of *values* into *state*, others beside it, or say why not."""
        secrets = self._run.secrets
        hidden = secrets.names if kind == "variables" else frozenset()
        room = _MOST_TOLD_BYTES
        for name, value in values.items():
            reason = MASKED if name in hidden else flaw(secrets, value, MOST_VALUE_BYTES)
            size = len(name) + _size(value) if reason is None else 0
            if reason is not None:
                _into(state, "lost", kind)[name] = reason
            elif size <= room:
                room -= size
                state.setdefault(kind, {})[name] = value
            elif pieces := self._keep(kind, name, value, size):
                _into(state, "kept", kind)[name] = pieces
            else:
                _into(state, "lost", kind)[name] = TOO_LARGE

    def _tell_seen(self, state: State) -> None:
        seen = self.root.seen
        if not self._seen <= seen:
            # An error recovery began the chain, or a part of it, again.
            state["anew"] = True
            self._seen = set()
        fresh = seen - self._seen
        if fresh:
            state["seen"] = sorted(step.id for step in fresh)
        self._seen |= fresh


def flaw(secrets: Secrets, value: Any, limit_bytes: int) -> str | None:
    """Why *value* cannot be given to another run; None if it can."""
    if not is_small(value):
        if not is_json(value):
            return NO_JSON
        if json_size(value) > limit_bytes:
            return TOO_LARGE
    if secrets.any and secrets.value(value) != value:
        return MASKED
    return None


def _into(state: State, member: str, kind: str) -> State:
    found: State = state.setdefault(member, {}).setdefault(kind, {})
    return found


def _size(value: Any) -> int:
    return 24 if isinstance(value, (int, float)) else json_size(value)
