"""What a round asks for and waits for; ``rounds.py`` sees to it. A round itself touches nothing outside.

Rounds say what they want instead of doing it, so that one transaction serves the rounds of many companies.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from schemas.envelope import Workflow
from workers.errors import Hold
from workers.ledger.connections import StoredConnection
from workers.ledger.entries import Entry
from workers.ledger.failures import Failure
from workers.ledger.intents import Intent
from workers.ledger.mappings import Remembered
from workers.runtime.delivery import Delivery
from workers.steps import StoreKey
from workers.stock import NoteStock, RecallStock, StockRow


class ClaimLost(Exception):
    """The ledger moved on under us: another worker took our objects over while we stood still, or an operator
    restored one that was ignored. Our results do not count."""


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds of rest; answered with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Apart:
    """An action that waits for somebody else (QuickBooks, the broker); answered with what it returns."""

    action: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Open:
    """Claim the deliveries' objects and read what is known of them; answered with an ``Opening``."""

    connection_id: str
    deliveries: list[Delivery]


@dataclass(frozen=True, slots=True)
class Opening:
    """What the ledger knows when a round begins."""

    stored: StoredConnection | None
    claimed: set[str]
    settled: set[str]
    ignored: set[str]
    intents: list[Intent]


@dataclass(frozen=True, slots=True)
class Look:
    """Read mappings; answered with a dict of those that are there."""

    connection_id: str
    keys: frozenset[StoreKey]


@dataclass(frozen=True, slots=True)
class LookAtStock:
    """Read what orders and refunds move of an item; answered with ``StockMoves``."""

    connection_id: str
    asked: RecallStock


@dataclass(slots=True)
class Changes:
    """What a commit writes."""

    remembered: list[Remembered] = field(default_factory=list)
    finished: list[Intent] = field(default_factory=list)
    started: list[Intent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    set_aside: list[Failure] = field(default_factory=list)
    stock: list[NoteStock] = field(default_factory=list)
    counted: list[StockRow] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """Write everything of this stage of a round, or nothing. ``held``: the objects still worked on.

    Answered with None, or ClaimLost is thrown and nothing is written.
    """

    connection_id: str
    workflow: Workflow
    changes: Changes
    held: frozenset[str]


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to one call; answered with the seconds to wait, 0.0 when granted."""

    realm_id: str
    batch: bool


LedgerRequest: TypeAlias = Open | Look | LookAtStock | Commit | Permit
Request: TypeAlias = Pause | Apart | tuple[LedgerRequest, ...]
"""A tuple of ledger requests is answered in one transaction, with a tuple of answers."""

Asking: TypeAlias = Generator[Request, Any, None]


def object_keys(connection_id: str, keys: Iterable[str]) -> list[tuple[str, str]]:
    """The keys with their connection, as the ledger wants them."""
    return [(connection_id, key) for key in keys]
