"""After sending: does QuickBooks' sum equal ours, to the cent? (rules A29, A40)"""

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from workers.answers import carried_out, reread
from workers.errors import TotalsDiffer
from workers.mapping.fingerprint import fingerprint
from workers.mapping.frame import Frame
from workers.mapping.lines import DocLine, render
from workers.mapping.taxes import TaxRules
from workers.orders.open_days import created
from workers.steps import Json, Step, SyncMapping, Write, remember

UNCHECKED = "unchecked"
"""In a mapping's detail between the write and the look at the sum: the total that it must have."""


def sent(step: Write, total: Decimal, frame: Frame) -> Generator[Step, Any, Json]:
    """Write a document and make its sum ``total``: cents that QuickBooks rounded otherwise get a rounding line.

    Raises:
        TotalsDiffer: by more than the limit, or there is no rounding item.
        QuickBooksRejected and its kin, as ``carried_out`` does.
    """
    unchecked = replace(step, detail={**step.detail, UNCHECKED: str(total)})
    written, answer = yield from created(unchecked, frame)
    final = yield from made_equal(written, answer, total, frame)
    assert step.key is not None, "whose sum must be right is remembered"
    detail = {name: value for name, value in written.detail.items() if name != UNCHECKED}
    if final is not answer and "expected" in detail:
        detail["expected"] = fingerprint(final)
    yield from remember(
        SyncMapping(
            step.key,
            step.entity,
            str(final["Id"]),
            str(final["SyncToken"]),
            version=step.version,
            detail=detail,
        )
    )
    return final


def checked(mapping: SyncMapping, frame: Frame) -> Generator[Step, Any, None]:
    """Look at the sum of a recalled document that was written by ``sent``, if its writer died before it looked.

    Raises:
        TotalsDiffer, RemovedInQuickBooks
    """
    if UNCHECKED not in mapping.detail:
        return
    answer = yield from reread(mapping.entity, mapping.quickbooks_id, frame.subject)
    total = Decimal(mapping.detail[UNCHECKED])
    if amount_of(answer.get("TotalAmt")) != total:
        raise sums_differ(answer, mapping.entity, total, frame)
    detail = {name: value for name, value in mapping.detail.items() if name != UNCHECKED}
    yield from remember(replace(mapping, sync_token=str(answer["SyncToken"]), detail=detail))


def made_equal(step: Write, answer: Json, total: Decimal, frame: Frame) -> Generator[Step, Any, Json]:
    """As ``sent``, for a document that was answered already."""
    booked = amount_of(answer.get("TotalAmt"))
    leftover = total - booked
    if not leftover:
        return answer
    rounding = frame.settings.items.rounding
    if abs(leftover) > frame.settings.rounding_limit or not rounding:
        raise sums_differ(answer, step.entity, total, frame)
    rules = TaxRules(frame, out_of_scope=answer.get("GlobalTaxCalculation") == "NotApplicable")
    line = DocLine(leftover, rounding, "", None, "Rounding", rules.untaxed_code())
    inclusive = answer.get("GlobalTaxCalculation") == "TaxInclusive"
    body = {**step.document, "Line": [*step.document["Line"], render(line, inclusive=inclusive)]}
    update = {**body, "Id": str(answer["Id"]), "SyncToken": str(answer["SyncToken"]), "sparse": True}
    detail = dict(step.detail)
    if "expected" in detail:
        detail["expected"] = fingerprint(body)
    name = f"{step.name}-rounding"
    again = Write(name, step.entity, "update", update, step.key, step.version, detail)
    answer = yield from carried_out(again, frame.subject)
    if amount_of(answer.get("TotalAmt")) != total:
        raise sums_differ(answer, step.entity, total, frame)
    return answer


def sums_differ(answer: Json, entity: str, total: Decimal, frame: Frame) -> TotalsDiffer:
    """The error that shows both totals."""
    booked = amount_of(answer.get("TotalAmt"))
    number = answer.get("DocNumber") or answer.get("Id")
    return TotalsDiffer(
        f"{frame.subject}: the store's total is {total}, but QuickBooks booked {booked} (tax "
        f"{amount_of((answer.get('TxnTaxDetail') or {}).get('TotalTax'))}) in {entity} {number}. "
        "Correct the document in QuickBooks, then Retry; or Ignore it.",
        cause="booked total",
        fix="counterfoil errors ignore EVENT",
    )


def amount_of(value: Any) -> Decimal:
    """An amount of QuickBooks' answer."""
    return Decimal(str(value)) if value is not None else Decimal(0)
