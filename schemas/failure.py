"""A failed message: what an operator reads in the headers of an error queue, and how failures are grouped."""

from hashlib import sha256
from typing import Literal

from schemas.shape import ConnectionId, Shape, Text, Time

FailureStatus = Literal["unresolved", "retry_issued", "resolved", "ignored"]


class FailureHeaders(Shape):
    """The headers of a message in an error queue, in the contract's words.

    ``copy_id`` names this very copy: the sweep keeps the copy that the failed message's row names and
    takes the others out.
    """

    reason: Text
    group: Text
    message: Text
    fix: Text
    fault_code: Text = ""
    attempts: int
    failed_at: Time
    first_failed_at: Time
    connection: Text
    event_id: Text
    copy_id: Text


def group_id(connection: ConnectionId | str, workflow: str, reason: str, cause: str) -> str:
    """Name the failure group of one root cause, the same on every machine (12 hex characters)."""
    key = "\x1f".join((connection, workflow, reason, cause))
    return sha256(key.encode()).hexdigest()[:12]
