"""Account types, their sub-types and classification. Source: Intuit's reference of Account.

The first sub-type of each type is the one an account gets when only its type is given.
"""

CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}

_SUB_TYPES = {
    "Bank": "Checking Savings CashOnHand MoneyMarket RentsHeldInTrust TrustAccounts CashAndCashEquivalents "
    "OtherEarMarkedBankAccounts",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets Inventory UndepositedFunds PrepaidExpenses EmployeeCashAdvances "
    "AllowanceForBadDebts DevelopmentCosts LoansToOfficers LoansToOthers LoansToStockholders Retainage "
    "TradingSecurities GlobalTaxRefund GlobalTaxDeferred Investment_Other",
    "Fixed Asset": "OtherFixedAssets FurnitureAndFixtures MachineryAndEquipment Vehicles Buildings Land "
    "AccumulatedDepreciation LeaseholdImprovements FixedAssetComputers FixedAssetSoftware",
    "Other Asset": "OtherLongTermAssets SecurityDeposits Goodwill Licenses OrganizationalCosts LeaseBuyout",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities SalesTaxPayable GlobalTaxPayable GlobalTaxSuspense "
    "DeferredRevenue LoanPayable LineOfCredit PayrollTaxPayable PayrollClearing InsurancePayable "
    "TrustAccountsLiabilities CurrentLiabilities DirectDepositPayable",
    "Long Term Liability": "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable",
    "Equity": "OpeningBalanceEquity RetainedEarnings OwnersEquity PaidInCapitalOrSurplus PartnerContributions "
    "PartnerDistributions PartnersEquity CommonStock PreferredStock TreasuryStock AccumulatedAdjustment",
    "Income": "OtherPrimaryIncome SalesOfProductIncome ServiceFeeIncome DiscountsRefundsGiven NonProfitIncome "
    "UnappliedCashPaymentIncome CashReceiptIncome",
    "Other Income": "OtherMiscellaneousIncome InterestEarned DividendIncome OtherInvestmentIncome "
    "TaxExemptInterest",
    "Cost of Goods Sold": "OtherCostsOfServiceCos SuppliesMaterialsCogs CostOfLaborCos EquipmentRentalCos "
    "ShippingFreightDeliveryCos",
    "Expense": "OtherBusinessExpenses OtherMiscellaneousServiceCost AdvertisingPromotional Auto BadDebts "
    "BankCharges CharitableContributions DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental "
    "FinanceCosts Insurance InterestPaid LegalProfessionalFees OfficeGeneralAdministrativeExpenses PayrollExpenses "
    "PromotionalMeals RentOrLeaseOfBuildings RepairMaintenance ShippingFreightDelivery SuppliesMaterials TaxesPaid "
    "Travel TravelMeals Utilities UnappliedCashBillPaymentExpense CostOfLabor GlobalTaxExpense",
    "Other Expense": "OtherMiscellaneousExpense ExchangeGainOrLoss Depreciation Amortization PenaltiesSettlements",
}

SUB_TYPES: dict[str, tuple[str, ...]] = {kind: tuple(names.split()) for kind, names in _SUB_TYPES.items()}
TYPE_OF_SUB_TYPE = {name: kind for kind, names in SUB_TYPES.items() for name in names}
BALANCE_SHEET = frozenset({"Asset", "Liability", "Equity"})
