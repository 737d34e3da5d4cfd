"""What happens to a delivery after its run. Pure: the only place that decides on attempts and delays."""

from dataclasses import dataclass
from typing import TypeAlias

from events.names import DELAYS_SECONDS
from workers.errors import Hold, NeedsAttention, RetryLater, SaleMissing, SyncError, Throttled, Wait


@dataclass(frozen=True, slots=True)
class Ack:
    """Done: the broker may forget the message."""


@dataclass(frozen=True, slots=True)
class DelayedRetry:
    """Comes back by itself after ``delay_seconds``."""

    delay_seconds: int
    uses_attempt: bool = True


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Waits in the held queue until the connection is active again."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Goes to the error queue; ``error`` says what a person reads there."""

    error: NeedsAttention


Settlement: TypeAlias = Ack | DelayedRetry | HoldBack | DeadLetter


class AttemptsUsedUp(NeedsAttention):
    """The same trouble came back until the attempts were used up; ``reason`` is that trouble's."""

    def __init__(self, trouble: SyncError, attempts: int) -> None:
        super().__init__(
            f"{trouble} It failed {attempts} times in a row. Retry when the trouble is over.",
            cause=trouble.reason,
        )
        self.reason = trouble.reason


class Bug(NeedsAttention):
    """Counterfoil itself failed on this event: a fault of ours, with its traceback in the log."""

    reason = "bug"


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient we are. ``sale_wait_seconds``: how long a refund waits for its sale.

    ``request_id_trust_seconds``: how long QuickBooks is trusted to know a request id. Intuit does not say how long
    it keeps one; an older write is looked up instead of repeated.
    """

    max_attempts: int = 5
    sale_wait_seconds: float = 86_400.0
    request_id_trust_seconds: float = 14_400.0


PATIENCE = 4
"""An event that has waited long is looked at less often: after a quarter of the time that it has waited."""


def decide(error: SyncError | None, *, attempts: int, waited_seconds: float, policy: Policy) -> Settlement:
    """Decide from the error alone. ``attempts`` counts the tries before this one."""
    match error:
        case None:
            return Ack()
        case Throttled(seconds=float() | int() as seconds):
            return DelayedRetry(shortest_delay(seconds), uses_attempt=False)
        case Hold():
            return HoldBack()
        case Wait() if waited_seconds >= (error.limit_seconds or policy.sale_wait_seconds):
            return DeadLetter(_waited_too_long(error))
        case Wait():
            delay_seconds = max(error.delay_seconds, waited_seconds / PATIENCE)
            return DelayedRetry(shortest_delay(delay_seconds), uses_attempt=False)
        case RetryLater() if attempts + 1 < policy.max_attempts:
            return DelayedRetry(DELAYS_SECONDS[min(attempts, len(DELAYS_SECONDS) - 1)])
        case RetryLater():
            return DeadLetter(AttemptsUsedUp(error, attempts + 1))
        case NeedsAttention():
            return DeadLetter(error)
        case _:
            return DeadLetter(Bug(f"Counterfoil failed on this event: {error}.", cause=error.reason))


def shortest_delay(seconds: float) -> int:
    """The shortest delayed-retry queue that waits at least ``seconds``; the longest for more."""
    return next((delay for delay in DELAYS_SECONDS if delay >= seconds), DELAYS_SECONDS[-1])


def _waited_too_long(error: Wait) -> NeedsAttention:
    if error.otherwise is not None:
        return error.otherwise
    return SaleMissing(f"{error} It waited too long. Retry when the sale is booked.", cause=str(error))
