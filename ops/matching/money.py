"""Taxes, payment methods, clearing accounts, items for charges, other settings and currencies. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ops.matching.match import Kind, Listed, Match, unsettled, without_spaces
from ops.matching.needs import Needs
from workers.mapping.frame import Frame
from workers.mapping.sale_lines import SHIPPING
from workers.steps import Json

WORDS = ("TAX", "NON", SHIPPING, "")
"""What stands in the place of an id without being in a list."""

HOLDS_MONEY = ("Bank", "Other Current Asset")


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists that settings refer to, by entity and id; ``currencies`` are those that the company keeps."""

    by_entity: Mapping[str, Mapping[str, Json]]
    currencies: frozenset[str]
    percents: Mapping[str, Decimal] = field(default_factory=dict)

    def get(self, entity: str, quickbooks_id: str) -> Listed | None:
        """An object that can be used."""
        row = self.by_entity.get(entity, {}).get(quickbooks_id)
        return Listed.of(row) if row is not None and row.get("Active") is not False else None

    def named(self, entity: str, *names: str) -> list[Listed]:
        """Objects whose name differs from one of these in case and spaces at most."""
        wanted = {without_spaces(name) for name in names if name}
        return [
            Listed.of(row)
            for row in self.by_entity.get(entity, {}).values()
            if row.get("Active") is not False and without_spaces(str(row.get("Name", ""))) in wanted
        ]


def match_money(needs: Needs, lists: Lists, frame: Frame) -> Iterator[Match]:
    """All of it."""
    yield from _taxes(needs, lists, frame)
    yield from _methods(needs, lists, frame)
    yield from _clearing(needs, lists, frame)
    yield from _items(needs, lists, frame)
    yield from _settings(lists, frame)
    for currency in sorted(needs.currencies):
        yield _currency(currency, lists, frame)


def _taxes(needs: Needs, lists: Lists, frame: Frame) -> Iterator[Match]:
    for name, percent in sorted(needs.taxes.items()):
        code = _tax_code(name, frame.settings.taxes)
        label = name if percent is None or "%" in name else f"{name} ({percent.normalize():f} %)"
        listed = lists.get("TaxCode", code)
        used = needs.used["tax", name]
        if listed is not None:
            yield Match("tax", name, label, "found", listed, "chosen", used=used)
            continue
        note = f"Tax code {code} is not there. " if code else ""
        same_rate = [
            one for one, rate in lists.percents.items() if percent is not None and rate == percent and rate
        ]
        offered = lists.named("TaxCode", name) + [
            one for code in same_rate if (one := lists.get("TaxCode", code)) is not None
        ]
        status, candidates = unsettled(offered)
        yield Match(
            "tax", name, label, status, None, "", candidates, used, f"{note}Its orders wait for a person."
        )


def _tax_code(name: str, taxes: Mapping[str, str]) -> str:
    """As the workers look it up: together, else where all parts have one code."""
    if taxes.get(name):
        return taxes[name]
    codes = {taxes.get(part, "") for part in name.split(" + ")}
    return codes.pop() if len(codes) == 1 else ""


def _methods(needs: Needs, lists: Lists, frame: Frame) -> Iterator[Match]:
    titles: dict[str, str] = {}
    for (gateway, _), method in needs.gateways.items():
        titles.setdefault(gateway, method.title)
    for gateway, title in sorted(titles.items()):
        used = sum(needs.used["gateway", one, currency] for one, currency in needs.gateways if one == gateway)
        listed = lists.get("PaymentMethod", frame.settings.payment_methods.get(gateway, ""))
        name = f"{gateway} ({title})" if title else gateway
        if listed is not None:
            yield Match("payment_method", gateway, name, "found", listed, "chosen", used=used)
            continue
        status, candidates = unsettled(lists.named("PaymentMethod", gateway, title))
        note = "The field stays empty on its documents."
        yield Match("payment_method", gateway, name, status, None, "", candidates, used, note)


def _clearing(needs: Needs, lists: Lists, frame: Frame) -> Iterator[Match]:
    accounts, settings = frame.settings.accounts, frame.settings
    for (gateway, currency), method in sorted(needs.gateways.items()):
        foreign = frame.company.multicurrency and currency != frame.company.home_currency
        key = f"{gateway} {currency}" if foreign else gateway
        used = needs.used["gateway", gateway, currency]
        own = accounts.clearing.get(f"{gateway} {currency}") or accounts.clearing.get(gateway, "")
        credit = accounts.gift_cards if gateway in settings.store_credit_gateways else ""
        how = "chosen" if own else "gift card account" if credit else "deposit account of all others"
        account = own or credit or (accounts.deposit if gateway not in settings.store_credit_gateways else "")
        listed = lists.get("Account", account)
        if listed is not None:
            yield Match("clearing_account", key, key, "found", listed, how, used=used)
            continue
        names = [without_spaces(text) for text in (gateway, method.title) if text]
        offered = [
            Listed.of(row)
            for row in lists.by_entity.get("Account", {}).values()
            if row.get("AccountType") in HOLDS_MONEY
            and row.get("Active") is not False
            and any(name in without_spaces(str(row.get("Name", ""))) for name in names)
        ]
        status, candidates = unsettled(offered)
        note = f"Account {account} is not there. " if account else ""
        yield Match(
            "clearing_account",
            key,
            key,
            status,
            None,
            "",
            candidates,
            used,
            f"{note}Its orders wait for a person.",
        )


def _items(needs: Needs, lists: Lists, frame: Frame) -> Iterator[Match]:
    for purpose in sorted(needs.purposes):
        if purpose == "shipping" and frame.company.shipping_on:
            continue
        listed = lists.get("Item", getattr(frame.settings.items, purpose))
        status, candidates = unsettled(lists.named("Item", purpose.replace("_", " ")))
        label = purpose.replace("_", " ")
        if listed is not None:
            yield Match("item", purpose, label, "found", listed, "chosen")
        else:
            yield Match(
                "item", purpose, label, status, None, "", candidates, note="Its orders wait for a person."
            )


def _settings(lists: Lists, frame: Frame) -> Iterator[Match]:
    """What settings name must be there; what they leave open is no line of its own."""
    for path, entity, quickbooks_id in references(frame.settings.model_dump(mode="json")):
        if quickbooks_id in WORDS:
            continue
        listed = lists.get(entity, quickbooks_id)
        if listed is None:
            note = f"{entity} {quickbooks_id} is not there, or inactive."
            yield Match("setting", path, path, "missing", None, "", note=note)
        elif path.partition(".")[0] in ("accounts", "terms"):
            yield Match("setting", path, path, "found", listed, "chosen")


def references(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every QuickBooks id in the settings: path, entity, id."""
    for name, value in settings["accounts"].items():
        if isinstance(value, Mapping):
            yield from ((f"accounts.{name}.{gateway}", "Account", one) for gateway, one in value.items())
        else:
            yield f"accounts.{name}", "Account", value
    yield from ((f"items.{name}", "Item", one) for name, one in settings["items"].items())
    for name, entity in (
        ("taxes", "TaxCode"), ("payment_methods", "PaymentMethod"), ("products", "Item"), ("bundles", "Item"),
        ("buyers", "Customer"),
    ):  # fmt: skip
        yield from ((f"{name}.{key}", entity, one) for key, one in settings[name].items())
    yield "terms", "Term", settings["terms"]
    yield from ((name, "TaxCode", settings[name]) for name in ("taxed_code", "untaxed_code"))


def _currency(currency: str, lists: Lists, frame: Frame) -> Match:
    company = frame.company
    if currency == company.home_currency:
        return Match("currency", currency, currency, "found", Listed(currency, currency), "home currency")
    if not company.multicurrency:
        note = (
            "Multicurrency is off in QuickBooks: its orders wait for a person, never booked one to one (A51)."
        )
        return Match("currency", currency, currency, "missing", note=note)
    if currency in lists.currencies:
        return Match(
            "currency", currency, currency, "found", Listed(currency, currency), "the company keeps it"
        )
    note = "Add the currency in QuickBooks: Settings, Currencies."
    return Match("currency", currency, currency, "missing", note=note)


def lists_of(rows: Mapping[str, Iterable[Json]], percents: Mapping[str, Decimal]) -> Lists:
    """Put the lists together."""
    by_entity = {entity: {str(row.get("Id", "")): row for row in of} for entity, of in rows.items()}
    kept = by_entity.get("CompanyCurrency", {}).values()
    currencies = frozenset(str(row.get("Code", "")) for row in kept if row.get("Active") is not False)
    return Lists(by_entity, currencies, percents)


def entity_of(kind: Kind) -> str:
    """The list that a line's choice is from; "" where nothing can be chosen."""
    return {
        "customer": "Customer",
        "product": "Item",
        "tax": "TaxCode",
        "payment_method": "PaymentMethod",
        "clearing_account": "Account",
        "item": "Item",
    }.get(kind, "")
