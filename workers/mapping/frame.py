"""What every builder needs besides the store's object."""

from dataclasses import dataclass

from schemas.connection import ConnectionSettings
from workers.context import Context
from workers.mapping.fixes import setting_fix
from workers.mapping.marks import marker
from workers.steps import Company


@dataclass(frozen=True, slots=True)
class Frame:
    """The connection's settings and company. ``subject`` begins the sentence of an error: ``Order 1001``."""

    connection_id: str
    settings: ConnectionSettings
    company: Company
    subject: str

    @classmethod
    def of(cls, context: Context, subject: str) -> "Frame":
        """Take from a workflow function's context."""
        return cls(context.connection.connection_id, context.settings, context.company, subject)

    def fix(self, *path: str, value: str = "ID") -> str:
        """The command that sets one of this connection's settings."""
        return setting_fix(self.connection_id, *path, value=value)

    def marker(self, kind: str, store_id: str) -> str:
        """The mark of a document of this connection."""
        return marker(self.connection_id, kind, store_id)
