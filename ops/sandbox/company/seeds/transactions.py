"""What has happened in a new company: an invoice of the first customer, and five payments."""

from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json


def fill_transactions(company: Company) -> None:
    first = _invoice(company, "1", 2, "120")
    for customer, paid in (("2", 2), ("3", 1), ("4", 3), ("5", 1)):
        invoice = _invoice(company, customer, paid, "80")
        _payment(company, customer, invoice["TotalAmt"], invoice)
    _payment(company, "1", "20", first)
    company.create("SalesReceipt", {"CustomerRef": {"value": "6"}, "Line": [_line(company, "5", 1, "45")]})


def _line(company: Company, item: str, quantity: int, price: str) -> Json:
    code = "NON" if company.books.country.us_tax else "3"
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": str(int(price) * quantity),
        "SalesItemLineDetail": {
            "ItemRef": {"value": item},
            "Qty": quantity,
            "UnitPrice": price,
            "TaxCodeRef": {"value": code},
        },
    }


def _invoice(company: Company, customer: str, quantity: int, price: str) -> Json:
    lines = [_line(company, "2", quantity, price)]
    return company.create("Invoice", {"CustomerRef": {"value": customer}, "Line": lines})


def _payment(company: Company, customer: str, amount: object, invoice: Json) -> None:
    company.create(
        "Payment",
        {
            "CustomerRef": {"value": customer},
            "TotalAmt": amount,
            "PaymentMethodRef": {"value": "2"},
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
        },
    )
