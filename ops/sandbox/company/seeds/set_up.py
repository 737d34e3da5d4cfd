"""CompanyInfo and Preferences of a new company."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.sync_tokens import as_created

_PLACES: dict[str, tuple[str, Json]] = {
    "US": (
        "Harbor Lane Outfitters",
        {
            "Line1": "118 Harbor Lane",
            "City": "Half Moon Bay",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94019",
        },
    ),
    "CA": (
        "Maple Row Goods",
        {"Line1": "40 Maple Row", "City": "Toronto", "CountrySubDivisionCode": "ON", "PostalCode": "M5V 2T6"},
    ),
    "GB": ("Millbank Stores Ltd", {"Line1": "9 Millbank", "City": "York", "PostalCode": "YO1 7HH"}),
    "AU": (
        "Banksia Trading",
        {
            "Line1": "77 Banksia Street",
            "City": "Sydney",
            "CountrySubDivisionCode": "NSW",
            "PostalCode": "2000",
        },
    ),
}


def set_up(books: Books) -> None:
    """Store the two objects that a company has exactly once."""
    name, place = _PLACES[books.country.code]
    address = {"Id": "1", **place, "Country": books.country.iso3}
    rows = books.store.rows
    rows("CompanyInfo")["1"] = as_created(books, _info(books, name, address), "1")
    rows("Preferences")["1"] = as_created(books, _preferences(books), "1")
    books.store.put(books.store.tables.counters, "id:address", 2)


def _info(books: Books, name: str, address: Json) -> Json:
    pairs = {
        "NeoEnabled": "true",
        "IndustryType": "Retail",
        "SubscriptionStatus": "PAID",
        "OfferingSku": books.settings.plan.name,
        "PayrollFeature": "false",
        "AccountantFeature": "false",
    }
    return {
        "CompanyName": name,
        "LegalName": name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {},
        "CompanyStartDate": "2020-01-01",
        "FiscalYearStartMonth": "January",
        "Country": books.country.code,
        "Email": {"Address": "books@example.com"},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": books.country.zone.key,
        "NameValue": [{"Name": name, "Value": value} for name, value in pairs.items()],
    }


def _preferences(books: Books) -> Json:
    us = books.country.us_tax
    tax: Json = {"UsingSalesTax": True, "PartnerTaxEnabled": False}
    if us:
        tax["TaxGroupCodeRef"] = {"value": "2"}
    return {
        "AccountingInfoPrefs": {
            "UseAccountNumbers": False,
            "TrackDepartments": True,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "CustomerTerminology": "Customers",
            "DepartmentTerminology": "Location",
            "FirstMonthOfFiscalYear": "January",
            "TaxYearMonth": "January",
            "TaxForm": "6",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": {
            "CustomField": [
                {
                    "CustomField": [
                        {
                            "Name": "SalesFormsPrefs.UseSalesCustom1",
                            "Type": "BooleanType",
                            "BooleanValue": True,
                        }
                    ]
                },
                {
                    "CustomField": [
                        {
                            "Name": "SalesFormsPrefs.SalesCustomName1",
                            "Type": "StringType",
                            "StringValue": "Crew #",
                        }
                    ]
                },
            ],
            "CustomTxnNumbers": False,
            "EmailCopyToCompany": False,
            "AllowDeposit": False,
            "AllowDiscount": True,
            "DefaultDiscountAccount": "86",
            "AllowEstimates": True,
            "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": False,
            "IPNSupportEnabled": False,
            "AllowServiceDate": False,
            "AllowShipping": True,
            "DefaultShippingAccount": "true",
            "AllowGratuity": False,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "DefaultTerms": {"value": "3"},
            "UsingPriceLevels": False,
            "DefaultCustomerMessage": "Thank you for your order.",
        },
        "EmailMessagesPrefs": {
            f"{kind}Message": {"Subject": f"{kind} from us", "Message": "It is attached. Thank you."}
            for kind in ("Invoice", "Estimate", "SalesReceipt", "Statement")
        },
        "VendorAndPurchasesPrefs": {
            "TrackingByCustomer": True,
            "BillableExpenseTracking": True,
            "POCustomField": [
                {
                    "CustomField": [
                        {
                            "Name": "PurchasePrefs.UsePurchaseCustom1",
                            "Type": "BooleanType",
                            "BooleanValue": True,
                        }
                    ]
                },
                {
                    "CustomField": [
                        {
                            "Name": "PurchasePrefs.PurchaseCustomName1",
                            "Type": "StringType",
                            "StringValue": "Lot",
                        }
                    ]
                },
            ],
        },
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": tax,
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": books.country.currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {
            "NameValue": [
                {"Name": name, "Value": value}
                for name, value in {
                    "SalesFormsPrefs.DefaultItem": "1",
                    "UncategorizedAssetAccountId": "32",
                    "UncategorizedIncomeAccountId": "30",
                    "UncategorizedExpenseAccountId": "31",
                    "WarnDuplicateCheckNumber": "true",
                    "WarnDuplicateBillNumber": "false",
                }.items()
            ]
        },
    }
