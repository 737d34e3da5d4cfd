"""The chart of accounts. Ids of well-known accounts are those of Intuit's sample company."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.lists.account_types import CLASSIFICATION, TYPE_OF_SUB_TYPE
from ops.sandbox.company.names import fold
from ops.sandbox.company.sync_tokens import as_created

CHART: tuple[tuple[int, str, str], ...] = (
    (1, "Services", "ServiceFeeIncome"),
    (2, "Retained Earnings", "RetainedEarnings"),
    (3, "Prepaid Expenses", "PrepaidExpenses"),
    (4, "Undeposited Funds", "UndepositedFunds"),
    (5, "Other Primary Income", "OtherPrimaryIncome"),
    (6, "Shipping Income", "ServiceFeeIncome"),
    (7, "Advertising", "AdvertisingPromotional"),
    (8, "Bank Charges", "BankCharges"),
    (9, "Gateway Fees", "OtherBusinessExpenses"),
    (10, "Freight and Delivery", "ShippingFreightDelivery"),
    (11, "Insurance", "Insurance"),
    (12, "Legal and Professional Fees", "LegalProfessionalFees"),
    (13, "Office Expenses", "OfficeGeneralAdministrativeExpenses"),
    (14, "Supplies", "SuppliesMaterials"),
    (15, "Rent", "RentOrLeaseOfBuildings"),
    (16, "Travel", "Travel"),
    (17, "Utilities", "Utilities"),
    (18, "Gift Cards", "OtherCurrentLiabilities"),
    (19, "Tips Payable", "OtherCurrentLiabilities"),
    (20, "Petty Cash", "CashOnHand"),
    (21, "Web Payments Clearing", "OtherCurrentAssets"),
    (22, "Loan Payable", "NotesPayable"),
    (23, "Owner's Equity", "OwnersEquity"),
    (24, "Interest Earned", "InterestEarned"),
    (25, "Miscellaneous", "OtherMiscellaneousExpense"),
    (26, "Depreciation", "Depreciation"),
    (27, "Truck", "Vehicles"),
    (28, "Security Deposits", "SecurityDeposits"),
    (29, "Rounding", "OtherMiscellaneousIncome"),
    (30, "Uncategorized Income", "ServiceFeeIncome"),
    (31, "Uncategorized Expense", "OtherMiscellaneousServiceCost"),
    (32, "Uncategorized Asset", "OtherCurrentAssets"),
    (33, "Accounts Payable (A/P)", "AccountsPayable"),
    (34, "Opening Balance Equity", "OpeningBalanceEquity"),
    (35, "Checking", "Checking"),
    (36, "Savings", "Savings"),
    (37, "Exchange Gain or Loss", "ExchangeGainOrLoss"),
    (41, "Mastercard", "CreditCard"),
    (42, "Visa", "CreditCard"),
    (79, "Sales of Product Income", "SalesOfProductIncome"),
    (80, "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    (81, "Inventory Asset", "Inventory"),
    (84, "Accounts Receivable (A/R)", "AccountsReceivable"),
    (86, "Discounts given", "DiscountsRefundsGiven"),
    (91, "Inventory Shrinkage", "SuppliesMaterialsCogs"),
)
ROLES = {
    "UndepositedFunds": 4,
    "AccountsReceivable": 84,
    "AccountsPayable": 33,
    "OpeningBalanceEquity": 34,
    "DiscountsGiven": 86,
    "ShippingIncome": 6,
    "Gratuity": 19,
    "ExchangeGainOrLoss": 37,
}


def open_accounts(books: Books) -> None:
    """Open every account of the chart and give out the fixed roles."""
    store = books.store
    for number, name, sub_type in CHART:
        kind, id = TYPE_OF_SUB_TYPE[sub_type], str(number)
        account = {
            "Name": name,
            "SubAccount": False,
            "FullyQualifiedName": name,
            "Active": True,
            "Classification": CLASSIFICATION[kind],
            "AccountType": kind,
            "AccountSubType": sub_type,
            "CurrencyRef": books.currency_reference(books.country.currency),
        }
        store.put(store.rows("Account"), id, as_created(books, account, id))
        store.put(store.tables.names, ("Account", fold(name)), id)
        store.put(store.tables.changed_at, ("Account", id), books.now())
    store.put(store.tables.counters, "id:account", CHART[-1][0] + 1)
    for role, number in ROLES.items():
        books.give_role(role, str(number))
