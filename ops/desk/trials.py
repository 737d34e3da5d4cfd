"""Trials: the dead letters that wait are put back into their workflow one at a time, the next when one has ended.

So a healthy message is never with the workers beside the one that kills them. A trial is a Retry of the desk's own, and
is claimed, published, answered and finished after a crash as any other.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from ops.desk.carry_out import Handled, Workbench
from schemas.commands import Retry
from workers.ledger.engine import reading
from workers.ledger.failure_trials import TRIAL, next_suspect, on_trial

BY = "counterfoil desk"
TRIAL_LIMIT = timedelta(minutes=10)
"""Twenty deaths, with up to 15 seconds before each new start (``ops.processes.supervisor``), take five minutes."""

LOOK_SECONDS = 300.0
"""How often we look without having taken a dead letter: another desk may have, or a connection goes on."""


@dataclass(slots=True)
class Trials:
    """One workflow's trials; ``step`` begins the next one when it is time. Times are seconds of a monotonic clock.

    ``waiting``: somebody may wait for a trial.
    """

    workbench: Workbench
    waiting: bool = True
    _on_trial: str | None = None
    _looked_at: float = float("-inf")

    def step(self) -> Handled | None:
        """Try the next suspect, unless one is on trial.

        Raises:
            As ``Workbench.handle``; what was claimed goes on after ``Workbench.resume``.
        """
        if not self.waiting and time.monotonic() - self._looked_at < LOOK_SECONDS:
            return None
        self._looked_at = time.monotonic()
        event_id = self._next()
        if event_id is None:
            return None
        self._on_trial = event_id
        trial = Retry(command="retry", event_id=event_id, id=f"{TRIAL}{self.workbench.new_id()}")
        return self.workbench.give(trial, by=BY)

    def _next(self) -> str | None:
        bench = self.workbench
        since = bench.now() - TRIAL_LIMIT
        with reading(bench.ledger) as connection:
            self._on_trial = on_trial(connection, bench.workflow, since=since, event_id=self._on_trial)
            if self._on_trial is not None:
                return None
            found = next_suspect(connection, bench.workflow)
        self.waiting = found is not None
        return found
