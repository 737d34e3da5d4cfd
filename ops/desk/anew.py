"""Retry with what the store says now: the failed message keeps its id, its payload and time are the store's of today.

The time decides which of two events is newer, so a retry cannot overwrite what came later, fetched anew or not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
from pydantic import ValidationError

from events.stores.api import StoreProblem
from events.stores.platform import Unreadable
from ops.connections import ConnectionRefusal
from schemas.envelope import Envelope
from workers.secrets import SecretKeyError

Fetch = Callable[[Envelope], Envelope | None]
"""Asks the store for an event's object. None: it is gone. Raises what ``ops.stores.fetch_anew`` raises."""

PROBLEMS = (StoreProblem, Unreadable, ConnectionRefusal, SecretKeyError)


@dataclass(slots=True)
class Anew:
    """The fetches of one command. A store that cannot be asked is not asked again by the same command.

    ``at_once``: messages between two commits of the progress; each of them may be a request to a slow store.
    """

    fetch: Fetch
    at_once: int = 20
    fetched: int = 0
    as_they_were: int = 0
    why: str = ""
    _closed: set[str] = field(default_factory=set)

    def body(self, body: bytes) -> bytes:
        """The message to publish: the store's of now, or ``body`` as it was."""
        try:
            was = Envelope.model_validate_json(body)
        except ValidationError:
            return self._keep(body, "the message is no event")
        if was.connection in self._closed:
            return self._keep(body, self.why)
        try:
            now = self.fetch(was)
        except PROBLEMS as error:
            self._closed.add(was.connection)
            return self._keep(body, str(error))
        if now is None:
            return self._keep(body, f"the store has {was.subject} no longer")
        if now.workflow != was.workflow or now.time < was.time:
            return self._keep(body, f"the store told an older state of {was.subject}")
        self.fetched += 1
        return orjson.dumps(now.model_dump(mode="json", exclude_none=True) | {"id": was.id})

    def sentence(self) -> str:
        """What the answer says of it."""
        told = f"Fetched anew: {self.fetched}."
        if self.as_they_were:
            told += f" Retried as they were: {self.as_they_were} ({self.why.rstrip('.')})."
        return told

    def _keep(self, body: bytes, why: str) -> bytes:
        self.as_they_were += 1
        self.why = why
        return body
