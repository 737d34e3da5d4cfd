"""The properties of the sales forms. Source: Intuit's reference and a recorded 2010 fault."""

from ops.sandbox.company.fields import Field, anything, boolean, choice, day, number, reference, text
from ops.sandbox.company.shapes import ADDRESS, EMAIL, MEMO, Shape, nested
from ops.sandbox.company.transactions.basics import TRANSACTION_FIELDS

_FORM_FIELDS = (
    *TRANSACTION_FIELDS,
    anything("AutoDocNumber"),
    reference("CustomerRef", "Customer", filterable=True),
    nested("CustomerMemo", MEMO),
    nested("BillAddr", ADDRESS),
    nested("ShipAddr", ADDRESS),
    nested("ShipFromAddr", ADDRESS),
    boolean("FreeFormAddress"),
    reference("RemitToRef"),
    reference("ClassRef", "Class"),
    reference("SalesTermRef", "Term"),
    day("DueDate", filterable=True),
    reference("SalesRepRef"),
    text("PONumber", 31),
    text("FOB", 31),
    reference("ShipMethodRef"),
    day("ShipDate"),
    text("TrackingNum", 100),
    choice("GlobalTaxCalculation", "TaxExcluded", "TaxInclusive", "NotApplicable"),
    boolean("ApplyTaxAfterDiscount"),
    reference("TemplateRef"),
    choice("PrintStatus", "NotSet", "NeedToPrint", "PrintComplete"),
    choice("EmailStatus", "NotSet", "NeedToSend", "EmailSent"),
    nested("BillEmail", EMAIL),
    nested("BillEmailCc", EMAIL),
    nested("BillEmailBcc", EMAIL),
    reference("ARAccountRef", "Account"),
    number("Balance", read_only=True, filterable=True),
    number("HomeBalance", read_only=True),
    boolean("FinanceCharge"),
    reference("PaymentMethodRef", "PaymentMethod"),
    text("PaymentRefNum", 21),
    text("PaymentType", 50),
    anything("CheckPayment"),
    anything("CreditCardPayment"),
    reference("DepositToAccountRef", "Account"),
    anything("DeliveryInfo"),
    number("DiscountRate"),
    number("DiscountAmt"),
    text("GovtTxnRefIdentifier", 100),
    reference("TaxExemptionRef"),
    anything("ConvenienceFeeDetail"),
    anything("LessCIS"),
)


def _shape(name: str, *own: Field) -> Shape:
    replaced = {one.name for one in own}
    return Shape(name, [*(one for one in _FORM_FIELDS if one.name not in replaced), *own])


INVOICE = _shape(
    "Invoice",
    number("Deposit"),
    *(
        boolean(name)
        for name in (
            "AllowIPNPayment",
            "AllowOnlinePayment",
            "AllowOnlineCreditCardPayment",
            "AllowOnlineACHPayment",
        )
    ),
    text("EInvoiceStatus", 30),
    *(
        anything(name)
        for name in (
            "ECloudStatusTimeStamp",
            "invoiceStatus",
            "callToAction",
            "invoiceStatusLog",
            "InvoiceEx",
        )
    ),
    text("InvoiceLink", read_only=True),
    text("PaymentDetailsMessage"),
)
SALES_RECEIPT = _shape("SalesReceipt", anything("SalesReceiptEx"))
CREDIT_MEMO = _shape(
    "CreditMemo", number("RemainingCredit", read_only=True), anything("CreditMemoEx"), reference("InvoiceRef")
)
REFUND_RECEIPT = _shape("RefundReceipt", text("PaymentRefNum", 100), anything("RefundReceiptEx"))
ESTIMATE = _shape(
    "Estimate",
    day("ExpirationDate"),
    text("AcceptedBy", 1000),
    day("AcceptedDate"),
    anything("EstimateEx"),
    choice("TxnStatus", "Accepted", "Closed", "Pending", "Rejected", "Converted", filterable=True),
)
