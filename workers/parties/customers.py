"""Which QuickBooks customer a buyer is: chosen by a person, remembered, found, or created (rules A60 to A64)."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from workers.answers import NAME_TAKEN, carried_out
from workers.errors import CustomerClash, CustomerUnknown, DoesNotFit, QuickBooksRejected
from workers.mapping.customer import customer_document, field_marks, shortened_fields
from workers.mapping.frame import Frame
from workers.mapping.names import LONGEST_EMAIL, is_too_long, quoted
from workers.parties.names import names_of
from workers.parties.party import Known, Party, known_customer
from workers.parties.search import found_customer, is_party
from workers.steps import Json, Step, Write, find, remember


def resolve_customer(party: Party, known: Known, frame: Frame) -> Generator[Step, Any, str]:
    """The customer's QuickBooks id. Nothing is asked of QuickBooks when the customer is remembered.

    Raises:
        CustomerUnknown: the settings say that none is to be created.
        CustomerClash: all names to choose from are taken, or the customer is inactive.
        DoesNotFit: the buyer's e-mail is longer than QuickBooks takes.
    """
    mapping = known_customer(party, known)
    if mapping is None and party.by_hand:
        mapping = party.mapping(party.key, party.by_hand)
        yield from remember(mapping)
    if mapping is None:
        _check_identity(party, frame)
        found = yield from found_customer(party, frame)
        if found is None:
            return (yield from _created(party, frame))
        mapping = party.mapping(party.key, str(found["Id"]), str(found["SyncToken"]))
        yield from remember(mapping)
    for key in party.keys:
        remembered = known.get(key)
        is_other = remembered is not None and remembered.quickbooks_id != mapping.quickbooks_id
        if key != mapping.key and (remembered is None or (party.by_hand and is_other)):
            yield from remember(replace(mapping, key=key, version=None))
    return mapping.quickbooks_id


def _check_identity(party: Party, frame: Frame) -> None:
    """What is too long is shortened, but not what tells one buyer from another (A64)."""
    if party.buyer is not None and is_too_long(party.buyer.email):
        raise DoesNotFit(
            f"{frame.subject}: the buyer's e-mail is longer than the {LONGEST_EMAIL} characters that QuickBooks takes. "
            "Correct it in the store, or say which customer it is, then Retry.",
            cause=f"buyer {party.code}",
            fix=party.fix(frame),
        )


def _created(party: Party, frame: Frame) -> Generator[Step, Any, str]:
    """A new customer, under the first display name that is free (A61)."""
    if frame.settings.unknown_customer == "stop" and party.fields:
        raise CustomerUnknown(
            f"{frame.subject}: QuickBooks has no customer with the e-mail of this buyer. "
            "Create the customer there, then Retry.",
            cause=f"buyer {party.code}",
            fix=frame.fix("unknown_customer", value="create"),
        )
    for number, name in enumerate(names_of(party, frame), start=1):
        try:
            customer = yield from carried_out(_create(party, name, number, frame), frame.subject)
        except QuickBooksRejected as error:
            if error.fault_code != NAME_TAKEN:
                raise
            holder = yield from _holder(name, party, frame)
            if holder is None:
                continue
            customer = holder
            yield from remember(party.mapping(party.key, str(customer["Id"]), str(customer["SyncToken"])))
        for key in party.keys[1:]:
            yield from remember(party.mapping(key, str(customer["Id"]), str(customer["SyncToken"])))
        return str(customer["Id"])
    raise CustomerClash(
        f"{frame.subject}: the buyer's name is taken in QuickBooks by another customer, vendor or employee. "
        "Say which customer it is, or rename one of the two, then Retry.",
        cause=f"buyer {party.code}",
        fix=party.fix(frame),
        fault_code=NAME_TAKEN,
    )


def _create(party: Party, name: str, number: int, frame: Frame) -> Write:
    currency = party.currency or (frame.company.home_currency if frame.company.multicurrency else "")
    note = frame.marker("customer", party.key.store_id if party.key.kind == "customer" else party.email)
    cut = shortened_fields(party.buyer) if party.buyer is not None else ()
    if cut:
        note = f"{note}\nShortened to what QuickBooks takes: {', '.join(cut)}."
    return Write(
        "customer" if number == 1 else f"customer-{number}",
        "Customer",
        "create",
        customer_document(name, party.fields, note=note, currency=currency),
        key=party.key,
        detail={"fields": field_marks(party.fields)},
    )


def _holder(name: str, party: Party, frame: Frame) -> Generator[Step, Any, Json | None]:
    """Who holds the name: our buyer, created a moment ago by another event, or somebody else (None)."""
    rows = yield from find("Customer", f"DisplayName = {quoted(name)} AND Active IN (true, false)")
    same = [row for row in rows if row.get("Active", True) and is_party(row, party, frame)]
    return same[0] if same else None
