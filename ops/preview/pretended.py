"""A QuickBooks company that is only read: writes are remembered here, and answered as QuickBooks would."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ops.company_reader import Reader
from workers.errors import QuickBooksRejected
from workers.mapping.bundle import flat_lines
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

TAKES, GIVES = ("SalesReceipt", "Invoice"), ("RefundReceipt", "CreditMemo")
"""What moves stock out, and back in."""

_FIRST_CONDITION = re.compile(r"^(?P<field>\w+) = '(?P<value>(?:\\.|[^'\\])*)'")


class Pretended:
    """Answers reads from QuickBooks and from what was only pretended; refuses what QuickBooks is known to refuse."""

    def __init__(self, reader: Reader, company: Company) -> None:
        self._reader = reader
        self._company = company
        self._found: dict[str, list[Json]] = {}
        self._made: dict[tuple[str, str], Json] = {}
        self._stock: dict[str, Decimal] = {}

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
        rows = self._rows(step.entity, step.where)
        theirs = [self._with_stock(row) for row in rows if not self._changed(step.entity, row)]
        return [*theirs, *(one for one in mine if not one.get("deleted"))]

    def write(self, step: Write) -> Json:
        """What QuickBooks would answer.

        Raises:
            QuickBooksRejected: it would refuse, for what can be known beforehand: closed books, a name or a number
                that is taken.
        """
        self._check_open(step.document)
        before: Json = {}
        if step.operation == "create":
            self._check_name(step)
            self._check_number(step)
            document = {**step.document, "Id": str(FIRST_ID + len(self._made)), "SyncToken": "0"}
        else:
            before = self._before(step)
            token = int(str(step.document.get("SyncToken") or 0)) + 1
            document = {**before, **step.document, "SyncToken": str(token)}
        if _is_transaction(step):
            document["TotalAmt"] = ZERO if step.operation == "void" else _total(step, document)
            if "LinkedTxn" not in document and step.entity == "Invoice":
                document.setdefault("Balance", document["TotalAmt"])
        if step.operation == "void":
            document |= {"PrivateNote": f"Voided - {document.get('PrivateNote', '')}", "Line": []}
        if step.operation == "delete":
            document |= {"deleted": True, "Line": []}
        self._move(step.entity, before, document)
        self._made[step.entity, str(document["Id"])] = document
        return document

    def name_of(self, customer: Any) -> str:
        """How a customer is shown: one that would be new by its name."""
        found = str((customer or {}).get("value", "")) if isinstance(customer, Mapping) else ""
        made = self._made.get(("Customer", found))
        return str(made.get("DisplayName", "")) if made else (f"#{found}" if found else "")

    def _before(self, step: Write) -> Json:
        quickbooks_id = str(step.document["Id"])
        made = self._made.get((step.entity, quickbooks_id))
        if made is not None:
            return made
        rows = self._rows(step.entity, f"Id = {quoted(quickbooks_id)}")
        return rows[0] if rows else {}

    def _with_stock(self, row: Json) -> Json:
        moved = self._stock.get(str(row.get("Id", "")))
        if moved is None or "QtyOnHand" not in row:
            return row
        return {**row, "QtyOnHand": Decimal(str(row["QtyOnHand"])) + moved}

    def _move(self, entity: str, before: Json, after: Json) -> None:
        for sign, document in ((-1, before), (1, after)):
            for item_id, quantity in _moves(entity, document):
                self._stock[item_id] = self._stock.get(item_id, ZERO) + sign * quantity

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


def _moves(entity: str, document: Json) -> Iterator[tuple[str, Decimal]]:
    """How many pieces of each item a document moves into stock."""
    for line in flat_lines(document):
        detail = line.get(line.get("DetailType", ""), {})
        item_id = str((detail.get("ItemRef") or {}).get("value", ""))
        if entity == "InventoryAdjustment":
            yield item_id, Decimal(str(detail.get("QtyDiff", 0)))
        elif entity in TAKES or entity in GIVES:
            sign = 1 if entity in GIVES else -1
            yield item_id, sign * Decimal(str(detail.get("Qty") or 0))


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
