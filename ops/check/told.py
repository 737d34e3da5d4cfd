"""Findings about what the store told: in which words, and where to act. Pure."""

from datetime import date, timedelta
from decimal import Decimal

from ops.check.finding import Finding
from ops.check.shop import GivenBack, PaidOut, Sold
from ops.check.sides import Sides

Told = Sold | GivenBack | PaidOut


def lacking(told: Told, message: str, sides: Sides) -> Finding:
    """It is in the store and not in the ledger."""
    message, todo = _why(told.subject, message, told.date, sides)
    return about(told, Finding("missing_in_ledger", told.subject, message, todo, store=told.total))


def differs(told: Told, message: str, sides: Sides, *, store: Decimal, ledger: Decimal) -> Finding:
    """Store and ledger have different amounts of it."""
    message, todo = _why(told.subject, message, told.date, sides)
    return about(told, Finding("different", told.subject, message, todo, store=store, ledger=ledger))


def _why(subject: str, message: str, day: str, sides: Sides) -> tuple[str, str]:
    """A failure that waits for a person explains it, and is where to act."""
    failure = sides.ledger.failures.get(subject) or sides.ledger.failures.get(order_of(subject, sides))
    if failure is not None:
        return f"{message} It failed: {failure.message}", f"counterfoil errors fix {failure.event_id}"
    kind = "payouts" if subject.startswith("payout/") else "orders"
    return message, read_again(day, sides, kind)


def read_again(day: str, sides: Sides, kind: str = "orders") -> str:
    """The backfill that publishes what the ledger has not seen."""
    since = date.fromisoformat(day) - timedelta(days=1)
    return f"Read the store again: counterfoil backfill {sides.connection_id} --since {since} --only {kind}"


def about(told: Told, finding: Finding) -> Finding:
    """The finding with what it is about."""
    match told:
        case Sold():
            number = told.order.number
        case GivenBack():
            number = told.refund.order_number
        case _:
            number = ""
    return finding.of(number=number, date=told.date, currency=told.currency)


def order_of(subject: str, sides: Sides) -> str:
    """A refund's order; anything else is an object of its own."""
    if sides.shop is None or not subject.startswith("refund/"):
        return subject
    given = sides.shop.refunds.get(subject.removeprefix("refund/"))
    return f"order/{given.refund.order_id}" if given is not None else subject
