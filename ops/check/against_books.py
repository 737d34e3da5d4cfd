"""Ledger against QuickBooks: documents that are missing, doubled, different, or that nobody knows. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ops.check.books import Booked
from ops.check.finding import Finding
from ops.check.held import Held
from ops.check.sides import Sides, grouped, key_of, subject_of
from workers.steps import StoreKey

PUT_RIGHT = (
    "Put it right in QuickBooks (its audit log says who changed it), or correct the order in the store."
)
REMOVED = (
    "If that was right, nothing: later changes of it wait for you, and Ignore accepts it. If not, enter it again in "
    "QuickBooks."
)


def ledger_against_books(sides: Sides) -> Iterator[Finding]:
    """Each document that the ledger remembers, as QuickBooks has it."""
    for held in sides.ledger.held.values():
        busy = held.key not in sides.steady or held.object_key in sides.ledger.under_way
        if busy or not sides.concerns(held):
            continue
        found = _compared(held, sides.row_of(held), sides.settings.rounding_limit)
        if found is not None:
            yield _acted_upon(found, held, sides)


def _acted_upon(found: Finding, held: Held, sides: Sides) -> Finding:
    """A person accepted it by ignoring, or a failed message asks what to do about it already."""
    ignored = sides.ledger.ignored.get(held.object_key)
    if ignored is not None:
        return found.accepted(ignored.event_id)
    failure = sides.ledger.failures.get(held.subject) or sides.ledger.failures.get(held.object_key)
    if failure is None:
        return found
    return replace(found, todo=f"counterfoil errors fix {failure.event_id}")


def _compared(held: Held, row: Booked | None, limit: Decimal) -> Finding | None:
    if not held.stands:
        stands = row is not None and not row.void and row.amount
        return _not_taken_back(held, row) if row is not None and stands else None
    if row is None or row.void:
        return _missing(held, row)
    if row.amount != held.amount and row.entity != "JournalEntry":  # its lines balance, whatever the bank got
        return _different(held, row)
    if held.tax is not None and abs(held.tax - row.tax) > limit:  # less is what a rounding line makes good
        return _other_tax(held, row)
    moved = held.account_id and row.account_id not in ("", held.account_id)
    if moved and held.role in ("sale", "payment"):
        return _other_account(held, row)
    return None


def books_against_ledger(sides: Sides) -> Iterator[Finding]:
    """Each document in QuickBooks that carries our mark, or looks like one of ours, as the ledger knows it."""
    known = {(held.entity, held.quickbooks_id): held for held in sides.ledger.held.values()}
    for mark, rows in grouped(sides.marked()).items():
        key, generation = key_of(mark, sides.connection_id)
        subject = subject_of(key)
        if subject in sides.ledger.under_way or _is_under_way(key, sides):
            continue
        strange = [row for row in rows if row.id not in known and not _is_replaced(key, generation, sides)]
        if len(rows) > 1:
            yield _doubled(
                subject, rows, [row for row in rows if row.id not in known] or rows[1:], sides, key
            )
        elif strange:
            yield _unknown(subject, strange[0], sides, key)
    yield from _entered_by_hand(sides)


def _is_under_way(key: StoreKey, sides: Sides) -> bool:
    """A document of a refund is worked on under its order."""
    held = sides.ledger.held.get(key)
    return held is not None and held.object_key in sides.ledger.under_way


def _is_replaced(key: StoreKey, generation: int, sides: Sides) -> bool:
    """The document of an order before it was edited; a reversal of ours stands against it."""
    record = sides.ledger.record_of(key.store_id) if key.kind == "order" else None
    return record is not None and generation < record.generation


def _entered_by_hand(sides: Sides) -> Iterator[Finding]:
    """The same number and amount without a mark: somebody, or another program, entered a sale that we booked."""
    ours = {
        (held.number, held.amount): held
        for held in sides.ledger.held.values()
        if held.role == "sale" and held.stands and held.number and held.amount
    }
    for row in sides.books.values():
        held = ours.get((row.number, row.amount))
        if held is None or row.mark or row.void or not sides.days.has(row.date):
            continue
        if row.entity in ("SalesReceipt", "Invoice") and row.id != (held.entity, held.quickbooks_id):
            mine = f"{held.entity} {held.quickbooks_id}"
            yield _on(
                row,
                Finding(
                    "doubled_in_quickbooks",
                    held.subject,
                    f"{row.name} has the number and the amount of {mine}, which we booked, and no mark of ours.",
                    f"If both stand for one sale, void or delete {row.name} in QuickBooks.",
                    ledger=held.amount,
                    quickbooks=row.amount,
                ),
            )


def _missing(held: Held, row: Booked | None) -> Finding:
    what = "is void in" if row is not None else "is no longer in"
    return Finding(
        "missing_in_quickbooks",
        held.subject,
        f"{held.entity} {held.quickbooks_id} {what} QuickBooks; the ledger has it as booked.",
        REMOVED,
        document=f"{held.entity} {held.quickbooks_id}",
        number=held.number,
        date=row.date if row is not None else "",
        ledger=held.amount,
        quickbooks=row.amount if row is not None else None,
        currency=held.currency,
    )


def _different(held: Held, row: Booked) -> Finding:
    said = f"is {row.amount:.2f} in QuickBooks and {held.amount:.2f} in the ledger."
    return _off(held, row, said, ledger=held.amount, quickbooks=row.amount)


def _other_tax(held: Held, row: Booked) -> Finding:
    said = (
        f"is {row.amount:.2f} on both sides, but its tax is {row.tax:.2f} in QuickBooks and {held.tax:.2f} in the "
        "ledger."
    )
    return _off(held, row, said, ledger=held.tax, quickbooks=row.tax)


def _other_account(held: Held, row: Booked) -> Finding:
    said = f"pays into account {row.account_id} in QuickBooks; we booked it into {held.account_id}."
    return _off(held, row, said, ledger=held.amount, quickbooks=row.amount)


def _off(held: Held, row: Booked, said: str, *, ledger: Decimal | None, quickbooks: Decimal) -> Finding:
    text = f"{row.name} {said}"
    return _on(row, Finding("different", held.subject, text, PUT_RIGHT, ledger=ledger, quickbooks=quickbooks))


def _not_taken_back(held: Held, row: Booked) -> Finding:
    return _on(
        row,
        Finding(
            "not_taken_back",
            held.subject,
            f"{row.name} stands in QuickBooks; the ledger has it as voided or deleted.",
            f"Void or delete {row.name} in QuickBooks, unless somebody entered it again on purpose.",
            quickbooks=row.amount,
        ),
    )


def _doubled(subject: str, rows: list[Booked], extra: list[Booked], sides: Sides, key: StoreKey) -> Finding:
    held = sides.ledger.held.get(key)
    names = ", ".join(row.name for row in rows)
    too_much = " and ".join(row.name for row in extra)
    return _on(
        extra[0],
        Finding(
            "doubled_in_quickbooks",
            subject,
            f"{len(rows)} documents in QuickBooks stand for {subject}: {names}.",
            f"Void or delete {too_much} in QuickBooks.",
            ledger=held.amount if held is not None else None,
            quickbooks=sum((row.amount for row in rows), start=rows[0].amount * 0),
        ),
    )


def _unknown(subject: str, row: Booked, sides: Sides, key: StoreKey) -> Finding:
    held = sides.ledger.held.get(key)
    other = f" The ledger knows {held.entity} {held.quickbooks_id} for it." if held is not None else ""
    return _on(
        row,
        Finding(
            "unknown_to_ledger",
            subject,
            f"{row.name} carries the mark of {subject}, but the ledger does not know it.{other}",
            "A restored ledger: run `counterfoil backfill`, which takes such documents over. Else void or delete it in "
            "QuickBooks.",
            quickbooks=row.amount,
        ),
    )


def _on(row: Booked, finding: Finding) -> Finding:
    return finding.of(document=row.name, number=row.number, date=row.date, currency=row.currency)
