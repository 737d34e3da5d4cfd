"""One webhook as it arrived, before anything of it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.shape import ConnectionId


@dataclass(frozen=True, slots=True)
class Webhook:
    """``headers`` with lower-case names, ``body`` the raw bytes that the signature covers, ``received_at`` UTC."""

    connection: ConnectionId
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str:
        """The header's value, "" where it was not sent; ``name`` in lower case."""
        return self.headers.get(name, "")
