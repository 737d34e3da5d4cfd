"""What we know of the QuickBooks company: read once, kept in the ledger, given to each event's context."""

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from schemas.envelope import Envelope
from workers.context import Context
from workers.ledger.connections import StoredConnection, store_company
from workers.ledger.engine import writing
from workers.runtime.services import Services
from workers.steps import Company


def context_for(stored: StoredConnection, services: Services) -> Callable[[Envelope], Context]:
    """Make the contexts of a round's events; asks QuickBooks for the company when the ledger has nothing yet.

    Raises:
        SyncError: QuickBooks could not be asked.
    """
    company = _stored_company(stored.company) if stored.company else _read_company(stored, services)
    return lambda envelope: Context(envelope, stored.connection, company)


def _read_company(stored: StoredConnection, services: Services) -> Company:
    connection = stored.connection
    company = services.quickbooks.company(connection.realm_id)
    known = asdict(company)
    known["tax_percent"] = {code: str(percent) for code, percent in company.tax_percent.items()}
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
    return Company(**{**known, "tax_percent": percents})
