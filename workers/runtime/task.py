"""One event on its way through its workflow function."""

import logging
from collections.abc import Callable

from workers.errors import SyncError
from workers.outcomes import Outcome
from workers.runtime.delivery import Delivery
from workers.runtime.settle import Bug
from workers.steps import Step, Steps

log = logging.getLogger(__name__)


class Task:
    """Runs a workflow function step by step; ends with an outcome or an error."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.step: Step | None = None
        self.outcome: Outcome | None = None
        self.error: SyncError | None = None
        self._steps: Steps | None = None
        self._began = False

    @property
    def has_begun(self) -> bool:
        """True once ``start`` was called."""
        return self._began

    @property
    def ended(self) -> bool:
        """True once there is an outcome or an error."""
        return self.outcome is not None or self.error is not None

    def start(self, function: Callable[[], Steps]) -> None:
        """Begin; afterwards ``step`` is the first thing the function asks for, or it has ended."""

        self._began = True

        def first() -> Step:
            self._steps = function()
            return next(self._steps)

        self._run(first)

    def resume(self, answer: object) -> None:
        """Answer the step; afterwards ``step`` is the next one, or it has ended."""
        steps = self._running()
        self._run(lambda: steps.send(answer))

    def fail(self, error: SyncError) -> None:
        """The step failed. The function may heal it; what it does not heal ends it."""
        steps = self._running()
        self._run(lambda: steps.throw(error))

    def end(self, result: Outcome | SyncError) -> None:
        """End from outside: nothing to run, or no way to run it."""
        self.step = self.outcome = self.error = None
        if isinstance(result, SyncError):
            self.error = result
        else:
            self.outcome = result
        if self._steps is not None:
            self._steps.close()

    def _running(self) -> Steps:
        assert self._steps is not None, "a task is started before it is resumed"
        return self._steps

    def _run(self, move: Callable[[], Step]) -> None:
        self.step = None
        try:
            self.step = move()
        except StopIteration as stop:
            self.outcome = stop.value
        except SyncError as error:
            self.error = error
        except Exception as error:
            log.exception("workflow function failed", extra={"event_id": self.delivery.event_id})
            name = type(error).__name__
            self.error = Bug(
                f"Counterfoil failed on this event ({name}). The log has the details; "
                "report it, and Retry after the next update.",
                cause=name,
            )
