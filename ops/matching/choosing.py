"""From a person's choices to changes of settings and sync mappings, checked one by one. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ops.matching.goods import Items
from ops.matching.match import Kind, Listed, Match
from ops.matching.money import HOLDS_MONEY, Lists, entity_of
from ops.matching.needs import Needs
from ops.matching.people import Customers
from ops.matching.sheet import NOTHING, Choice, SheetRefused
from workers.mapping.frame import Frame
from workers.mapping.names import folded
from workers.parties.party import Known, Party
from workers.steps import Json, StoreKey, SyncMapping


@dataclass(frozen=True, slots=True)
class Chosen:
    """One change, as it is shown: from what, to what."""

    kind: Kind
    key: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes: ``settings`` as ``change_settings`` takes them, and mappings that go with them."""

    shown: tuple[Chosen, ...]
    settings: Json
    mappings: tuple[SyncMapping, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """What choices are checked against: the report, and what it was made from."""

    matches: Mapping[tuple[str, str], Match]
    needs: Needs
    customers: Customers
    items: Items
    lists: Lists
    known: Known
    frame: Frame

    def party(self, key: str) -> Party:
        """The buyer of a line."""
        kind, _, store_id = key.partition("/")
        return self.needs.parties[StoreKey(kind, store_id)]


def plan(choices: Iterable[Choice], sides: Sides) -> Plan:
    """What they change; a choice that says what is so already changes nothing.

    Raises:
        SheetRefused: one sentence for each line that cannot be.
    """
    shown: list[Chosen] = []
    settings: Json = {}
    mappings: list[SyncMapping] = []
    problems: list[str] = []
    now = sides.frame.settings.model_dump(mode="json")
    for choice in choices:
        match = sides.matches.get((choice.kind, choice.key))
        listed = _listed(choice, match, sides)
        if isinstance(listed, str):
            problems.append(f"Line {choice.line}: {listed}")
            continue
        assert match is not None, "an unknown line is a problem"
        own_settings, own_mappings = _changes(match, choice.chosen, sides)
        if not own_mappings and not _differs(now, own_settings):
            continue
        before = _text(match.found) if match.how in ("chosen", "remembered") else "by itself"
        after = _text(listed) if listed is not None else "by itself"
        shown.append(Chosen(match.kind, match.key, match.name, before, after))
        _merge(settings, own_settings)
        mappings += own_mappings
    if problems:
        raise SheetRefused("\n".join(problems))
    return Plan(tuple(shown), settings, tuple(mappings))


def _listed(choice: Choice, match: Match | None, sides: Sides) -> Listed | str | None:
    """What was chosen; None for NOTHING; a sentence where it cannot be."""
    if match is None:
        return f"the report has no {choice.kind} {choice.key}. Write a new file with --csv."
    entity = entity_of(match.kind)
    if not entity:
        return f"nothing can be chosen for a {match.kind}."
    wanted = sides.needs.products.get(match.key)
    if wanted is not None and wanted.key is None:
        return f"{match.name} has neither id nor SKU in the store, so nothing can be remembered of it."
    if choice.chosen == NOTHING:
        return None
    row = _row(entity, choice.chosen, sides)
    if row is None or row.get("Active") is False:
        return f"QuickBooks has no active {entity} {choice.chosen}."
    if entity == "Item" and not sides.items.takes(choice.chosen, wanted):
        return f"Item {choice.chosen} is a {row.get('Type')}, which is not sold."
    if entity == "Account" and row.get("AccountType") not in HOLDS_MONEY:
        types = " or ".join(HOLDS_MONEY)
        return f"account {choice.chosen} is of the type {row.get('AccountType')}; money needs {types}."
    if match.kind == "customer":
        problem = _other_currency(row, sides.party(match.key), sides.frame)
        if problem:
            return problem
    return Listed.of(row)


def _row(entity: str, quickbooks_id: str, sides: Sides) -> Json | None:
    match entity:
        case "Customer":
            return sides.customers.by_id.get(quickbooks_id)
        case "Item":
            return sides.items.by_id.get(quickbooks_id)
        case _:
            return sides.lists.by_entity.get(entity, {}).get(quickbooks_id)


def _other_currency(row: Json, party: Party, frame: Frame) -> str:
    home = frame.company.home_currency
    currency = str((row.get("CurrencyRef") or {}).get("value") or home)
    wanted = party.currency or home
    if currency == wanted:
        return ""
    return f"customer {row.get('Id')} is in {currency}, this buyer pays in {wanted} (A50)."


def _changes(match: Match, chosen: str, sides: Sides) -> tuple[Json, list[SyncMapping]]:
    value = None if chosen == NOTHING else chosen
    match match.kind:
        case "tax":
            return {"taxes": {match.key: value}}, []
        case "payment_method":
            return {"payment_methods": {match.key: value}}, []
        case "clearing_account":
            return {"accounts": {"clearing": {match.key: value}}}, []
        case "item":
            return {"items": {match.key: value or ""}}, []
        case "customer":
            return _of_buyer(sides.party(match.key), value, sides)
        case _:
            return _of_product(match.key, value, sides)


def _of_buyer(party: Party, value: str | None, sides: Sides) -> tuple[Json, list[SyncMapping]]:
    """A mapping under each key of the buyer, so that no e-mail stands in the settings; a setting that says otherwise
    would win, so it goes.
    """
    buyers = sides.frame.settings.buyers
    own = {
        folded(f"{name}{f' {party.currency}' if party.currency else ''}")
        for name in (party.buyer.customer_id or "" if party.buyer else "", party.email, party.code)
        if name
    }
    gone = {name: None for name in buyers if folded(name) in own and buyers[name] != value}
    row = sides.customers.by_id.get(value or "") or {}
    mappings = [
        replace(party.mapping(key, value or "", str(row.get("SyncToken", "0"))), removed=not value)
        for key in party.keys
        if _known_id(key, sides) != (value or "")
    ]
    return ({"buyers": gone} if gone else {}), mappings


def _of_product(key: str, value: str | None, sides: Sides) -> tuple[Json, list[SyncMapping]]:
    """A mapping; for a bundle the setting, as for each SKU that is sold as its parts. What says otherwise goes."""
    wanted = sides.needs.products[key]
    settings = sides.frame.settings
    as_bundle = value is not None and sides.items.is_bundle(value)
    changes: Json = {}
    if wanted.sku in settings.products and (as_bundle or settings.products[wanted.sku] != value):
        changes["products"] = {wanted.sku: None}
    if as_bundle:
        return {**changes, "bundles": {wanted.sku: value}}, []
    if wanted.sku in settings.bundles:
        changes["bundles"] = {wanted.sku: None}
    if wanted.key is None or _known_id(wanted.key, sides) == (value or ""):
        return changes, []
    row = sides.items.by_id.get(value or "") or {}
    detail = {"type": str(row.get("Type", ""))} if value else {}
    token = str(row.get("SyncToken", "0"))
    return changes, [SyncMapping(wanted.key, "Item", value or "", token, removed=not value, detail=detail)]


def _known_id(key: StoreKey, sides: Sides) -> str:
    mapping = sides.known.get(key)
    return mapping.quickbooks_id if mapping is not None and not mapping.removed else ""


def _differs(before: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    for name, value in changes.items():
        if isinstance(value, Mapping):
            if _differs(before.get(name) or {}, value):
                return True
        elif before.get(name) != value:
            return True
    return False


def _merge(into: Json, more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


def _text(listed: Listed | None) -> str:
    return f"{listed.quickbooks_id} {listed.name}" if listed is not None else "by itself"
