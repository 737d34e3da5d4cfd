"""Plays workflow functions against a real sandbox company, with a dict as the ledger.

It does what the runtime does with steps: mappings are stored with the answer of their write, a refusal is raised
inside the function. ``dies_after`` ends a run after so many writes, as a crash would.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast

from ops.sandbox.company.company import Company as SandboxCompany
from ops.sandbox.company.faults import QuickBooksFault
from ops.sandbox.company.seed import CountryCode, seeded_company
from schemas.connection import Connection, ConnectionSettings
from schemas.envelope import Envelope
from schemas.shape import Shape
from workers.context import Context
from workers.errors import QuickBooksRejected
from workers.outcomes import Outcome
from workers.route import steps_for
from workers.steps import (
    Company,
    Find,
    Json,
    Recall,
    Remember,
    Step,
    StoreKey,
    SyncMapping,
    TaxRate,
    Write,
)
from workers.stock import NoteStock, RecallStock, SeeStock, StockMoves, StockRow, noted

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLEARING = "21"
SHIPPING_CODES = {"CA": "5", "GB": "3", "AU": "1"}
SETTINGS: Json = {
    "accounts": {
        "deposit": CLEARING,
        "clearing": {"stripe": CLEARING},
        "income": "79",
        "expense": "80",
        "asset": "81",
        "stock_adjustments": "29",
    },
    "items": {
        "shipping": "3",
        "fee": "8",
        "tip": "4",
        "gift_card": "7",
        "refund_adjustment": "12",
        "rounding": "1",
    },
    "taxes": {"CA 8%": "2"},
    "stock": "follow",
}


class Died(Exception):
    """The worker was killed here."""


@dataclass
class Play:
    """One connection with its ledger and its QuickBooks company."""

    books: SandboxCompany
    settings: ConnectionSettings
    company: Company
    ledger: dict[StoreKey, SyncMapping] = field(default_factory=dict)
    stock: dict[str, dict[str, StockRow]] = field(default_factory=dict)
    finds: list[Find] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    dies_after: int | None = None
    before_write: Callable[[Write], None] | None = None

    def run(self, event_type: str, payload: Shape, *, time: datetime = NOON, event_id: str = "") -> Outcome:
        """Carry one event out; errors of the function come through."""
        envelope = Envelope(
            specversion="1.0",
            id=event_id or f"{event_type} {time.isoformat()}",
            source="counterfoil/connections/acme-woo",
            type=event_type,
            subject="object/1",
            time=time,
            connection="acme-woo",
            data=payload.model_dump(mode="json"),
        )
        connection = Connection(connection_id="acme-woo", platform="woocommerce", settings=self.settings)
        context = Context(envelope, connection, self.company)
        steps = steps_for(context, envelope.data)
        self.finds, self.writes = [], []
        try:
            step = next(steps)
            while True:
                step = self._moved(steps, step)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome

    def _moved(self, steps: Any, step: Step) -> Step:
        try:
            answer = self._answered(step)
        except QuickBooksFault as fault:
            first = fault.errors[0]
            return cast(Step, steps.throw(QuickBooksRejected(first.detail, fault_code=first.code)))
        return cast(Step, steps.send(answer))

    def _answered(self, step: Step) -> object:
        match step:
            case Recall():
                return {key: self.ledger[key] for key in step.keys if key in self.ledger}
            case Remember():
                self.ledger[step.mapping.key] = step.mapping
                return None
            case Find():
                self.finds.append(step)
                found = self.books.query(f"select * from {step.entity} where {step.where}")
                return found.get(step.entity, [])
            case Write():
                return self._written(step)
            case NoteStock():
                self.stock[step.source] = noted(self.stock.get(step.source, {}), step)
                return None
            case RecallStock():
                return StockMoves(tuple(self._moves(step)))
            case SeeStock():
                return None

    def _moves(self, asked: RecallStock) -> Iterator[StockRow]:
        products = {
            key.store_id
            for key, mapping in self.ledger.items()
            if key.kind == "product" and mapping.quickbooks_id == asked.item_id
        }
        for row in (row for rows in self.stock.values() for row in rows.values()):
            if row.product_id in products.union(asked.store_ids) or row.sku in asked.skus:
                yield row

    def _written(self, step: Write) -> Json:
        if self.dies_after is not None and len(self.writes) >= self.dies_after:
            raise Died
        if self.before_write is not None:
            self.before_write(step)
        answer = self._sent(step)
        self.writes.append(step)
        if step.key is not None:
            self.ledger[step.key] = SyncMapping(
                key=step.key,
                entity=step.entity,
                quickbooks_id=str(answer.get("Id", "")),
                sync_token=str(answer.get("SyncToken", "0")),
                version=step.version,
                removed=step.operation in ("void", "delete"),
                detail=step.detail,
            )
        return answer

    def _sent(self, step: Write) -> Json:
        match step.operation:
            case "create":
                return self.books.create(step.entity, step.document)
            case "update":
                return self.books.update(step.entity, step.document)
            case "delete":
                return self.books.delete(step.entity, step.document)
            case "void" if step.entity == "Invoice":
                return self.books.void(step.entity, step.document)
            case "void":
                return self.books.update(step.entity, step.document, include=frozenset({"void"}))

    def all(self, entity: str) -> list[Json]:
        """Every object that our connection made, by its marker."""
        rows = self.books.query(f"select * from {entity} maxresults 1000").get(entity, [])
        return [
            row
            for row in rows
            if "counterfoil:" in str(row.get("PrivateNote", "")) + str(row.get("Notes", ""))
        ]

    def only(self, entity: str) -> Json:
        """The one document of this entity that is ours."""
        (row,) = self.all(entity)
        return row

    def balance(self, account_id: str) -> Decimal:
        """What an account holds."""
        return Decimal(self.books.read("Account", account_id)["CurrentBalance"])

    def posted(self, account_id: str) -> Decimal:
        """Net debit of an account by the postings themselves, also of income and expenses."""
        debit: Decimal = self.books.books.store.tables.account_balances.get(account_id, Decimal(0))
        return debit

    def set(self, **changes: Any) -> None:
        """Change settings as an operator does."""
        self.settings = settings_with(self.settings.model_dump(), changes)


def settings_with(base: Json, changes: Json) -> ConnectionSettings:
    """Settings with some values replaced; dictionaries are merged."""
    merged = dict(base)
    for name, value in changes.items():
        old = merged.get(name)
        merged[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return ConnectionSettings.model_validate(merged)


def played(country: CountryCode = "US", *, company: Json | None = None, **settings: Any) -> Play:
    """A fresh company and connection. ``company`` overrides what we know of the QuickBooks company."""
    books = SandboxCompany(realm_id="1", country=country, clock=lambda: NOON)
    books.restore(_seed(country))
    home = books.books.country.currency
    facts: Json = {
        "realm_id": "1",
        "country": country,
        "home_currency": home,
        "tax": "us_manual" if country == "US" else "elsewhere",
        "shipping_on": True,
        "custom_numbers": False,
        "tax_percent": percents(books),
        "tax_rates": tax_rates(books),
        **(company or {}),
    }
    return Play(books, settings_with(SETTINGS, settings), Company(**facts))


@cache
def _seed(country: CountryCode) -> object:
    """What a seeded company holds; seeding it once for all tests saves most of their time."""
    return seeded_company(country, "1", clock=lambda: NOON).snapshot()


def percents(books: SandboxCompany) -> dict[str, Decimal]:
    """Percent of each tax code, from the company's own lists."""
    return {
        code: sum((rate.percent for rate in rates), Decimal(0)) for code, rates in tax_rates(books).items()
    }


def tax_rates(books: SandboxCompany) -> dict[str, tuple[TaxRate, ...]]:
    """The rates of each tax code, from the company's own lists."""
    rates = {
        row["Id"]: Decimal(str(row.get("RateValue", 0)))
        for row in books.query("select * from TaxRate maxresults 1000")["TaxRate"]
    }
    found = {}
    for code in books.query("select * from TaxCode maxresults 1000")["TaxCode"]:
        details = (code.get("SalesTaxRateList") or {}).get("TaxRateDetail", [])
        ids = [one["TaxRateRef"]["value"] for one in details]
        found[code["Id"]] = tuple(TaxRate(rate_id, rates[rate_id]) for rate_id in ids)
    return found


def prefer(play: Play, group: str, **values: Any) -> None:
    """Change a preference of the QuickBooks company, as its owner does."""
    preferences = play.books.books.preferences
    changed = {**preferences, group: {**preferences[group], **values}}
    play.books.books.store.rows("Preferences")["1"] = changed
