"""Companies with something in them, as Intuit gives to developers: one per country."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from ops.sandbox.company.company import Company
from ops.sandbox.company.seeds.chart import open_accounts
from ops.sandbox.company.seeds.lists import fill_lists
from ops.sandbox.company.seeds.set_up import set_up
from ops.sandbox.company.seeds.taxes import fill_taxes
from ops.sandbox.company.seeds.transactions import fill_transactions

CountryCode = Literal["US", "CA", "GB", "AU"]


def seeded_company(country: CountryCode, realm_id: str, *, clock: Callable[[], datetime]) -> Company:
    """A company with accounts, taxes, items, customers, an invoice, payments and stock."""
    company = Company(realm_id=realm_id, country=country, clock=clock)
    set_up(company.books)
    open_accounts(company.books)
    fill_taxes(company.books)
    company.books.store.commit()
    fill_lists(company)
    fill_transactions(company)
    return company
