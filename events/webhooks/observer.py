"""Who is told what became of each webhook."""

from typing import Literal, Protocol

Result = Literal[
    "published",
    "spooled",
    "unreadable",
    "unused",
    "ping",
    "bad_signature",
    "unknown_connection",
    "closed_connection",
    "too_large",
    "not_stored",
    "incomplete",
    "fault",
]
"""``unused``: a topic that we do not use. ``incomplete``: the sender hung up. ``fault``: a bug of ours."""


class Observer(Protocol):
    """Counts webhooks (the process's metrics)."""

    def webhook_done(self, platform: str, result: str, *, seconds: float) -> None:
        """One webhook is answered; ``platform`` is "unknown" where the connection is."""
