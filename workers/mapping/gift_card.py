"""What a gift card paid of an order, moved from the clearing account to the liability (A27)."""

from datetime import datetime
from decimal import Decimal

from workers.mapping.accounts import currency_fields, gift_card_account
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date, private_note
from workers.steps import Json


def redemption_document(
    amount: Decimal, currency: str, at: datetime, account_id: str, frame: Frame, *, mark: str, about: str
) -> Json:
    """No money came for it, and the shop owes it no longer; a negative ``amount`` is given back to the card.

    Source: Intuit's API reference, JournalEntry.

    Raises:
        AccountUnmapped: there is no account for gift cards.
    """
    owed, cleared = gift_card_account(frame), account_id
    debit, credit = (owed, cleared) if amount > 0 else (cleared, owed)
    return {
        "TxnDate": book_date(at, frame.settings.time_zone),
        "PrivateNote": private_note(mark, about),
        **currency_fields(currency, frame),
        "Line": [_line(abs(amount), "Debit", debit, about), _line(abs(amount), "Credit", credit, about)],
    }


def _line(amount: Decimal, side: str, account_id: str, about: str) -> Json:
    return {
        "DetailType": "JournalEntryLineDetail",
        "Amount": amount,
        "Description": about,
        "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account_id}},
    }
