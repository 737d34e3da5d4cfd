"""Payments of invoices, and credits applied to them."""

from decimal import Decimal

from schemas.orders import Order
from workers.mapping.accounts import clearing_account, currency_fields, payment_fields
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date, private_note
from workers.steps import Json


def payment_document(
    order: Order,
    amount: Decimal,
    number: int,
    *,
    open_amount: Decimal,
    invoice_id: str,
    customer_id: str,
    frame: Frame,
) -> Json:
    """The ``number``-th capture of an order as a payment of its invoice (A2, A3).

    What is more than the invoice's ``open_amount`` stays with the customer, unapplied.
    """
    applied = min(amount, open_amount)
    return {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": amount,
        "TxnDate": book_date(order.paid_at or order.updated_at, frame.settings.time_zone),
        "DepositToAccountRef": {"value": clearing_account(order.payment_method, order.currency, frame)},
        **payment_fields(order.payment_method, frame),
        **currency_fields(order.currency, frame),
        "PrivateNote": private_note(frame.marker("payment", f"{order.order_id}/{number}")),
        "Line": [_link(applied, invoice_id, "Invoice")] if applied else [],
    }


def credit_application(
    amount: Decimal,
    *,
    invoice_id: str,
    credit_id: str,
    customer_id: str,
    currency: str,
    date: str,
    mark: str,
    frame: Frame,
) -> Json:
    """A credit memo applied to an open invoice: a payment of nothing that links both (A6).

    Source: Intuit's API reference, Payment.
    """
    return {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": Decimal(0),
        "TxnDate": date,
        **currency_fields(currency, frame),
        "PrivateNote": private_note(mark),
        "Line": [_link(amount, invoice_id, "Invoice"), _link(amount, credit_id, "CreditMemo")],
    }


def _link(amount: Decimal, transaction_id: str, kind: str) -> Json:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": transaction_id, "TxnType": kind}]}
