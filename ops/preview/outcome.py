"""What one event would do, as a person reads it."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any, Literal

from ops.preview.spreadsheet import safe
from workers.steps import Json, Write

Result = Literal["books", "nothing", "skipped", "superseded", "waits", "fails"]


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write that would be made. ``total`` "" where the object has none; ``customer`` a name, or ``#id``."""

    operation: str
    entity: str
    number: str = ""
    date: str = ""
    customer: str = ""
    total: str = ""
    currency: str = ""

    @classmethod
    def of(cls, step: Write, answer: Json, customer: str) -> "PlannedWrite":
        """From the step and what QuickBooks would answer."""
        name = answer.get("DocNumber") or answer.get("DisplayName") or answer.get("Name") or ""
        total = answer.get("TotalAmt")
        return cls(
            operation=step.operation,
            entity=step.entity,
            number=str(name),
            date=str(answer.get("TxnDate", "")),
            customer=customer,
            total=f"{total:.2f}" if total is not None else "",
            currency=str((answer.get("CurrencyRef") or {}).get("value", "")),
        )


@dataclass(frozen=True, slots=True)
class Previewed:
    """One event: ``why`` says in a word why it is skipped, ``message`` and ``fix`` what is wrong and what helps."""

    event_id: str
    type: str
    subject: str
    time: str
    result: Result
    writes: tuple[PlannedWrite, ...] = ()
    why: str = ""
    message: str = ""
    fix: str = ""


COLUMNS = (
    "event_id", "type", "subject", "time", "result", "why", "operation", "entity", "number", "date",
    "customer", "total", "currency", "message", "fix",
)  # fmt: skip


def as_json(found: Iterable[Previewed]) -> list[dict[str, Any]]:
    """For programs."""
    return [asdict(one) for one in found]


def as_csv(found: Iterable[Previewed]) -> str:
    """One row for each write; an event that writes nothing has one row too."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for one in found:
        facts = {
            name: value for name, value in asdict(one).items() if name in COLUMNS and isinstance(value, str)
        }
        for write in one.writes or (None,):
            row = {**facts, **(asdict(write) if write is not None else {})}
            table.writerow({name: safe(value) for name, value in row.items()})
    return text.getvalue()


def counts(found: Iterable[Previewed]) -> dict[str, int]:
    """How many events of each result."""
    counted: dict[str, int] = {}
    for one in found:
        counted[one.result] = counted.get(one.result, 0) + 1
    return counted
