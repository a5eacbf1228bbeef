"""The regions that handle failures: try, on-error and retry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.failures import AttemptEnded, Failed, Failure, Signal
from casare_rpa.engine.walking.frames import Frame

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand


class ProtectedFrame(Frame):
    """A body, what handles its failure, and what is done last in any case.

    A signal that passes through waits until the last part is done, and then goes on; as in Python,
    a failure or jump in the last part takes its place.
    """

    __slots__ = ("_had_error", "_pending", "_phase", "step")
    step: Step

    def __init__(self, step: Step, body: Iterable[Step]) -> None:
        super().__init__(body)
        self.step = step
        self._phase: Literal["body", "handler", "last"] = "body"
        self._pending: Signal | None = None
        self._had_error = False

    def ended(self, strand: Strand) -> None:
        if self._phase != "last":
            self._come_to_last(strand, None)
            return
        strand.frames.pop()
        if self._pending is not None:
            strand.raise_signal(self._pending)
        else:
            self._go_on(strand)

    def handles(self, failure: Failure) -> bool:
        return self._phase == "body" and self._catches(failure)

    def takes(self, signal: Signal, strand: Strand) -> bool:
        if self._phase == "last":
            return False
        if self._phase == "body" and isinstance(signal, Failed):
            self._had_error = True
            if self._catches(signal.failure):
                self._phase = "handler"
                self.begin(self._handle(signal.failure, strand))
                return True
        self._come_to_last(strand, signal)
        return True

    def _come_to_last(self, strand: Strand, pending: Signal | None) -> None:
        self._phase, self._pending = "last", pending
        self.begin(self._last(strand))

    def _catches(self, failure: Failure) -> bool:
        raise NotImplementedError

    def _handle(self, failure: Failure, strand: Strand) -> Iterable[Step]:
        """Show the failure; the steps that handle it."""
        raise NotImplementedError

    def _last(self, strand: Strand) -> Iterable[Step]:
        """The steps that are run in any case."""
        raise NotImplementedError

    def _go_on(self, strand: Strand) -> None:
        """Queue what follows once all is done."""


class TryFrame(ProtectedFrame):
    """TryNode with its CatchNode and FinallyNode.

    Files also wire all of it in one line by `exec_out`: the chain after the try is then its body,
    the one after the catch handles the failure, and the run goes on behind the finally. *types* are
    the names of the errors that are caught, with commas; empty means all.
    """

    __slots__ = ("_types",)

    def __init__(self, step: Step, types: str) -> None:
        super().__init__(step, step.ports.get("try_body") or step.follow)
        self._types = [name for name in types.split(",") if name.strip()]

    def _catches(self, failure: Failure) -> bool:
        if self.step.catch is None:
            return False
        return not self._types or any(map(failure.is_called, self._types))

    def _handle(self, failure: Failure, strand: Strand) -> Iterable[Step]:
        catch = self.step.catch
        assert catch is not None
        strand.emit(
            catch,
            {
                "error_message": failure.message,
                "error_type": failure.code.name,
                "stack_trace": strand.run.secrets.text(failure.stack_trace),
            },
        )
        return catch.ports.get("catch_body") or catch.follow

    def _last(self, strand: Strand) -> Iterable[Step]:
        final = self.step.final
        if final is None:
            return ()
        strand.emit(final, {"had_error": self._had_error})
        # In one line, what stands behind the finally is done last also when a failure passes by.
        in_line = final.follow if self._pending is not None else ()
        return final.ports.get("finally_body") or in_line

    def _go_on(self, strand: Strand) -> None:
        step, catch, final = self.step, self.step.catch, self.step.final
        if step.ports.get("try_body") and step.follow:
            strand.follow(step, "exec_out")
        elif final is not None:
            strand.follow(final, "exec_out")
        elif catch is not None and catch.ports.get("catch_body"):
            strand.follow(catch, "exec_out")


class OnErrorFrame(ProtectedFrame):
    """OnErrorNode: a failure that nothing is wired for goes on upwards."""

    __slots__ = ()

    def __init__(self, step: Step) -> None:
        super().__init__(step, step.ports.get("protected_body", ()))

    def _catches(self, failure: Failure) -> bool:
        return bool(self.step.ports.get("on_error"))

    def _handle(self, failure: Failure, strand: Strand) -> Iterable[Step]:
        strand.scope.outputs[self.step.id] = {
            "error_message": failure.message,
            "error_type": failure.code.name,
            "error_node": failure.node_id,
            "stack_trace": strand.run.secrets.text(failure.stack_trace),
        }
        return self.step.ports["on_error"]

    def _last(self, strand: Strand) -> Iterable[Step]:
        return self.step.ports.get("finally", ())


class RetryFrame(Frame):
    """RetryNode: its body until an attempt succeeds, or there are no more."""

    __slots__ = ("_attempt", "_node", "step")
    step: Step

    def __init__(self, step: Step, node: Any) -> None:
        super().__init__(step.ports.get("retry_body", ()))
        self.step = step
        self._node = node
        self._attempt = 1

    def ended(self, strand: Strand) -> None:
        self._leave(strand, "success", {"attempt": self._attempt})

    def handles(self, failure: Failure) -> bool:
        # Without a way for the last failure it must not be lost: it goes on upwards.
        return self._tries_again(failure) or bool(self.step.ports.get("failed"))

    def takes(self, signal: Signal, strand: Strand) -> bool:
        match signal:
            case AttemptEnded(failure=None):
                self.ended(strand)
            case AttemptEnded(failure=Failure() as failure) if not self.handles(failure):
                strand.frames.pop()
                strand.raise_signal(Failed(failure))
            case Failed(failure=failure) | AttemptEnded(failure=Failure() as failure):
                if not self.handles(failure):
                    return False
                self._failed(failure, strand)
            case _:
                return False
        return True

    def _tries_again(self, failure: Failure) -> bool:
        return self._attempt < self._node.max_attempts and not failure.business

    def _failed(self, failure: Failure, strand: Strand) -> None:
        outputs = {"attempt": self._attempt, "last_error": failure.message}
        if self._tries_again(failure):
            strand.scope.outputs[self.step.id] = {**outputs, "attempt": self._attempt + 1}
            strand.pause_seconds = self._node.pause_seconds(self._attempt)
            self._attempt += 1
            self.begin(self.step.ports.get("retry_body", ()))
        else:
            self._leave(strand, "failed", outputs)

    def _leave(self, strand: Strand, port: str, outputs: dict[str, Any]) -> None:
        strand.scope.outputs[self.step.id] = outputs
        strand.frames.pop()
        strand.follow(self.step, port)
