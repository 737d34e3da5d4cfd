"""Bodies collected from real shops and official samples go the whole way into the books, when their folder is there."""

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from ops.sandbox.company.country import CURRENCY_NAMES
from ops.sandbox.company.lists.tax import make_tax_code
from ops.sandbox.company.seed import CountryCode
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.money import to_cents
from schemas.orders import ChargeLine, Order, OrderLine
from tests.events.stores.deliveries import webhook
from tests.events.stores.test_collected_payloads import FILES, store_total_adds_up, topic_of
from tests.workers.play import Play, percents, played, prefer, tax_rates
from workers.errors import NeedsAttention, Wait
from workers.outcomes import Booked, Skipped, Superseded

COMPANIES: dict[str, tuple[CountryCode, str]] = {
    "us-automated": ("US", "us_automated"),
    "us-manual": ("US", "us_manual"),
    "elsewhere": ("GB", "elsewhere"),
}
SENDS_REAL = {"test": False}
"""A sample that a platform made up is no order; with this it is read as one, for the mapping's sake."""

pytestmark = pytest.mark.skipif(not FILES, reason="the collected payloads are not on this machine")


@cache
def company(kind: str) -> object:
    """What a company of this kind holds before its first order: every currency that QuickBooks knows."""
    play = _fresh(kind)
    for code in CURRENCY_NAMES:
        if code != play.company.home_currency and code != "CAD":
            play.books.create("CompanyCurrency", {"Code": code})
    return play.books.snapshot()


def _fresh(kind: str) -> Play:
    country, tax = COMPANIES[kind]
    play = played(
        country,
        company={"tax": tax, "multicurrency": True},
        unknown_product="create",
        accounts={"gift_cards": "18"},
        untaxed_code="NON" if country == "US" else "1",
    )
    prefer(play, "CurrencyPrefs", MultiCurrencyEnabled=True)
    prefer(play, "TaxPrefs", PartnerTaxEnabled=tax == "us_automated")
    return play


def ready_for(order: Order | None, kind: str) -> Play:
    """A company that knows the order's currency, and each of its taxes whose rate the store says."""
    play = _fresh(kind)
    play.books.restore(company(kind))
    if order is None:
        return play
    if order.currency in CURRENCY_NAMES and order.currency != play.company.home_currency:
        day = order.created_at.date().isoformat()
        rate = {"SourceCurrencyCode": order.currency, "Rate": "0.5", "AsOfDate": day}
        play.books.create("ExchangeRate", rate)
    percent = {tax.tax: tax.percent for tax in order.taxes}
    parts: tuple[OrderLine | ChargeLine, ...] = (*order.lines, *order.shipping, *order.fees)
    together = {_taxes((share.tax, share.amount) for share in part.taxes) for part in parts}
    together.add(_taxes((tax.tax, tax.amount) for tax in order.taxes))
    codes: dict[str, str] = {}
    for names in sorted(together - {()}):
        rates = [(name, percent.get(name)) for name in names]
        if all(rate is not None for _, rate in rates):
            label = " + ".join(names)
            codes[label] = _code(play, f"{label[:80]} {len(codes)}", rates)
    play.set(taxes=codes)
    play.company = replace(play.company, tax_percent=percents(play.books), tax_rates=tax_rates(play.books))
    return play


def _taxes(named: Iterable[tuple[str, Decimal]]) -> tuple[str, ...]:
    return tuple(sorted({name for name, amount in named if amount}))


def _code(play: Play, label: str, rates: list[tuple[str, Decimal | None]]) -> str:
    details = [
        {
            "TaxRateName": f"{label[:60]} {position}",
            "RateValue": percent,
            "TaxAgencyId": "1",
            "TaxApplicableOn": "Sales",
        }
        for position, (_, percent) in enumerate(rates)
    ]
    return make_tax_code(play.books.books, label, details)[0]


def events_of(path: Path, body: bytes) -> list[Envelope]:
    """What the platform's reader makes of it; a body that it refuses says so in a sentence."""
    platform = path.parent.name
    try:
        return PLATFORMS[platform].read(webhook(platform, topic_of(path), body))
    except Unreadable as refusal:
        assert refusal.problem.endswith(".")
        return []


def order_in(events: list[Envelope]) -> Order | None:
    """The order that they tell, if they do."""
    told = [event.data for event in events if EVENT_TYPES[event.type] is Order]
    return Order.model_validate_json(json.dumps(told[0])) if told else None


def booked(event: Envelope, play: Play) -> bool:
    """Carry it out: True when it is booked, False when it is skipped, waits or is refused in a sentence."""
    payload = EVENT_TYPES[event.type].model_validate_json(json.dumps(event.data))
    try:
        outcome = play.run(event.type, payload, time=event.time, event_id=event.id)
    except (NeedsAttention, Wait) as error:
        assert len(str(error).split()) > 4
        assert isinstance(error, Wait) or error.fix
        return False
    assert isinstance(outcome, Booked | Skipped | Superseded)
    return isinstance(outcome, Booked)


@pytest.mark.parametrize("kind", COMPANIES)
def test_every_collected_body_is_booked_skipped_or_refused_with_a_sentence(kind: str) -> None:
    for path in FILES:
        for changed in ({}, SENDS_REAL):
            body = json.dumps({**json.loads(path.read_bytes()), **changed}).encode()
            events = events_of(path, body)
            play = ready_for(order_in(events), kind)
            for event in events:
                booked(event, play)


@pytest.mark.parametrize("kind", COMPANIES)
def test_what_is_booked_of_a_collected_order_is_the_stores_total(kind: str) -> None:
    seen = 0
    for path in FILES:
        events = events_of(path, path.read_bytes())
        order = order_in(events)
        if order is None or not booked(events[0], play := ready_for(order, kind)):
            continue
        (sale,) = (*play.all("SalesReceipt"), *play.all("Invoice"))
        assert sale["TotalAmt"] == to_cents(order.total), path.name
        if kind == "us-automated":
            assert (sale["TxnTaxDetail"] or {}).get("TotalTax", 0) == to_cents(order.total_tax), path.name
        seen += 1
    assert seen > len(FILES) // 10


def test_collected_order_whose_own_total_adds_up_is_never_refused_for_its_sums() -> None:
    """Automated tax takes the store's tax, so nothing but the store's own sums could differ."""
    refused = []
    for path in FILES:
        events = events_of(path, path.read_bytes())
        order = order_in(events)
        if order is None or order.currency not in CURRENCY_NAMES or order.lifecycle != "open":
            continue
        if not store_total_adds_up(path.parent.name, path.read_bytes()):
            continue
        if not booked(events[0], ready_for(order, "us-automated")):
            refused.append(path.name)
    assert refused == []
