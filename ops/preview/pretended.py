"""A QuickBooks company that is only read: writes are remembered here, and answered as QuickBooks would."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ops.company_reader import Reader
from workers.errors import QuickBooksRejected
from workers.mapping.names import quoted
from workers.steps import Company, Find, Json, Write

ZERO = Decimal(0)
NAMED = {"Customer": "DisplayName", "Item": "Name"}
SAME_NAMES = {"Customer": ("Customer", "Vendor", "Employee"), "Item": ("Item",)}
"""Lists whose names must differ from each other. Source: Intuit's API reference, Customer."""

NUMBERED = ("SalesReceipt", "Invoice", "RefundReceipt", "CreditMemo")
"""Sales forms share their numbers. Source: Intuit's reference of these entities, fault 6140."""

FIRST_ID = 10**9
"""A company's own ids do not go so far."""

_FIRST_CONDITION = re.compile(r"^(?P<field>\w+) = '(?P<value>(?:\\.|[^'\\])*)'")


class Pretended:
    """Answers reads from QuickBooks and from what was only pretended; refuses what QuickBooks is known to refuse."""

    def __init__(self, reader: Reader, company: Company) -> None:
        self._reader = reader
        self._company = company
        self._found: dict[str, list[Json]] = {}
        self._made: dict[tuple[str, str], Json] = {}

    def find(self, step: Find) -> list[Json]:
        """As QuickBooks would answer after the writes so far.

        Raises:
            SyncError: QuickBooks cannot be asked now.
        """
        asked = _FIRST_CONDITION.match(step.where)
        field = asked["field"] if asked else ""
        value = re.sub(r"\\(.)", r"\1", asked["value"]) if asked else ""
        mine = [
            document
            for (entity, _), document in self._made.items()
            if entity == step.entity and field and _field(document, field) == value
        ]
        if field == "Id" and mine:
            return [one for one in mine if not one.get("deleted")]
        theirs = [row for row in self._rows(step.entity, step.where) if not self._changed(step.entity, row)]
        return [*theirs, *(one for one in mine if not one.get("deleted"))]

    def write(self, step: Write) -> Json:
        """What QuickBooks would answer.

        Raises:
            QuickBooksRejected: it would refuse, for what can be known beforehand: closed books, a name or a number
                that is taken.
        """
        self._check_open(step.document)
        if step.operation == "create":
            self._check_name(step)
            self._check_number(step)
            document = {**step.document, "Id": str(FIRST_ID + len(self._made)), "SyncToken": "0"}
        else:
            document = self._after(step)
        if _is_transaction(step):
            document["TotalAmt"] = ZERO if step.operation == "void" else _total(step, document)
            if "LinkedTxn" not in document and step.entity == "Invoice":
                document.setdefault("Balance", document["TotalAmt"])
        if step.operation == "void":
            document["PrivateNote"] = f"Voided - {document.get('PrivateNote', '')}"
        if step.operation == "delete":
            document["deleted"] = True
        self._made[step.entity, str(document["Id"])] = document
        return document

    def name_of(self, customer: Any) -> str:
        """How a customer is shown: one that would be new by its name."""
        found = str((customer or {}).get("value", "")) if isinstance(customer, Mapping) else ""
        made = self._made.get(("Customer", found))
        return str(made.get("DisplayName", "")) if made else (f"#{found}" if found else "")

    def _after(self, step: Write) -> Json:
        quickbooks_id = str(step.document["Id"])
        before = self._made.get((step.entity, quickbooks_id))
        if before is None:
            rows = self._rows(step.entity, f"Id = {quoted(quickbooks_id)}")
            before = rows[0] if rows else {}
        token = int(str(step.document.get("SyncToken") or 0)) + 1
        return {**before, **step.document, "SyncToken": str(token)}

    def _changed(self, entity: str, row: Json) -> bool:
        return (entity, str(row.get("Id", ""))) in self._made

    def _rows(self, entity: str, where: str) -> list[Json]:
        statement = f"select * from {entity} where {where}"  # noqa: S608 - QuickBooks, not SQL
        if statement not in self._found:
            self._found[statement] = self._reader.query(statement)
        return self._found[statement]

    def _check_open(self, document: Json) -> None:
        day, closed = str(document.get("TxnDate", "")), None
        if day:
            closed = self._reader.closed_until()
        if closed is not None and day <= closed.isoformat():
            raise QuickBooksRejected(f"The books are closed until {closed}.", fault_code="6200")

    def _check_name(self, step: Write) -> None:
        field = NAMED.get(step.entity)
        name = str(step.document.get(field, "")) if field else ""
        if not name:
            return
        for entity in SAME_NAMES[step.entity]:
            theirs = "Name" if entity == "Item" else "DisplayName"
            where = f"{theirs} = {quoted(name)} AND Active IN (true, false)"
            if self.find(Find(entity, where)):
                raise QuickBooksRejected(f"The name {name} is taken.", fault_code="6240")

    def _check_number(self, step: Write) -> None:
        number = str(step.document.get("DocNumber", ""))
        if not number or step.entity not in NUMBERED or not self._company.custom_numbers:
            return
        for entity in NUMBERED:
            if self.find(Find(entity, f"DocNumber = {quoted(number)}")):
                raise QuickBooksRejected(f"The number {number} is taken.", fault_code="6140")


def _is_transaction(step: Write) -> bool:
    return step.entity not in NAMED and step.entity != "InventoryAdjustment"


def _total(step: Write, document: Json) -> Decimal:
    """The sum that Counterfoil expects of QuickBooks; where it expects none, that of the lines."""
    for told in (step.detail.get("total"), step.document.get("TotalAmt")):
        if told is not None:
            return Decimal(str(told))
    lines = document.get("Line") or ()
    return sum((Decimal(str(line.get("Amount", 0))) for line in lines), ZERO)


def _field(document: Json, name: str) -> str:
    value = document.get(name)
    if isinstance(value, Mapping):
        value = value.get("Address") or value.get("value")
    return "" if value is None else str(value)
