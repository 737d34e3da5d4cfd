"""A payout of a gateway as one deposit (rule A24)."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from schemas.payouts import Payout, PayoutFailed
from workers.answers import Change, changed
from workers.context import Context
from workers.errors import RemovedInQuickBooks
from workers.mapping.deposit import PayoutDocument, bank_account, payout_document
from workers.mapping.fingerprint import fingerprint
from workers.mapping.frame import Frame
from workers.orders.open_days import created
from workers.orders.rates import rate_fields
from workers.orders.sums import UNCHECKED, amount_of, checked, sums_differ
from workers.outcomes import Booked, Document, Skipped
from workers.steps import Json, Step, Steps, StoreKey, SyncMapping, Write, recall, remember

FAILED = "failed"
"""In a mapping's detail: the payout never reached the bank."""


def payout_key(payout_id: str) -> StoreKey:
    """Under which a payout's deposit is remembered."""
    return StoreKey("payout", payout_id)


def sync_payout(payout: Payout, context: Context) -> Steps:
    """Move what the bank got out of the clearing account.

    Safe to run again: the mapping answers a repeat.
    """
    frame = Frame.of(context, f"Payout {payout.payout_id}")
    key = payout_key(payout.payout_id)
    mapping = (yield from recall([key])).get(key)
    if mapping is not None and FAILED in mapping.detail:
        return Skipped("payout_failed")
    if mapping is not None and mapping.quickbooks_id and not mapping.removed:
        yield from checked(mapping, frame)
        return Booked((Document(mapping.entity, mapping.quickbooks_id),))
    why = _reason_to_skip(payout, frame)
    if why:
        return Skipped(why)
    document = payout_document(payout, frame)
    answer = yield from _booked(document, payout, context, frame)
    return Booked((Document(document.entity, str(answer["Id"])),))


def take_payout_back(failed: PayoutFailed, context: Context) -> Steps:
    """The money is in the gateway's balance again, so the deposit leaves the books.

    A later payout brings it, or holds it as part of its own.
    """
    frame = Frame.of(context, f"Payout {failed.payout_id}")
    key, version = payout_key(failed.payout_id), context.envelope.time
    mapping = (yield from recall([key])).get(key)
    if mapping is None or not mapping.quickbooks_id or mapping.removed:
        yield from remember(SyncMapping(key, "", "", version=version, detail={FAILED: True}))
        return Skipped("payout_failed")
    change = Change(
        name="deposit-back",
        entity=mapping.entity,
        operation="delete",
        quickbooks_id=mapping.quickbooks_id,
        sync_token=mapping.sync_token,
        expected=str(mapping.detail.get("expected", "")),
        subject=frame.subject,
        key=key,
        version=version,
        detail={**mapping.detail, FAILED: True},
    )
    try:
        yield from changed(change)
    except RemovedInQuickBooks:  # a person did what we wanted to do
        gone = replace(mapping, removed=True, version=version, detail=change.detail)
        yield from remember(gone)
    return Booked((Document(mapping.entity, mapping.quickbooks_id),))


def _reason_to_skip(payout: Payout, frame: Frame) -> str:
    first = frame.settings.start_date
    if first is not None and payout.paid_on < first:
        return "before_start_date"
    return "" if bank_account(payout, frame) else "no_bank_account"


def _booked(
    document: PayoutDocument, payout: Payout, context: Context, frame: Frame
) -> Generator[Step, Any, Json]:
    """Written, and looked at: QuickBooks' sum must be the bank's. A journal entry balances or is refused."""
    rate = yield from rate_fields(payout.currency, document.body["TxnDate"], None, frame)
    body = {**document.body, **rate}
    detail = {"total": str(document.total), "currency": payout.currency, "expected": fingerprint(body)}
    has_sum = document.entity == "Deposit"
    sent = {**detail, UNCHECKED: str(document.total)} if has_sum else detail
    step = Write(
        "deposit",
        document.entity,
        "create",
        body,
        key=payout_key(payout.payout_id),
        version=context.envelope.time,
        detail=sent,
    )
    step, answer = yield from created(step, frame)
    if has_sum:
        if amount_of(answer.get("TotalAmt")) != document.total:
            raise sums_differ(answer, document.entity, document.total, frame)
        assert step.key is not None
        kept = {name: value for name, value in step.detail.items() if name != UNCHECKED}
        token = str(answer.get("SyncToken", "0"))
        yield from remember(
            SyncMapping(step.key, step.entity, str(answer["Id"]), token, version=step.version, detail=kept)
        )
    return answer
