"""What we know of the QuickBooks company: read once, kept in the ledger, given to each event's context."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from schemas.envelope import Envelope
from workers.context import Context
from workers.ledger.connections import StoredConnection, read_connection, store_company
from workers.ledger.engine import reading, writing
from workers.runtime.services import Services
from workers.steps import Company, TaxRate

READS = 4
"""Requests that reading a company costs: info, preferences, tax codes, tax rates."""

_readers: dict[str, threading.Lock] = {}
"""One reader of each connection's company at a time."""


def known_company(stored: StoredConnection) -> Company | None:
    """The company as the ledger knows it; None when it was never read."""
    return _stored_company(stored.company) if stored.company else None


def read_company(stored: StoredConnection, services: Services) -> Company:
    """Ask QuickBooks for the company and keep it; one thread a connection, the others then find it.

    Raises:
        SyncError: QuickBooks could not be asked.
    """
    with _readers.setdefault(stored.connection.connection_id, threading.Lock()):
        with reading(services.engine) as database:
            again = read_connection(database, stored.connection.connection_id)
        known = known_company(again) if again is not None else None
        return known or _read_company(stored, services)


def contexts(stored: StoredConnection, company: Company) -> Callable[[Envelope], Context]:
    """Make the contexts of a round's events."""
    return lambda envelope: Context(envelope, stored.connection, company)


def _read_company(stored: StoredConnection, services: Services) -> Company:
    connection = stored.connection
    company = services.quickbooks.company(connection.realm_id)
    known = asdict(company)
    known["tax_percent"] = {code: str(percent) for code, percent in company.tax_percent.items()}
    known["tax_rates"] = {
        code: [(rate.rate_id, str(rate.percent)) for rate in rates]
        for code, rates in company.tax_rates.items()
    }
    with writing(services.engine) as database:
        store_company(
            database,
            connection.connection_id,
            known,
            country=company.country,
            currency=company.home_currency,
            now=services.clock(),
        )
    return company


def _stored_company(known: dict[str, Any]) -> Company:
    percents = {code: Decimal(percent) for code, percent in known["tax_percent"].items()}
    rates = {
        code: tuple(TaxRate(rate_id, Decimal(percent)) for rate_id, percent in of_code)
        for code, of_code in known.get("tax_rates", {}).items()
    }
    return Company(**{**known, "tax_percent": percents, "tax_rates": rates})
