"""What QuickBooks' refusals mean to an operator, and healing that every workflow shares."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from workers.errors import (
    BeforeStockStart,
    ChangedInQuickBooks,
    NeedsAttention,
    PeriodClosed,
    QuickBooksRejected,
    RemovedInQuickBooks,
    StaleObject,
    UnsupportedByPlan,
)
from workers.mapping.fingerprint import fingerprint, is_void
from workers.mapping.names import quoted
from workers.steps import Json, Step, StoreKey, Write, find, write

STALE = "5010"
GONE = "610"
NAME_TAKEN = "6240"
NUMBER_TAKEN = "6140"
NOT_THERE = ("610", "620", "2500")
PERIOD_CLOSED = ("6200", "6210")
BEFORE_STOCK_START = "6270"
NOT_IN_PLAN = ("5020", "5030")
"""Intuit's fault codes. Source: its page "Error codes"."""


def carried_out(step: Write, subject: str) -> Generator[Step, Any, Json]:
    """Write, and say in the operator's words why QuickBooks refused.

    Raises:
        QuickBooksRejected: with codes that the caller may heal (5010, 610, 6140, 6240) or nobody can.
        PeriodClosed, BeforeStockStart, UnsupportedByPlan: what their names say.
    """
    try:
        return (yield from write(step))
    except QuickBooksRejected as error:
        raise _explained(error, subject) from error


def _explained(error: QuickBooksRejected, subject: str) -> NeedsAttention:
    code = error.fault_code
    if code in PERIOD_CLOSED:
        return PeriodClosed(
            f"{subject}: the books of that date are closed in QuickBooks. Reopen the period, then Retry; "
            "Ignore it if it is booked by hand.",
            cause="closed period",
            fix="QuickBooks: Account and settings, Advanced, Accounting: Close the books",
            fault_code=code,
        )
    if code == BEFORE_STOCK_START:
        return BeforeStockStart(
            f"{subject}: {error}. Move the first day of stock of that item in QuickBooks, then Retry.",
            cause="first day of stock",
            fix="QuickBooks: Products and services, the item, Quantity: As of date",
            fault_code=code,
        )
    if code in NOT_IN_PLAN:
        return UnsupportedByPlan(
            f"{subject}: the plan or the settings of the QuickBooks company do not allow this: {error}",
            cause=code,
            fix="QuickBooks: Account and settings, Billing and subscription",
            fault_code=code,
        )
    return QuickBooksRejected(
        f"{subject}: {error}",
        cause=error.cause or code,
        fix=error.fix or "counterfoil errors show EVENT",
        fault_code=code,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a document that is booked: an update, a void or a delete.

    ``expected`` is the fingerprint of what we sent last: anything else in QuickBooks is a person's work.
    """

    name: str
    entity: str
    operation: Literal["update", "void", "delete"]
    quickbooks_id: str
    sync_token: str
    expected: str
    subject: str
    body: Json = field(default_factory=dict)
    key: StoreKey | None = None
    version: Any = None
    detail: Json = field(default_factory=dict)

    def at(self, sync_token: str) -> Write:
        """The step, under this SyncToken."""
        body = {**self.body, "Id": self.quickbooks_id, "SyncToken": sync_token}
        if self.operation != "delete":
            body["sparse"] = True
        return Write(self.name, self.entity, self.operation, body, self.key, self.version, self.detail)


def changed(change: Change) -> Generator[Step, Any, Json]:
    """Carry a change out under its SyncToken. On 5010 read again, and go on only if no person changed the document.

    Raises:
        RemovedInQuickBooks: a person deleted or voided it (A11).
        ChangedInQuickBooks: a person changed it (A10).
        StaleObject: somebody was faster twice.
    """
    try:
        return (yield from carried_out(change.at(change.sync_token), change.subject))
    except QuickBooksRejected as error:
        if error.fault_code == GONE:
            raise removed(change.subject, change.entity, change.quickbooks_id) from error
        if error.fault_code != STALE:
            raise
    current = yield from untouched(change)
    try:
        return (yield from carried_out(change.at(str(current["SyncToken"])), change.subject))
    except QuickBooksRejected as error:
        if error.fault_code == STALE:
            raise StaleObject(f"{change.subject}: {change.entity} changed while we worked on it.") from error
        raise


def untouched(change: Change) -> Generator[Step, Any, Json]:
    """Read the document again and make sure that it is as we left it. Raises as ``changed`` does."""
    current = yield from reread(change.entity, change.quickbooks_id, change.subject)
    if change.expected and fingerprint(current) != change.expected:
        raise ChangedInQuickBooks(
            f"{change.subject}: {change.entity} {current.get('DocNumber') or change.quickbooks_id} was changed "
            "in QuickBooks after it was booked. Say whose change counts, the store's or theirs; or undo the change "
            "there, then Retry.",
            cause=f"{change.entity} {change.quickbooks_id}",
            fix="counterfoil errors fix EVENT",
        )
    return current


def reread(entity: str, quickbooks_id: str, subject: str) -> Generator[Step, Any, Json]:
    """The document as it is now.

    Raises:
        RemovedInQuickBooks: it is deleted or void.
    """
    found = yield from find(entity, f"Id = {quoted(quickbooks_id)}")
    if not found or is_void(found[0]):
        raise removed(subject, entity, quickbooks_id)
    return found[0]


def removed(subject: str, entity: str, quickbooks_id: str) -> RemovedInQuickBooks:
    """The error for a document that a person deleted or voided: it is never created again silently (A11)."""
    return RemovedInQuickBooks(
        f"{subject}: {entity} {quickbooks_id} was deleted or voided in QuickBooks. "
        "Have it posted again, or accept that it is gone.",
        cause=f"{entity} {quickbooks_id}",
        fix="counterfoil errors fix EVENT",
    )
