"""What the webhook door must know about a connection."""

from dataclasses import dataclass, field
from typing import Protocol

from schemas.connection import ConnectionStatus


@dataclass(frozen=True, slots=True)
class WebhookConnection:
    """The platform's name, whether it is open, and every secret that may sign now (two while one is replaced)."""

    platform: str
    status: ConnectionStatus
    secrets: tuple[str, ...] = field(repr=False)


class Directory(Protocol):
    """Looks connections up; asked once for each webhook, so it must answer from memory."""

    def get(self, connection_id: str) -> WebhookConnection | None:
        """The connection, or None if there is none of that name."""
