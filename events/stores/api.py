"""What a store's own API is asked for, and what comes of it. Pure: a reading yields requests and is given answers.

So each platform says in one place what it asks and how it reads what it is told, and one driver
(``events.fetching``) knows of connections, retries and time.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeAlias, TypeVar

from events.stores.reading import Row
from events.stores.webhook import Webhook
from schemas.envelope import Envelope

Kind = Literal["products", "customers", "orders", "payouts"]
KINDS: tuple[Kind, ...] = ("products", "customers", "orders", "payouts")
"""In the order in which the books need them."""


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """Where a store's API is, and what it lets us in with. WooCommerce: consumer key and secret.

    Shopify: an access token (``token``), or an app's client id and secret, which fetch one that lasts a day.
    """

    url: str
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``path`` below the store's address. ``body``: JSON, which makes it a POST.

    ``may_be_absent``: a 404 is an answer too.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    may_be_absent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store answered: 200, or 404 where that may be. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


T = TypeVar("T")
Reading: TypeAlias = Generator[tuple[Request, ...], list[Answer], T]
"""Requests that may travel at the same time, then their answers in the same order, and so on until the result."""


@dataclass(frozen=True, slots=True)
class Span:
    """Objects that were changed (or created) from ``since`` on, and before ``until`` if that is said."""

    since: datetime
    until: datetime | None = None
    by: Literal["changed", "created"] = "changed"


@dataclass(frozen=True, slots=True)
class StoreObject:
    """One object as its webhook would carry it. ``refunds``: what only the API says of an order's refunds."""

    topic: str
    row: Row
    raw: bytes
    refunds: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, oldest first. ``cursor`` is where to go on, "" after the last page.

    ``total``: how many objects there are from the page's beginning on, where the store says it.
    """

    objects: tuple[StoreObject, ...]
    cursor: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading stands. A cursor is a place as text.

    Everything that changed before ``since`` is read. Only where more objects share one moment than fit a page
    (or where the store cannot sort) does ``within`` say how far we are; so what changes meanwhile, which moves
    every later page, moves none of ours.
    """

    section: str
    since: datetime
    within: str = ""

    def __str__(self) -> str:
        return f"{self.section}|{self.since.astimezone(UTC).isoformat()}|{self.within}"

    @classmethod
    def of(cls, cursor: str, *, first: str, since: datetime) -> "Place":
        """Read a cursor; without one, the beginning of section ``first``."""
        if not cursor:
            return cls(first, since)
        section, moment, within = cursor.split("|", 2)
        return cls(section, datetime.fromisoformat(moment), within)

    def after(self, newest: datetime | None, *, within: str) -> "Place":
        """The next place in this section: by time where the page's ``newest`` moved on, else further within."""
        if newest is not None and newest > self.since:
            return Place(self.section, newest)
        return Place(self.section, self.since, within)


class StoreApi(Protocol):
    """One platform's API."""

    @property
    def name(self) -> str:
        """The platform's name in a connection."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What it can be asked for, in the order of ``KINDS``."""

    def address(self, access: StoreAccess) -> str:
        """What stands before every request's path."""

    def authorization(self, access: StoreAccess) -> Reading[Mapping[str, str]]:
        """The headers that let us in."""

    def page(self, kind: Kind, span: Span, cursor: str) -> Reading[Page]:
        """The next page of a kind."""

    def one(self, subject: str) -> Reading[StoreObject | None]:
        """One object by its subject (``order/1001``); None where the store has it no longer."""

    def levels(self, products: Sequence[StoreObject]) -> Reading[tuple[StoreObject, ...]]:
        """The stock levels of these products, where they are objects of their own."""

    def webhook(self, found: StoreObject, connection: str, received_at: datetime) -> Webhook:
        """The delivery that would tell the object as it is now: read as such, it makes the same events."""

    def completed(self, events: list[Envelope], found: StoreObject) -> list[Envelope]:
        """Those events, with what only the API tells. Ids stay."""


class StoreProblem(Exception):
    """The store's API cannot be used; the text is a sentence for a person."""


class StoreRefuses(StoreProblem):
    """The store does not accept our credentials, or lets them read too little: a person must act."""


class StoreUnavailable(StoreProblem):
    """The store cannot be reached or does not answer sensibly, also after several tries."""
