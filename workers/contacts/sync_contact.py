"""A store's customer account as a QuickBooks customer (rules A60 to A67)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas.contacts import Contact, ContactRemoved
from workers.answers import GONE, STALE, carried_out
from workers.context import Context
from workers.errors import ChangedInQuickBooks, QuickBooksRejected, RemovedInQuickBooks, StaleObject
from workers.mapping.customer import changed_fields, field_marks
from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.outcomes import Booked, Document, Skipped, Superseded
from workers.parties.customers import resolve_customer
from workers.parties.gone import customer_gone, successor_of
from workers.parties.party import Party, known_customer, party_of
from workers.steps import Json, Step, Steps, StoreKey, SyncMapping, Write, find, recall, remember

SENT = "sent"
"""In a mapping's detail: the marks that each field may have in QuickBooks by our own doing, while an answer is due."""


def sync_contact(contact: Contact, context: Context) -> Steps:
    """Create the customer, or update what the store changed since; without a change nothing is called (A66)."""
    frame = Frame.of(context, f"Customer {contact.contact_id}")
    if frame.settings.customers == "per_store":
        return Skipped("one_customer_for_all")
    party = party_of(contact.buyer, context.company.home_currency, frame)
    own_key = StoreKey("customer", contact.contact_id)
    if own_key not in party.keys:
        return Skipped("no_name")
    version = context.envelope.time
    known = yield from recall(party.keys)
    own = known.get(own_key)
    if own is not None and own.version is not None and version < own.version:
        return Superseded()
    mapping = known_customer(party, known)
    if mapping is None:
        customer_id = yield from resolve_customer(party, known, frame)
        known = yield from recall(party.keys)
        mapping = known[own_key]
        assert mapping.quickbooks_id == customer_id, "a resolved customer is remembered"
    else:
        mapping = yield from _updated_or_successor(party, mapping, frame)
    yield from _remember_all(party, known, mapping, own_key, version)
    return Booked((Document("Customer", mapping.quickbooks_id),))


def remove_contact(contact: ContactRemoved, context: Context) -> Steps:  # noqa: ARG001
    """The books keep their customer. A deleted account is no request to erase the person (A67)."""
    return Skipped("books_keep_the_customer")
    yield  # a workflow function is a generator


def _updated_or_successor(
    party: Party, mapping: SyncMapping, frame: Frame
) -> Generator[Step, Any, SyncMapping]:
    """Where the customer is gone, the one who took over has the store's data as it is and needs no update (A65)."""
    try:
        return (yield from _updated(party, mapping, frame))
    except RemovedInQuickBooks:
        survivor = yield from successor_of(mapping.quickbooks_id, party, frame)
        if survivor is None:
            raise
        return party.mapping(mapping.key, survivor)


def _updated(party: Party, mapping: SyncMapping, frame: Frame) -> Generator[Step, Any, SyncMapping]:
    """A sparse update of what changed; never over a person's edit of the same field.

    What is sent is remembered before it goes: when we die before the answer, the next run must not take our own
    change for a person's.
    """
    marks = mapping.detail.get("fields", {})
    changes = changed_fields(party.fields, marks)
    if not changes:
        return mapping
    ours = _ours(marks, mapping.detail.get(SENT, {}), field_marks(party.fields))
    yield from remember(replace(mapping, detail={**mapping.detail, SENT: ours}))
    answer = yield from _write(party, changes, mapping, ours, frame)
    kept = {name: value for name, value in mapping.detail.items() if name != SENT}
    return replace(
        mapping,
        sync_token=str(answer.get("SyncToken", mapping.sync_token)),
        detail={**kept, "fields": field_marks(party.fields)},
    )


def _ours(
    marks: Mapping[str, str], sent: Mapping[str, Sequence[str]], new: Mapping[str, str]
) -> dict[str, list[str]]:
    """The marks that each field may have by our own doing; "" where it is empty."""
    return {name: sorted({mark, *sent.get(name, ()), new.get(name, "")}) for name, mark in marks.items()}


def _write(
    party: Party, changes: Json, mapping: SyncMapping, ours: Mapping[str, Sequence[str]], frame: Frame
) -> Generator[Step, Any, Json]:
    try:
        return (yield from carried_out(_step(changes, mapping, mapping.sync_token), frame.subject))
    except QuickBooksRejected as error:
        if error.fault_code == GONE:
            raise customer_gone(mapping.quickbooks_id, party, frame) from error
        if error.fault_code != STALE:
            raise
    rows = yield from find("Customer", f"Id = {quoted(mapping.quickbooks_id)} AND Active IN (true, false)")
    if not rows or not rows[0].get("Active", True):
        raise customer_gone(mapping.quickbooks_id, party, frame)
    _check_untouched(rows[0], changes, ours, frame)
    try:
        return (yield from carried_out(_step(changes, mapping, str(rows[0]["SyncToken"])), frame.subject))
    except QuickBooksRejected as error:
        if error.fault_code == STALE:
            raise StaleObject(f"{frame.subject} changed in QuickBooks while we worked on it.") from error
        raise


def _step(changes: Json, mapping: SyncMapping, sync_token: str) -> Write:
    body = {**changes, "Id": mapping.quickbooks_id, "SyncToken": sync_token, "sparse": True}
    return Write("customer-update", "Customer", "update", body)


def _check_untouched(row: Json, changes: Json, ours: Mapping[str, Sequence[str]], frame: Frame) -> None:
    """A field that we are about to change must still be as the store said it, or be what the store says now."""
    theirs = field_marks(comparable(row))
    touched = [name for name in changes if name in ours and theirs.get(name, "") not in ours[name]]
    if touched:
        raise ChangedInQuickBooks(
            f"{frame.subject}: {', '.join(touched)} was changed in QuickBooks and in the store. "
            "Say whose change counts; or make them the same, then Retry.",
            cause=f"customer {row['Id']}",
            fix="counterfoil errors fix EVENT",
        )


def comparable(row: Json) -> Json:
    """A customer as QuickBooks answers it, reduced to what we send."""
    fields: Json = {name: row[name] for name in ("GivenName", "FamilyName", "CompanyName") if row.get(name)}
    for name, keys in (
        ("PrimaryEmailAddr", ("Address",)),
        ("PrimaryPhone", ("FreeFormNumber",)),
        ("BillAddr", _ADDRESS),
        ("ShipAddr", _ADDRESS),
    ):
        if row.get(name):
            fields[name] = {key: row[name][key] for key in keys if row[name].get(key)}
    return fields


_ADDRESS = ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country")


def _remember_all(
    party: Party,
    known: dict[StoreKey, SyncMapping],
    mapping: SyncMapping,
    own_key: StoreKey,
    version: datetime,
) -> Generator[Step, Any, None]:
    """The version under the contact's own id, and the customer under each key that leads to it."""
    for key in party.keys:
        new = replace(mapping, key=key, version=version if key == own_key else None)
        if known.get(key) != new:
            yield from remember(new)
