"""A document number that is taken (6140): ours by another road, or somebody else's (A93)."""

from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import Any

from workers.errors import NumberTaken
from workers.mapping.fingerprint import is_void
from workers.mapping.frame import Frame
from workers.mapping.marks import mark_of
from workers.mapping.names import quoted
from workers.orders.sums import amount_of
from workers.steps import Json, Step, find


def adopted(
    entities: Sequence[str], number: str, total: Decimal, customer_id: str, mark: str, frame: Frame
) -> Generator[Step, Any, tuple[str, Json]]:
    """The document that holds the number, when amount and customer agree: its entity and its content.

    One that bears the mark of another store object is that object's, however equal it looks: two stores of one
    company count their orders alike.

    Raises:
        NumberTaken: they do not; the sentence shows both.
    """
    theirs = "another document"
    for entity in entities:
        for row in (yield from find(entity, f"DocNumber = {quoted(number)}")):
            customer = row.get("CustomerRef") or {}
            if is_void(row):
                continue
            same = customer.get("value") == customer_id and amount_of(row.get("TotalAmt")) == total
            if same and mark_of(row) in ("", mark):
                return entity, row
            theirs = (
                f"{entity} {row['Id']} of {amount_of(row.get('TotalAmt'))} for "
                f"{'customer ' + str(customer['value']) if customer.get('value') else 'no customer'}"
            )
    raise NumberTaken(
        f"{frame.subject}: number {number} is taken in QuickBooks by {theirs}, but the store says {total}. "
        "Change that number there, or the prefix of this connection, then Retry.",
        cause=number,
        fix=frame.fix("number_prefix", value="W-"),
        fault_code="6140",
    )
