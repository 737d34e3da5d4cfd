"""Whatever stops an event: a person is told what to do, and has a way out."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import workers
from ops.fixes.way import ByHand, Ignore, SetTo
from ops.fixes.ways import Case, ways_of
from schemas.connection import ConnectionSettings
from schemas.orders import Buyer
from workers.errors import Hold, NeedsAttention, SyncError, Wait

PAGES = Path(__file__).parents[3] / "ops" / "runbooks"
JANE = Buyer(customer_id="77", email="jane@example.com")
SETS = "counterfoil connections set acme-woo "

FIXES = {
    "tax_code_unmapped": SETS + "'taxes.\"GST 5%\"=ID'",
    "product_unknown": SETS + "products.MUG=ID",
    "sku_missing": SETS + "products.MUG=ID",
    "customer_unknown": SETS + "unknown_customer=create",
    "does_not_fit": SETS + "buyers.77=ID",
    "account_unmapped": SETS + "accounts.deposit=ID",
    "item_unmapped": SETS + "items.tip=ID",
    "number_taken": SETS + "number_prefix=W-",
    "period_closed": SETS + "closed_period=first_open_day",
    "before_stock_start": SETS + "sale_before_stock=move_item",
}
"""What the workers say under these reasons; the others name no setting."""

CAUSES = {
    "removed_in_quickbooks": ("Invoice 5", "customer 7", "item 9"),
    "changed_in_quickbooks": ("Invoice 5", "customer 7"),
    "customer_clash": ("buyer 77", "inactive customer 7"),
    "currency_unsupported": ("CAD", "USD became CAD"),
}


def waiting() -> set[str]:
    """Reasons with which an event can end up in the error queue."""
    for module in pkgutil.walk_packages(workers.__path__, "workers."):
        importlib.import_module(module.name)
    found: set[str] = set()
    left: list[type[SyncError]] = [SyncError]
    while left:
        error = left.pop()
        left += error.__subclasses__()
        comes_back = issubclass(error, Wait | Hold)
        if not comes_back and "reason" in vars(error) and error.__module__.startswith("workers."):
            found.add(error.reason)
    return found - {"sync_error", "retry_later", "needs_attention"}


CASES = [(reason, cause) for reason in sorted(waiting()) for cause in CAUSES.get(reason, ("cause",))]


def case(reason: str, cause: str = "cause") -> Case:
    who = ("buyers", "77")
    return Case(reason, cause, FIXES.get(reason, ""), ConnectionSettings(), buyer=JANE, who=who)


@pytest.mark.parametrize(("reason", "cause"), CASES)
def test_every_failure_has_a_way_that_is_not_to_give_up(reason: str, cause: str) -> None:
    ways = ways_of(case(reason, cause))

    assert not isinstance(ways[0].act, Ignore)
    assert isinstance(ways[-1].act, Ignore), "leaving it out of the books comes last"
    names = [way.name for way in ways]
    assert len(set(names)) == len(names)
    for way in ways:
        assert way.text[0].isupper(), way
        assert way.text.endswith("."), way


@pytest.mark.parametrize(("reason", "cause"), CASES)
def test_every_setting_that_a_way_changes_is_one_and_takes_its_value(reason: str, cause: str) -> None:
    for way in ways_of(case(reason, cause)):
        if isinstance(way.act, SetTo):
            ConnectionSettings.model_validate(way.act.change(way.act.value or "1"))


@pytest.mark.parametrize("reason", sorted(waiting()))
def test_where_only_a_person_can_act_the_page_of_the_reason_says_how(reason: str) -> None:
    ours = [way for way in ways_of(case(reason)) if not isinstance(way.act, Ignore | ByHand)]
    page = (PAGES / f"{reason}.md").read_text(encoding="utf-8")
    steps = page.partition("## How to fix it")[2].partition("## ")[0]

    assert ours or "1. " in steps or len(steps.split()) > 5


def test_every_error_of_a_person_is_among_them() -> None:
    subclasses = {one.reason for one in NeedsAttention.__subclasses__() if one.__module__ == "workers.errors"}

    assert subclasses <= waiting()
    assert set(FIXES) | set(CAUSES) <= waiting()
