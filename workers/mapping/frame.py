"""What every builder needs besides the store's object."""

from dataclasses import dataclass
from datetime import UTC

from schemas.connection import ConnectionSettings
from workers.context import Context
from workers.mapping.fixes import setting_fix
from workers.mapping.marks import marker
from workers.steps import Company


@dataclass(frozen=True, slots=True)
class Frame:
    """The connection's settings and company. ``subject`` begins the sentence of an error: ``Order 1001``.

    ``day`` is the day of the store's change, in UTC: what was asked on it need not be asked again.
    """

    connection_id: str
    settings: ConnectionSettings
    company: Company
    subject: str
    day: str = ""

    @classmethod
    def of(cls, context: Context, subject: str) -> "Frame":
        """Take from a workflow function's context."""
        day = context.envelope.time.astimezone(UTC).date().isoformat()
        return cls(context.connection.connection_id, context.settings, context.company, subject, day)

    def fix(self, *path: str, value: str = "ID") -> str:
        """The command that sets one of this connection's settings."""
        return setting_fix(self.connection_id, *path, value=value)

    def marker(self, kind: str, store_id: str) -> str:
        """The mark of a document of this connection."""
        return marker(self.connection_id, kind, store_id)
