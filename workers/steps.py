"""What a workflow function may ask for. It yields steps and gets answers, and does no I/O of its own.

A workflow function is a generator: ``answer = yield from write(...)``. The runtime collects the steps of up to
30 events of one company, answers all recalls with one ledger query, sends all writes and finds as one QuickBooks
batch, and stores intent before and result after. So a function reads like one event, one step after another, and
what depends on a step simply comes after it.

A step that fails raises inside the generator (``workers.errors``), so a function can heal what it knows how to heal.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from workers.outcomes import Outcome
from workers.stock import NoteStock, RecallStock, SeeStock

Json: TypeAlias = dict[str, Any]
Operation = Literal["create", "update", "void", "delete"]


class StoreKey(NamedTuple):
    """A store object within its connection: ``StoreKey("order", "1001")``, ``StoreKey("product", "77/blue")``.

    Kinds: order, payment, refund, customer, email, product, inventory_item, level. A tuple, because a round looks
    hundreds of them up.
    """

    kind: str
    store_id: str


@dataclass(frozen=True, slots=True)
class SyncMapping:
    """What is booked for a store object. ``version`` is the store's own time of what was booked.

    ``detail`` holds small facts for later events (amounts booked, document kind), JSON, amounts as text.
    ``document_hash`` is that of the document we sent last; ``removed`` True after a void or delete of ours.
    """

    key: StoreKey
    entity: str
    quickbooks_id: str
    sync_token: str = "0"
    version: datetime | None = None
    document_hash: str = ""
    removed: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recall:
    """Ask the ledger what is booked. Answer: ``dict[StoreKey, SyncMapping]``, absent keys are left out."""

    keys: tuple[StoreKey, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """Store a mapping without a QuickBooks call (a customer that was found, an alias). Answer: None."""

    mapping: SyncMapping


@dataclass(frozen=True, slots=True)
class Find:
    """Ask QuickBooks (metered). Answer: the list of entity objects.

    ``entity`` and ``where`` make the statement: ``Find("Item", "Sku = 'A-1'")``.
    """

    entity: str
    where: str


@dataclass(frozen=True, slots=True)
class Write:
    """Change the books. Answer: the entity object as QuickBooks gives it back.

    ``name`` tells the steps of one event apart (``customer``, ``receipt``, ``payment``) and stays the same when the
    event is run again. ``key`` is the store object whose mapping the result becomes, with ``version`` and ``detail``.
    """

    name: str
    entity: str
    operation: Operation
    document: Json
    key: StoreKey | None = None
    version: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


Step = Recall | Remember | Find | Write | NoteStock | RecallStock | SeeStock
Steps = Generator[Step, Any, Outcome]


def recall(keys: Iterable[StoreKey]) -> Generator[Step, Any, dict[StoreKey, SyncMapping]]:
    """Ask the ledger; see ``Recall``."""
    answer: dict[StoreKey, SyncMapping] = yield Recall(tuple(keys))
    return answer


def remember(mapping: SyncMapping) -> Generator[Step, Any, None]:
    """Store a mapping; see ``Remember``."""
    yield Remember(mapping)


def find(entity: str, where: str) -> Generator[Step, Any, list[Json]]:
    """Ask QuickBooks; see ``Find``."""
    answer: list[Json] = yield Find(entity, where)
    return answer


def write(step: Write) -> Generator[Step, Any, Json]:
    """Change the books; see ``Write``."""
    answer: Json = yield step
    return answer


class TaxRate(NamedTuple):
    """One rate of a tax code. ``percent`` is of the net amount, also for a rate that is charged on another tax."""

    rate_id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Company:
    """What a workflow function needs to know of the QuickBooks company; read once, kept in the ledger.

    ``tax`` is how the company charges tax: US automated, US manual, or a code on every line elsewhere.
    ``tax_rates`` are the rates of each tax code, which QuickBooks rounds one by one; ``tax_percent`` is their sum.
    """

    realm_id: str
    country: str = "US"
    home_currency: str = "USD"
    multicurrency: bool = False
    tax: Literal["us_automated", "us_manual", "elsewhere", "none"] = "us_manual"
    shipping_on: bool = False
    custom_numbers: bool = False
    tax_percent: Mapping[str, Decimal] = field(default_factory=dict)
    tax_rates: Mapping[str, tuple[TaxRate, ...]] = field(default_factory=dict)
