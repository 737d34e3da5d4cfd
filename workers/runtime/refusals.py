"""Why an event is not run at all."""

from datetime import datetime

from workers.errors import ConnectionPaused, SyncError, UnknownConnection
from workers.ledger.connections import StoredConnection
from workers.runtime.delivery import Delivery
from workers.runtime.holds import pause_is_over
from workers.runtime.settle import Bug


def bug_of(delivery: Delivery) -> Bug:
    """Its round failed again and again by itself."""
    return Bug(
        f"Counterfoil cannot carry out {delivery.subject}: it failed again and again by itself. "
        "The log has the details; report it, and Retry after the next update.",
        cause="round failed",
    )


def refusal_of(stored: StoredConnection | None, delivery: Delivery, now: datetime) -> SyncError | None:
    """The connection does not exist or is paused; None when the event may run."""
    if stored is None:
        return UnknownConnection(
            f'The event names the connection "{delivery.connection_id}", which does not exist. '
            "Add it, then Retry, or Ignore the event.",
            cause=delivery.connection_id,
            fix="counterfoil connections add",
        )
    if stored.connection.status == "paused" and not pause_is_over(stored, now):
        return ConnectionPaused(stored.connection.pause_reason or "paused")
    return None
