"""Request ids: the answer to a write is kept, and a repeat of its id gets that answer again.

Documented by Intuit (page "Learn basic field definitions", request id): unique per company, a handled id
returns the original response, 50 characters, 36 in a batch whose item ids have at most 10.
Everything else is a switch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ops.sandbox.company.faults import QuickBooksFault, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.http.exact_json import read_object

MAX_LENGTH = 50
MAX_LENGTH_IN_BATCH = 36
MAX_ITEM_ID_LENGTH = 10


def invalid_request_id(detail: str) -> QuickBooksFault:
    """Too long; 2130 stands in Intuit's table of error codes."""
    return refusal("2130", "Invalid Request Id Format", f"Invalid Request Id Format : {detail}", "requestid")


def duplicate_request_id(request_id: str) -> QuickBooksFault:
    """In Intuit's table of error codes, though ids are documented to be answered again, not refused."""
    return refusal("600", "Duplicate Request ID", f"Duplicate Request ID : {request_id}", "requestid")


class RequestIdSwitches(BaseModel):
    """What Intuit does not document, each with the value that is hardest on a client.

    ``retention_seconds``: after that an id is new again. ``faults_are_stored``: a refused write is
    refused again in the same words, even if the cause is gone. ``different_body``: the same id with
    another body or operation gets the stored answer (``replay``), is refused (``refuse``), or is
    carried out (``execute``). ``in_flight``: of two calls at once one does the work and both get
    its answer (``wait``), or the later one is refused with 600 (``refuse``), or both do it (``both``).
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    retention_seconds: float = Field(21_600.0, ge=0)
    faults_are_stored: bool = True
    different_body: Literal["replay", "refuse", "execute"] = "replay"
    in_flight: Literal["wait", "refuse", "both"] = "wait"


@dataclass(slots=True)
class StoredAnswer:
    """What was answered to one request id; ``at`` in seconds since 1970."""

    status: int
    body: bytes
    fingerprint: bytes
    at: float

    def document(self) -> Json:
        """The answer as it was."""
        return read_object(self.body)


@dataclass(slots=True)
class Flight:
    """The calls with one request id that are under way at this moment."""

    calls: int = 0
    is_crowded: bool = False
    """Whether there ever were two at a time."""


Key = tuple[str, str]
"""Request id and item id of the batch ("" for a single call)."""


class RequestIds:
    """The answers of one company by request id."""

    def __init__(self, switches: RequestIdSwitches, seconds: Callable[[], float]) -> None:
        self.switches = switches
        self._seconds = seconds
        self._answers: dict[Key, StoredAnswer] = {}
        self._flights: dict[str, Flight] = {}

    def find(self, key: Key) -> StoredAnswer | None:
        """The stored answer, unless it is too old."""
        answer = self._answers.get(key)
        if answer is None:
            return None
        if self._seconds() - answer.at > self.switches.retention_seconds:
            del self._answers[key]
            return None
        return answer

    def store(self, key: Key, status: int, body: bytes, fingerprint: bytes) -> None:
        """Keep an answer for repeats; those that are too old for it make room."""
        now = self._seconds()
        self._answers[key] = StoredAnswer(status, body, fingerprint, now)
        for old, answer in list(islice(self._answers.items(), 2)):
            if now - answer.at > self.switches.retention_seconds:
                del self._answers[old]

    def put(self, key: Key, answer: StoredAnswer) -> None:
        """Keep an answer that was read back from storage."""
        self._answers[key] = answer

    def begin(self, request_id: str) -> Flight:
        """A call with this id has come in."""
        flight = self._flights.setdefault(request_id, Flight())
        flight.calls += 1
        flight.is_crowded = flight.is_crowded or flight.calls > 1
        return flight

    def end(self, request_id: str) -> None:
        """A call with this id is over."""
        flight = self._flights[request_id]
        flight.calls -= 1
        if not flight.calls:
            del self._flights[request_id]

    def answers(self) -> dict[Key, StoredAnswer]:
        """Every stored answer, to be put back later."""
        return dict(self._answers)

    def put_back(self, answers: dict[Key, StoredAnswer]) -> None:
        """Know these answers and no others."""
        self._answers = dict(answers)

    def __len__(self) -> int:
        return len(self._answers)
