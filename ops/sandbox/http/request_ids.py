"""Request ids: the answer to a write is kept, and a repeat of its id gets that answer again.

Documented by Intuit (page "Learn basic field definitions", request id): unique per company, a handled id
returns the original response, 50 characters, 36 in a batch whose item ids have at most 10.
Everything else is a switch.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_LENGTH = 50
MAX_LENGTH_IN_BATCH = 36
MAX_ITEM_ID_LENGTH = 10


class RequestIdSwitches(BaseModel):
    """What Intuit does not document, each with the value that is hardest on a client.

    ``retention_seconds``: after that an id is new again. ``faults_are_stored``: a refused write is
    refused again in the same words, even if the cause is gone. ``different_body``: the same id with
    another body or operation gets the stored answer (``replay``), is refused (``refuse``), or is
    carried out (``execute``). ``in_flight``: a second call while the first one runs waits for its
    answer (``wait``), is refused with 600 (``refuse``), or runs too (``both``).
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    retention_seconds: float = Field(21_600.0, ge=0)
    faults_are_stored: bool = True
    different_body: Literal["replay", "refuse", "execute"] = "replay"
    in_flight: Literal["wait", "refuse", "both"] = "wait"


@dataclass(slots=True)
class StoredAnswer:
    """What was answered to one request id (``status`` is 0 for an item of a batch)."""

    status: int
    body: Any
    fingerprint: bytes
    at: float


Key = tuple[str, str]
"""Request id and item id of the batch ("" for a single call)."""


class RequestIds:
    """The answers of one company by request id."""

    def __init__(self, switches: RequestIdSwitches, seconds: Callable[[], float]) -> None:
        self.switches = switches
        self._seconds = seconds
        self._answers: dict[Key, StoredAnswer] = {}
        self._running: dict[str, asyncio.Event] = {}

    def find(self, key: Key) -> StoredAnswer | None:
        """The stored answer, unless it is too old."""
        answer = self._answers.get(key)
        if answer is None:
            return None
        if self._seconds() - answer.at > self.switches.retention_seconds:
            del self._answers[key]
            return None
        return answer

    def store(self, key: Key, status: int, body: Any, fingerprint: bytes) -> StoredAnswer:
        """Keep an answer for repeats."""
        answer = StoredAnswer(status, body, fingerprint, self._seconds())
        self.put(key, answer)
        return answer

    def put(self, key: Key, answer: StoredAnswer) -> None:
        """Keep an answer that was read back from storage."""
        self._answers[key] = answer

    def is_running(self, request_id: str) -> bool:
        """Whether a call with this id is under way."""
        return request_id in self._running

    async def wait_for(self, request_id: str) -> None:
        """Wait until no call with this id is under way."""
        while (event := self._running.get(request_id)) is not None:
            await event.wait()

    def begin(self, request_id: str) -> None:
        """Say that a call with this id is under way."""
        self._running.setdefault(request_id, asyncio.Event())

    def end(self, request_id: str) -> None:
        """Say that the call is over, and wake those who wait."""
        event = self._running.pop(request_id, None)
        if event is not None:
            event.set()

    def clear(self) -> None:
        """Forget every answer."""
        self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)
