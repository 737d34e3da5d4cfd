"""What a workflow function knows besides its payload."""

from dataclasses import dataclass

from schemas.connection import Connection, ConnectionSettings
from schemas.envelope import Envelope
from workers.steps import Company


@dataclass(frozen=True, slots=True)
class Context:
    """The event's envelope, its connection, and the QuickBooks company behind it."""

    envelope: Envelope
    connection: Connection
    company: Company

    @property
    def settings(self) -> ConnectionSettings:
        """How this connection's events become books."""
        return self.connection.settings
