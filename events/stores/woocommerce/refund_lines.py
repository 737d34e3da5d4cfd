"""The lines of refunds, which only WooCommerce's API tells (``/orders/<id>/refunds``): they say what to take back.

Source: WooCommerce REST API v3, "Order refunds": amounts and quantities are negative, and each line names the order's
line in its meta ``_refunded_item_id``. A refund of an amount alone has no lines.
"""

from decimal import DecimalException

from pydantic import ValidationError

from events.stores.api import StoreObject
from events.stores.platform import Unreadable
from events.stores.reading import ZERO, Row, moment, need_id, rows, rows_or_nothing, store_id, text
from events.stores.refusal import sentence
from events.stores.shares import totals_of
from events.stores.woocommerce.lines import TaxNames, charge_line, product_line, tax_names
from schemas.envelope import Envelope
from schemas.orders import ChargeLine, OrderLine, Refund, RefundLine, TaxShare

REFUNDED_LINE = "_refunded_item_id"


def with_lines(events: list[Envelope], found: StoreObject) -> list[Envelope]:
    """The events of an order, with its refunds as the API tells them. Ids stay those of the webhook's events.

    Raises:
        Unreadable: a refund is not what WooCommerce tells.
    """
    if not found.refunds:
        return events
    told = {need_id(row, "id", "A refund"): row for row in found.refunds}
    names = tax_names(found.row)
    try:
        return [_completed(event, told, names) for event in events]
    except (ValidationError, DecimalException) as error:
        raise Unreadable(sentence(error)) from error


def _completed(event: Envelope, told: dict[str, Row], names: TaxNames) -> Envelope:
    if event.type != "orders.refunded" or event.data["refund_id"] not in told:
        return event
    row = told[event.data["refund_id"]]
    refund = Refund.model_validate(event.data)
    made_at = moment(row, "date_created_gmt") or moment(row, "date_created") or refund.created_at
    refund = refund.model_copy(update={"created_at": made_at, **_parts(row, names)})
    return event.model_copy(update={"time": made_at, "data": refund.model_dump(mode="json")})


def _parts(row: Row, names: TaxNames) -> dict[str, object]:
    """Empty for a refund of an amount alone: what the webhook said then stands."""
    lines = [_line(line, names) for line in rows(row, "line_items")]
    lines = [line for line in lines if line.quantity or line.total or line.tax]
    shipping = _charges(row, "shipping_lines", names, title="method_title")
    fees = _charges(row, "fee_lines", names, title="name")
    if not lines and not shipping and not fees:
        return {}
    parts: tuple[RefundLine | ChargeLine, ...] = (*lines, *shipping, *fees)
    shares = [share for part in parts for share in part.taxes]
    return {
        "lines": tuple(lines),
        "shipping": shipping,
        "fees": fees,
        "taxes": totals_of(shares),
        "total_tax": sum((part.tax for part in parts), ZERO),
    }


def _line(row: Row, names: TaxNames) -> RefundLine:
    line = product_line(row, names)
    return RefundLine(
        line_id=_refunded_line(row, line),
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=abs(line.quantity),
        total=-line.total,
        tax=-line.tax,
        taxes=_back(line.taxes),
        restocked=False,  # the API does not say it: stock levels do
    )


def _charges(row: Row, key: str, names: TaxNames, *, title: str) -> tuple[ChargeLine, ...]:
    charged = [charge_line(line, names, title=title, owner="A refunded charge") for line in rows(row, key)]
    return tuple(
        line.model_copy(update={"total": -line.total, "tax": -line.tax, "taxes": _back(line.taxes)})
        for line in charged
        if line.total or line.tax
    )


def _back(taxes: tuple[TaxShare, ...]) -> tuple[TaxShare, ...]:
    return tuple(share.model_copy(update={"amount": -share.amount}) for share in taxes)


def _refunded_line(row: Row, line: OrderLine) -> str:
    named = (entry for entry in rows_or_nothing(row, "meta_data") if text(entry, "key") == REFUNDED_LINE)
    return next((found for entry in named if (found := store_id(entry, "value"))), line.line_id)
