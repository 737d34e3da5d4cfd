"""Which QuickBooks customer a buyer is: remembered, found by e-mail, or created (rules A60 to A64)."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.orders import Buyer
from workers.answers import NAME_TAKEN, carried_out
from workers.errors import CustomerClash, CustomerUnknown, QuickBooksRejected
from workers.mapping.customer import customer_document, customer_fields, field_marks
from workers.mapping.frame import Frame
from workers.mapping.names import (
    LONGEST_DISPLAY_NAME,
    clean,
    display_names,
    folded,
    person_name,
    quoted,
    usable_email,
)
from workers.steps import Json, Step, StoreKey, SyncMapping, Write, find, remember

Known = Mapping[StoreKey, SyncMapping]
STORE = "store"


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer as we look for the customer. ``currency`` "" where one customer serves all currencies."""

    name: str
    email: str
    keys: tuple[StoreKey, ...]
    buyer: Buyer | None
    currency: str
    distinct: str

    @property
    def fields(self) -> Json:
        """What a new customer gets; {} for the store's own. Made when asked for: most buyers are known."""
        return customer_fields(self.buyer) if self.buyer is not None else {}

    @property
    def key(self) -> StoreKey:
        """The key that a new customer is remembered under first."""
        return self.keys[0]


def party_of(buyer: Buyer, currency: str, frame: Frame) -> Party:
    """Decide whom to look for: the person, or the store's own customer (A62, A63)."""
    foreign = currency if frame.company.multicurrency and currency != frame.company.home_currency else ""
    tail = f"/{foreign}" if foreign else ""
    email, name = usable_email(buyer.email), person_name(buyer)
    keys = tuple(
        StoreKey(kind, f"{store_id}{tail}")
        for kind, store_id in (("customer", buyer.customer_id), ("email", folded(email)))
        if store_id
    )
    if frame.settings.customers == "per_store" or not keys or not name:
        store = clean(frame.settings.store_customer, LONGEST_DISPLAY_NAME)
        return Party(store, "", (StoreKey("customer", f"{STORE}{tail}"),), None, foreign, frame.connection_id)
    distinct = email or f"{frame.connection_id} {buyer.customer_id}"
    return Party(name, email, keys, buyer, foreign, distinct)


def known_customer(party: Party, known: Known) -> SyncMapping | None:
    """The remembered customer of a party."""
    for key in party.keys:
        mapping = known.get(key)
        if mapping is not None and mapping.quickbooks_id:
            return mapping
    return None


def resolve_customer(party: Party, known: Known, frame: Frame) -> Generator[Step, Any, str]:
    """The customer's QuickBooks id. Nothing is asked of QuickBooks when the customer is remembered.

    Raises:
        CustomerUnknown: the settings say that none is to be created.
        CustomerClash: all names to choose from are taken, or the customer is inactive.
    """
    mapping = known_customer(party, known)
    if mapping is None:
        found = yield from _found(party, frame)
        if found is None:
            return (yield from _created(party, frame))
        mapping = _adopted(party.key, found, party)
        yield from remember(mapping)
    for key in party.keys:
        if key not in known and key != mapping.key:
            yield from remember(_alias(key, mapping))
    return mapping.quickbooks_id


def _unnamed(party: Party) -> str:
    """Tells one person from another in failure groups and headers without saying who it is."""
    return f"buyer {sha256(party.distinct.encode()).hexdigest()[:12]}"


def _alias(key: StoreKey, of: SyncMapping) -> SyncMapping:
    return SyncMapping(key, of.entity, of.quickbooks_id, of.sync_token, detail=of.detail)


def _adopted(key: StoreKey, customer: Json, party: Party) -> SyncMapping:
    marks = {"fields": field_marks(party.fields)}
    return SyncMapping(key, "Customer", str(customer["Id"]), str(customer["SyncToken"]), detail=marks)


def _found(party: Party, frame: Frame) -> Generator[Step, Any, Json | None]:
    """By e-mail, or by name and postal address together; never by name alone (A60). The store's own by name."""
    if party.email:
        condition = f"PrimaryEmailAddr = {quoted(party.email)}"
    else:
        condition = f"DisplayName = {quoted(next(_names(party)))}"
    rows = yield from find("Customer", f"{condition} AND Active IN (true, false)")
    rows = [row for row in rows if _is_party(row, party, frame)]
    active = [row for row in rows if row.get("Active", True)]
    if rows and not active:
        raise CustomerClash(
            f"{frame.subject}: customer {rows[0]['Id']} is inactive in QuickBooks. "
            "Make the customer active there, then Retry.",
            cause=f"inactive customer {rows[0]['Id']}",
            fix="QuickBooks: Customers, Include inactive, Make active",
        )
    return min(active, key=lambda row: int(row["Id"]), default=None)


def _is_party(row: Json, party: Party, frame: Frame) -> bool:
    currency = (row.get("CurrencyRef") or {}).get("value") or frame.company.home_currency
    if currency != (party.currency or frame.company.home_currency):
        return False
    email = folded(str((row.get("PrimaryEmailAddr") or {}).get("Address", "")))
    if party.email:
        return email == folded(party.email)
    return not party.fields or _same_address(row, party.fields)


def _same_address(row: Json, fields: Json) -> bool:
    def parts(address: Json | None) -> tuple[str, ...]:
        found = address or {}
        return tuple(str(found.get(name, "")).casefold() for name in ("Line1", "City", "PostalCode"))

    ours = parts(fields.get("BillAddr"))
    return any(ours) and ours == parts(row.get("BillAddr"))


def _created(party: Party, frame: Frame) -> Generator[Step, Any, str]:
    """A new customer, under the first display name that is free (A61)."""
    if frame.settings.unknown_customer == "stop" and party.fields:
        raise CustomerUnknown(
            f"{frame.subject}: QuickBooks has no customer with the e-mail of this buyer. "
            "Create the customer there, then Retry.",
            cause=_unnamed(party),
            fix=frame.fix("unknown_customer", value="create"),
        )
    for number, name in enumerate(_names(party), start=1):
        try:
            customer = yield from carried_out(_create(party, name, number, frame), frame.subject)
        except QuickBooksRejected as error:
            if error.fault_code != NAME_TAKEN:
                raise
            holder = yield from _holder(name, party, frame)
            if holder is None:
                continue
            customer = holder
            yield from remember(_adopted(party.key, customer, party))
        for key in party.keys[1:]:
            yield from remember(_adopted(key, customer, party))
        return str(customer["Id"])
    raise CustomerClash(
        f"{frame.subject}: the buyer's name is taken in QuickBooks by another customer, vendor or employee. "
        "Rename one of the two, then Retry.",
        cause=_unnamed(party),
        fix="counterfoil errors fix GROUP",
        fault_code=NAME_TAKEN,
    )


def _create(party: Party, name: str, number: int, frame: Frame) -> Write:
    currency = party.currency or (frame.company.home_currency if frame.company.multicurrency else "")
    note = frame.marker("customer", party.key.store_id if party.key.kind == "customer" else party.email)
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
    same = [row for row in rows if row.get("Active", True) and _is_party(row, party, frame)]
    return same[0] if same else None


def _names(party: Party) -> Iterator[str]:
    return display_names(party.name, distinct=party.distinct, currency=party.currency)
