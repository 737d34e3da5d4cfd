"""Carrying out the ways that change what the ledger believes of a document, a customer or the company."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from ops.connections import BY_HAND, ConnectionRefusal
from ops.fixes.case import party_for
from ops.fixes.way import KeepTheirs, LetGo, Overwrite, ReadCompany, TakeAsOurs
from schemas.orders import Buyer
from workers.contacts.sync_contact import SENT, comparable
from workers.ledger.bookings import find_documents
from workers.ledger.connections import StoredConnection, store_company
from workers.ledger.engine import reading, writing
from workers.ledger.mappings import Remembered, recall_mappings, store_mappings
from workers.mapping.customer import field_marks
from workers.mapping.fingerprint import fingerprint, is_void
from workers.mapping.names import quoted
from workers.orders.payments import payment_keys
from workers.orders.record import LET_GO, SaleRecord
from workers.orders.sums import amount_of
from workers.outcomes import Document
from workers.steps import Company, Json, StoreKey, SyncMapping

Mend = LetGo | TakeAsOurs | Overwrite | KeepTheirs


class Asks(Protocol):
    """Reads of the company."""

    def query(self, statement: str) -> list[Json]:
        """The rows of one query."""
        ...

    def company(self) -> Company:
        """What the workflows must know of the company, read anew."""
        ...


def mend(
    engine: Engine, stored: StoredConnection, act: Mend, reader: Asks, *, now: datetime, dry_run: bool
) -> str:
    """Change what is believed; the sentence says what changed. With ``dry_run`` everything is checked, nothing kept.

    Raises:
        ConnectionRefusal: it is not so, or cannot be helped in this way; the sentence says what else to do.
        SyncError: QuickBooks cannot be asked now.
    """
    with reading(engine) as database:
        before = _found(database, stored, act)
    match act:
        case LetGo():
            after, said = [_let_go(before[0], act, reader)], f"{_name(act.document)} counts as gone."
        case TakeAsOurs():
            after = [_taken(before[0], act.document, reader)]
            said = f"{_name(act.document)} counts as ours as it stands now."
        case Overwrite():
            marks = field_marks(comparable(_standing(before[0], reader)))
            after = [_marked(one, marks) for one in before]
            said = f"Customer {before[0].quickbooks_id}: what the store says is written over it."
        case KeepTheirs():
            marks = field_marks(party_for(act.buyer, "", stored).fields)
            after = [_marked(one, marks) for one in before]
            said = f"Customer {before[0].quickbooks_id}: QuickBooks keeps what it has."
    if dry_run:
        return said
    with writing(engine) as database:
        if _found(database, stored, act) != before:
            raise ConnectionRefusal("A worker changed it at the same time. Look again.")
        store_mappings(
            database, stored.connection.connection_id, [Remembered(one, BY_HAND) for one in after], now
        )
    return said


def read_company_anew(
    engine: Engine,
    stored: StoredConnection,
    act: ReadCompany,
    reader: Asks,
    *,
    now: datetime,
    dry_run: bool,
) -> str:
    """Let the workers read the company before their next event; first see that it helps.

    Raises:
        ConnectionRefusal: the company still keeps one currency only.
        SyncError: QuickBooks cannot be asked now.
    """
    connection = stored.connection
    company = reader.company()
    if act.currency and not company.multicurrency and company.home_currency != act.currency:
        raise ConnectionRefusal(
            f"The QuickBooks company still keeps only {company.home_currency}. Switch multicurrency on there "
            "(Account and settings, Advanced, Currency), then run this again."
        )
    if not dry_run:
        with writing(engine) as database:
            store_company(
                database,
                connection.connection_id,
                {},
                country=company.country,
                currency=company.home_currency,
                now=now,
            )
    return "What the company has switched on is read anew."


def _found(database: Database, stored: StoredConnection, act: Mend) -> list[SyncMapping]:
    """The mappings that the way changes, if nothing in the ledger is against it."""
    if isinstance(act, LetGo | TakeAsOurs):
        standing = find_documents(database, stored.connection.connection_id, [act.document])
        if act.document not in standing:
            raise ConnectionRefusal(f"The ledger knows no {_name(act.document)} any more. Retry the group.")
        mapping = standing[act.document].mapping
        if isinstance(act, LetGo) and act.posts:
            _refuse_payments(database, stored.connection.connection_id, mapping)
        return [mapping]
    return _of_buyer(database, stored, act.buyer)


def _of_buyer(database: Database, stored: StoredConnection, buyer: Buyer) -> list[SyncMapping]:
    keys = party_for(buyer, "", stored).keys
    known = recall_mappings(database, stored.connection.connection_id, keys)
    if not known:
        raise ConnectionRefusal("The ledger knows no customer of this contact any more. Retry the group.")
    return [known[key] for key in keys if key in known]


def _let_go(mapping: SyncMapping, act: LetGo, reader: Asks) -> SyncMapping:
    row = _read(act.document, reader)
    if row is not None and not is_void(row):
        raise ConnectionRefusal(f"{_name(act.document)} stands in QuickBooks. Retry the group.")
    if mapping.key.kind == "order":
        return replace(SaleRecord.of(mapping), ended=LET_GO).mapping
    return replace(mapping, removed=True)


def _taken(mapping: SyncMapping, document: Document, reader: Asks) -> SyncMapping:
    row = _read(document, reader)
    if row is None or is_void(row):
        raise ConnectionRefusal(
            f"{_name(document)} is deleted or void in QuickBooks by now. Retry the group."
        )
    if mapping.key.kind == "order":
        record = SaleRecord.of(mapping)
        customer = str((row.get("CustomerRef") or {}).get("value", record.customer_id))
        total = amount_of(row.get("TotalAmt"))
        return replace(record, expected=fingerprint(row), total=total, customer_id=customer).mapping
    return replace(mapping, detail={**mapping.detail, "expected": fingerprint(row)})


def _standing(mapping: SyncMapping, reader: Asks) -> Json:
    row = _read(Document("Customer", mapping.quickbooks_id), reader)
    if row is None:
        raise ConnectionRefusal(
            f"Customer {mapping.quickbooks_id} is not active in QuickBooks. Retry the group."
        )
    return row


def _marked(mapping: SyncMapping, marks: dict[str, str]) -> SyncMapping:
    """The customer with these as the fields that the store said last."""
    kept = {name: value for name, value in mapping.detail.items() if name != SENT}
    return replace(mapping, detail={**kept, "fields": marks})


def _read(document: Document, reader: Asks) -> Json | None:
    rows = reader.query(f"select * from {document.entity} where Id = {quoted(document.quickbooks_id)}")  # noqa: S608
    return rows[0] if rows else None


def _refuse_payments(database: Database, connection_id: str, sale: SyncMapping) -> None:
    """A payment of a deleted invoice stays behind unapplied: with a new invoice and payment it would count twice."""
    left = [
        one.quickbooks_id
        for one in _payments(database, connection_id, sale.key.store_id)
        if not one.removed and one.detail.get("invoice") == sale.quickbooks_id
    ]
    if left:
        raise ConnectionRefusal(
            f"Payment {', '.join(left)} of {sale.entity} {sale.quickbooks_id} is left over in QuickBooks. Enter the "
            "invoice there by hand, apply the payment to it, and choose --way ignore."
        )


def _payments(database: Database, connection_id: str, order_id: str) -> Iterator[SyncMapping]:
    first = 1
    while True:
        keys: list[StoreKey] = payment_keys(order_id, first)
        found = recall_mappings(database, connection_id, keys)
        yield from found.values()
        if len(found) < len(keys):
            return
        first += len(keys)


def _name(document: Document) -> str:
    return f"{document.entity} {document.quickbooks_id}"
