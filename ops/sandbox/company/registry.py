"""Every entity of a company, by its name and by the name in its URL."""

from ops.sandbox.company.entity import Entity
from ops.sandbox.company.lists.account import Account
from ops.sandbox.company.lists.attachable import Attachable
from ops.sandbox.company.lists.company_info import CompanyInfo, Preferences
from ops.sandbox.company.lists.currency import CompanyCurrency, ExchangeRate
from ops.sandbox.company.lists.customer import Customer
from ops.sandbox.company.lists.item import Item
from ops.sandbox.company.lists.simple import Class, Department, PaymentMethod, Term
from ops.sandbox.company.lists.tax import TaxAgency, TaxCode, TaxRate, TaxService
from ops.sandbox.company.lists.vendor import Employee, Vendor
from ops.sandbox.company.transactions.deposit import Deposit
from ops.sandbox.company.transactions.inventory_adjustment import InventoryAdjustment
from ops.sandbox.company.transactions.journal_entry import JournalEntry
from ops.sandbox.company.transactions.payment import Payment
from ops.sandbox.company.transactions.purchases import Bill, Purchase
from ops.sandbox.company.transactions.sales import (
    CreditMemo,
    Estimate,
    Invoice,
    RefundReceipt,
    SalesReceipt,
)
from ops.sandbox.company.transactions.transfer import Transfer

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Account,
        Attachable,
        Bill,
        Class,
        CompanyCurrency,
        CompanyInfo,
        CreditMemo,
        Customer,
        Department,
        Deposit,
        Employee,
        Estimate,
        ExchangeRate,
        InventoryAdjustment,
        Invoice,
        Item,
        JournalEntry,
        Payment,
        PaymentMethod,
        Preferences,
        Purchase,
        RefundReceipt,
        SalesReceipt,
        TaxAgency,
        TaxCode,
        TaxRate,
        TaxService,
        Term,
        Transfer,
        Vendor,
    )
}
_BY_PATH = {name.lower(): entity for name, entity in ENTITIES.items()}


def entity_for_path(path: str) -> Entity | None:
    """The entity of a URL segment or a query, such as "salesreceipt"; case does not matter."""
    return _BY_PATH.get(path.lower())
