"""One check: the three sides are read, compared, and what is off is said."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from events.stores.api import StoreProblem
from ops.check.against_books import books_against_ledger, ledger_against_books
from ops.check.against_ledger import store_against_ledger
from ops.check.books import Reads, read_books, read_others
from ops.check.clearing import account_of, balance_findings, balances, clearing_ids
from ops.check.days import Days
from ops.check.finding import WORDS, Balance, Finding, Report
from ops.check.held import Ledger, read_ledger
from ops.check.shop import Asked, Shop, read_shop
from ops.check.sides import Sides, named_documents, steady_keys
from schemas.connection import Connection
from workers.ledger.engine import reading
from workers.steps import Company, Json

Tell = Callable[[str, int], None]
"""Told as it goes: what is read, and how many of it so far."""


@dataclass(frozen=True, slots=True)
class Checker:
    """Everything outside that a check reads. ``store`` None: it is not asked, ``why_no_store`` says why."""

    engine: Engine
    connection: Connection
    company: Company
    reader: Reads
    store: Asked | None
    why_no_store: str
    now: datetime
    tell: Tell

    def run(self, days: Days) -> Report:
        """Compare.

        Raises:
            SyncError: QuickBooks cannot be asked now.
        """
        before = self._ledger()
        shop, why = self._shop(days)
        named = named_documents(before, shop, days)
        others = read_others(self.reader, days.condition, self.tell)
        books = read_books(self.reader, days.condition, named, others, self.tell)
        after = self._ledger()
        sides = Sides(
            self.connection.connection_id,
            days,
            after,
            steady_keys(before, after),
            books,
            named,
            shop,
            self.now,
            self.connection.settings,
        )
        found = [*store_against_ledger(sides), *ledger_against_books(sides), *books_against_ledger(sides)]
        accounts, of_accounts = self._clearing(sides, others)
        findings = sorted([*found, *of_accounts], key=_place)
        compared = {
            "store_orders": len(shop.orders) if shop is not None else 0,
            "ledger_documents": sum(held.stands and sides.concerns(held) for held in after.held.values()),
            "quickbooks_documents": len(sides.ours()),
        }
        last = str(days.last) if days.last is not None else days.day_of(self.now)
        return Report(
            self.connection.connection_id,
            str(days.first),
            last,
            days.zone,
            tuple(findings),
            tuple(accounts),
            store=why,
            compared=compared,
            notes=self._notes(findings),
        )

    def _ledger(self) -> Ledger:
        with reading(self.engine) as database:
            return read_ledger(database, self.connection.connection_id)

    def _shop(self, days: Days) -> tuple[Shop | None, str]:
        """Half a store is none: what it did not tell would look as if it were gone."""
        if self.store is None:
            return None, self.why_no_store
        try:
            return read_shop(self.store, days.begins, self.connection, self.company, self.tell), ""
        except StoreProblem as error:
            return None, str(error)

    def _clearing(
        self, sides: Sides, others: Sequence[tuple[str, Json]]
    ) -> tuple[list[Balance], list[Finding]]:
        wanted = clearing_ids(self.connection.settings.accounts)
        if not wanted:
            return [], []
        accounts = [account_of(row) for row in self.reader.rows("Account")]
        found = balances(sides, wanted, accounts, others)
        return found, list(balance_findings(found, wanted, [one.account_id for one in accounts]))

    def _notes(self, findings: list[Finding]) -> tuple[str, ...]:
        notes = []
        if self.connection.status == "paused":
            notes.append(
                f"The connection is paused ({self.connection.pause_reason or 'by a person'}): "
                "what is held back is not booked yet."
            )
        decided = Counter(one.kind for one in findings if not one.is_off)
        notes += [f"{count} {WORDS[kind]}: decided by a person, not off." for kind, count in decided.items()]
        return tuple(notes)


def _place(one: Finding) -> tuple[bool, int, str, str]:
    """What is off first, kind by kind, by day."""
    return not one.is_off, list(WORDS).index(one.kind), one.date, one.subject
