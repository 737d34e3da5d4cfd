"""How an event ends when nothing failed: returned, never raised."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Document:
    """One document that stands in QuickBooks for the event."""

    entity: str
    quickbooks_id: str


@dataclass(frozen=True, slots=True)
class Booked:
    """The books hold what the event says; nothing to do also counts, with the documents that say so."""

    documents: tuple[Document, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Superseded:
    """Something newer of the same store object is booked already."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The event needs nothing done; ``why`` is a slug such as ``cancelled`` or ``before_start_date``."""

    why: str


Outcome = Booked | Superseded | Skipped
Settled = Literal["booked", "superseded", "skipped"]


def status_of(outcome: Outcome) -> Settled:
    """The word for an outcome in the ledger and in the metrics."""
    match outcome:
        case Booked():
            return "booked"
        case Superseded():
            return "superseded"
        case Skipped():
            return "skipped"
