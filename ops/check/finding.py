"""What a check found, as a person, a program or a spreadsheet reads it."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from io import StringIO
from typing import Any, Literal

from ops.preview.spreadsheet import safe

Kind = Literal[
    "missing_in_ledger",
    "missing_in_quickbooks",
    "doubled_in_quickbooks",
    "different",
    "unknown_to_ledger",
    "not_taken_back",
    "clearing_account",
    "ignored",
    "undone",
    "gone_from_store",
    "another_month",
]
WORDS: dict[Kind, str] = {
    "missing_in_ledger": "missing in the ledger",
    "missing_in_quickbooks": "missing in QuickBooks",
    "doubled_in_quickbooks": "doubled in QuickBooks",
    "different": "different",
    "unknown_to_ledger": "unknown to the ledger",
    "not_taken_back": "not taken back",
    "clearing_account": "clearing account",
    "ignored": "ignored",
    "undone": "undone",
    "gone_from_store": "gone from the store",
    "another_month": "in another month",
}
DECIDED: frozenset[Kind] = frozenset({"ignored", "undone", "gone_from_store", "another_month"})
"""Told, but nothing is off: a person wanted it so, with our commands or in the store."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing. Amounts None: there is none on that side, or it was not looked at. ``todo`` says what to do."""

    kind: Kind
    subject: str
    message: str
    todo: str = ""
    document: str = ""
    number: str = ""
    date: str = ""
    store: Decimal | None = None
    ledger: Decimal | None = None
    quickbooks: Decimal | None = None
    currency: str = ""

    def of(self, *, number: str, date: str, currency: str, document: str = "") -> "Finding":
        """With the facts of what it is about."""
        return replace(self, number=number, date=date, currency=currency, document=document)

    def accepted(self, event_id: str) -> "Finding":
        """The same, of a store object that a person ignored: the books need not follow it."""
        todo = f"Nothing. To book it after all: counterfoil errors restore {event_id}"
        return replace(self, kind="ignored", message=f"A person ignored it. {self.message}", todo=todo)

    @property
    def is_off(self) -> bool:
        """Whether somebody must act."""
        return self.kind not in DECIDED


@dataclass(frozen=True, slots=True)
class Balance:
    """A clearing account. ``ledger`` is what our documents moved by the ledger, ``other`` what else moved it.

    ``quickbooks``: its balance now; for a month, what our documents of that month moved there.
    """

    account_id: str
    name: str
    currency: str
    ledger: Decimal
    other: Decimal
    quickbooks: Decimal
    month: bool = False

    @property
    def expected(self) -> Decimal:
        """What QuickBooks should say."""
        return self.ledger if self.month else self.ledger + self.other

    @property
    def difference(self) -> Decimal:
        """What nothing explains."""
        return self.quickbooks - self.expected


@dataclass(frozen=True, slots=True)
class Report:
    """A whole check. ``store``: "" when it was asked, else why not."""

    connection: str
    first: str
    last: str
    zone: str
    findings: tuple[Finding, ...]
    balances: tuple[Balance, ...]
    store: str = ""
    compared: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def off(self) -> int:
        """How many findings somebody must act on."""
        return sum(one.is_off for one in self.findings)


def as_json(report: Report) -> dict[str, Any]:
    """For programs; amounts as text."""
    return {
        "connection": report.connection,
        "from": report.first,
        "to": report.last,
        "time_zone": report.zone,
        "off": report.off,
        "store_asked": not report.store,
        "store": report.store,
        "compared": report.compared,
        "findings": [_texts(asdict(one)) for one in report.findings],
        "clearing_accounts": [
            _texts({**asdict(one), "expected": one.expected, "difference": one.difference})
            for one in report.balances
        ],
        "notes": list(report.notes),
    }


COLUMNS = (
    "kind", "subject", "document", "number", "date", "store", "ledger", "quickbooks", "currency", "message", "todo",
)  # fmt: skip


def as_csv(findings: Iterable[Finding]) -> str:
    """One row for each finding."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for one in findings:
        table.writerow(
            {name: "" if value is None else safe(str(value)) for name, value in asdict(one).items()}
        )
    return text.getvalue()


def _texts(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{value:.2f}" if isinstance(value, Decimal) else value for name, value in facts.items()}
