"""A difference in stock as an inventory adjustment (A74)."""

from decimal import Decimal

from workers.steps import Json


def adjustment_document(item_id: str, difference: Decimal, *, account_id: str, date: str, note: str) -> Json:
    """One item, one difference; quantities only, QuickBooks finds the value.

    Source: Intuit's API reference, InventoryAdjustment.
    """
    return {
        "AdjustAccountRef": {"value": account_id},
        "TxnDate": date,
        "PrivateNote": note,
        "Line": [
            {
                "DetailType": "ItemAdjustmentLineDetail",
                "ItemAdjustmentLineDetail": {"ItemRef": {"value": item_id}, "QtyDiff": difference},
            }
        ],
    }
