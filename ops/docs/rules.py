"""``python -m ops.docs.rules`` writes ``rules.md``: each accounting rule, and the tests that show it.

A test shows the rules that its name begins with: ``test_a4_full_refund_is_…``.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("rules.md")
SHOWS = re.compile(r"^def test_((?:a\d+_)+)(\w+)\(", re.MULTILINE)

CHAPTERS: Mapping[str, Mapping[int, str]] = {
    "Orders": {
        1: "A paid order is one sales receipt into its gateway's clearing account, marked as ours",
        2: "An order that is not fully paid is an invoice, each capture one payment",
        3: "Of a part-paid order the balance stays open",
        4: "A full refund is a refund receipt out of the same account; the sale stays",
        5: "A partial refund has only what went back; what no line explains is an adjustment",
        6: "A refund of an open invoice is a credit memo, of a paid one a refund receipt",
        7: "Cancelled before it was synced: nothing is sent",
        8: "Cancelled and unpaid: the invoice is voided and keeps its number",
        9: "Cancelled after payment: as a full refund",
        10: "An edit updates an open document, else reverses and books anew; a person's change stays",
        11: "What a person removed in QuickBooks is never created again silently",
        12: "A refund before its sale waits and uses no attempt up",
        13: "What is older than what is booked is superseded",
        14: "An order that costs nothing keeps its lines, or is skipped by setting",
    },
    "Lines": {
        20: "Amounts are always quantity times price to the cent",
        21: "Discounts stay visible and leave the tax as the store charged it",
        22: "Shipping is QuickBooks' own line or the mapped item, with its own tax",
        23: "Fees charged to the buyer have an item of their own",
        24: "Gateway fees are never netted from revenue: they belong to the payout",
        25: "Tips are owed on, and bear no tax",
        26: "A gift card that is sold is a debt, not income",
        27: "A gift card that pays reduces the debt; revenue is counted once",
        28: "A refund to store credit is paid from the debt's account",
        29: "Leftover cents get a rounding line up to a limit; more is an error with both totals",
        30: "More taxable lines than QuickBooks takes are an error before anything is sent",
    },
    "Tax": {
        40: "US, automated: the store's tax is taken and compared",
        41: "US, manual: the tax map decides, never a guess",
        42: "Elsewhere each line has its code; a missing one stops the order",
        43: "Prices that hold their tax book what the buyer paid",
        44: "Each rate is rounded once, on the sum of its lines",
        45: "What a marketplace remits is never the merchant's debt",
    },
    "Currency": {
        50: "A foreign order has its currency, rate, accounts and a customer for that currency",
        51: "Without multicurrency nothing is booked one to one",
        52: "Shop money is booked, or what the buyer saw by setting",
    },
    "Contacts": {
        60: "A customer is found by id, then e-mail, then name and address together",
        61: "A name that is taken gets a suffix, or a person decides",
        62: "Guests: a customer for each e-mail, or the store's own",
        63: "All sales to one customer by setting",
        64: "What does not fit is shortened and said so, or refused where it is identity",
        65: "A merged customer's survivor takes over",
        66: "An update sends only what the store owns and what changed",
        67: "A person who was erased in the store leaves our tables and messages",
    },
    "Products and inventory": {
        70: "A product is found by SKU, then by name; nothing is assumed alike",
        71: "A SKU that is missing or doubled stops its product",
        72: "An unknown product is created, replaced or stopped by setting",
        73: "A new inventory item begins before its oldest order, from nothing",
        74: "A stock level becomes a difference that counts no sale twice",
        75: "A plan without inventory is reported once",
        76: "Several places are summed",
        77: "A sale before its item's start date names both ways out",
        78: "A bundle comes to the order's price; its parts move once",
        79: "The first inventory run is shown and asked about",
    },
    "Periods and limits": {
        90: "A closed period is held, or dated on the first open day, by setting",
        91: "Orders before the start date are skipped",
        92: "Only orders of the chosen statuses are booked",
        93: "What is in QuickBooks by another road is adopted, or shown beside ours",
    },
}
"""In our own short words; the numbers are those of the accounting rules that settings and tests name."""


@dataclass(frozen=True, order=True)
class Shown:
    """A test function that shows a rule. ``path`` from the project's root."""

    path: str
    sentence: str


def shown_by_rule(tests: Path) -> dict[int, list[Shown]]:
    """Every test under ``tests`` that names a rule, in order of its file."""
    found: dict[int, list[Shown]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        for rules, sentence in SHOWS.findall(path.read_text(encoding="utf-8")):
            test = Shown(path.relative_to(tests.parent).as_posix(), sentence.replace("_", " "))
            for number in re.findall(r"\d+", rules):
                found.setdefault(int(number), []).append(test)
    return found


def page(shown: Mapping[int, list[Shown]]) -> str:
    """The page as Markdown."""
    parts = [
        "# Accounting rules and their tests",
        "",
        "Written by `python -m ops.docs.rules`. A test's function is `test_`, the rule, and its sentence with "
        "underscores.",
    ]
    for chapter, rules in CHAPTERS.items():
        parts += ["", f"## {chapter}", "", "| Rule | In short | Shown by |", "|---|---|---|"]
        for number, words in rules.items():
            tests = "<br>".join(
                f"[{one.sentence}](../../{one.path})" for one in sorted(shown.get(number, ()))
            )
            parts.append(f"| A{number} | {words} | {tests or 'no test'} |")
    return "\n".join([*parts, ""])


def untested(shown: Mapping[int, list[Shown]]) -> list[int]:
    """Rules that no test names."""
    return [number for rules in CHAPTERS.values() for number in rules if number not in shown]


if __name__ == "__main__":
    by_rule = shown_by_rule(ROOT / "tests")
    PAGE.write_text(page(by_rule), encoding="utf-8")
    sys.exit(1 if untested(by_rule) else 0)
