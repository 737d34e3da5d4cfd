"""Looking for a buyer's customer in QuickBooks: by e-mail, or by name and postal address together (A60)."""

from collections.abc import Generator, Sequence
from typing import Any

from workers.answers import NAME_TAKEN, carried_out
from workers.errors import CustomerClash, QuickBooksRejected
from workers.mapping.frame import Frame
from workers.mapping.names import folded, quoted
from workers.parties.names import names_of
from workers.parties.party import Party
from workers.steps import Json, Step, Write, find

DELETED = " (deleted)"
"""What QuickBooks puts behind the name of an inactive customer. Source: recorded answers."""


def found_customer(party: Party, frame: Frame) -> Generator[Step, Any, Json | None]:
    """The party's customer, active ones first; an inactive one is made active, or passed over, as the setting says.

    Raises:
        CustomerClash: the only one is inactive, and a person must decide.
    """
    rows = yield from matching_customers(party, frame)
    active = [row for row in rows if row.get("Active", True)]
    if active or not rows:
        return min(active, key=lambda row: int(row["Id"]), default=None)
    if frame.settings.inactive_customers == "reactivate":
        return (yield from _reactivated(rows[0], frame))
    if frame.settings.inactive_customers == "create":
        return None
    raise CustomerClash(
        f"{frame.subject}: customer {rows[0]['Id']} is inactive in QuickBooks. "
        "Make the customer active there, or let Counterfoil do so, then Retry.",
        cause=f"inactive customer {rows[0]['Id']}",
        fix=frame.fix("inactive_customers", value="reactivate"),
    )


def matching_customers(party: Party, frame: Frame) -> Generator[Step, Any, Sequence[Json]]:
    """All that are the party, active and inactive; never by name alone. The store's own by its name."""
    if party.email:
        condition = f"PrimaryEmailAddr = {quoted(party.email)}"
    else:
        first = next(names_of(party, frame))
        names = f"{quoted(first)}, {quoted(first + DELETED)}"
        condition = f"DisplayName IN ({names})"
    rows = yield from find("Customer", f"{condition} AND Active IN (true, false)")
    return [row for row in rows if is_party(row, party, frame)]


def is_party(row: Json, party: Party, frame: Frame) -> bool:
    """Whether a customer of QuickBooks is this buyer."""
    currency = (row.get("CurrencyRef") or {}).get("value") or frame.company.home_currency
    if currency != (party.currency or frame.company.home_currency):
        return False
    email = folded(str((row.get("PrimaryEmailAddr") or {}).get("Address", "")))
    if party.email:
        return email == folded(party.email)
    return not party.fields or _same_address(row, party.fields)


def _reactivated(row: Json, frame: Frame) -> Generator[Step, Any, Json]:
    name = str(row.get("DisplayName", "")).removesuffix(DELETED)
    body = {
        "Id": row["Id"],
        "SyncToken": row["SyncToken"],
        "sparse": True,
        "Active": True,
        "DisplayName": name,
    }
    try:
        return (yield from carried_out(Write("reactivate", "Customer", "update", body), frame.subject))
    except QuickBooksRejected as error:
        if error.fault_code != NAME_TAKEN:
            raise
        raise CustomerClash(
            f"{frame.subject}: customer {row['Id']} is inactive in QuickBooks, and its name belongs to somebody else "
            "by now. Make the customer active there under another name, then Retry.",
            cause=f"inactive customer {row['Id']}",
            fix="QuickBooks: Customers, Include inactive, Make active",
            fault_code=NAME_TAKEN,
        ) from error


def _same_address(row: Json, fields: Json) -> bool:
    def parts(address: Json | None) -> tuple[str, ...]:
        found = address or {}
        return tuple(str(found.get(name, "")).casefold() for name in ("Line1", "City", "PostalCode"))

    ours = parts(fields.get("BillAddr"))
    return any(ours) and ours == parts(row.get("BillAddr"))
