"""The arithmetic of lines, for any amount and quantity."""

import shlex
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import to_cents
from workers.mapping.fixes import setting_fix
from workers.mapping.lines import priced
from workers.mapping.marks import book_date, doc_number, private_note
from workers.mapping.names import clean, display_names, quoted, usable_email

AMOUNTS = st.decimals("-99999.99", "99999.99", places=2)
QUANTITIES = st.decimals("0.001", "9999", places=3)


@given(AMOUNTS, QUANTITIES)
def test_a20_unit_price_times_quantity_is_always_the_amount(amount: Decimal, quantity: Decimal) -> None:
    pricing = priced(amount, quantity)

    assert to_cents(pricing.quantity * pricing.unit_price) == amount
    assert -pricing.unit_price.as_tuple().exponent <= 7  # type: ignore[operator]


@given(AMOUNTS, QUANTITIES)
def test_a20_the_store_s_quantity_is_kept_so_that_stock_is_right(amount: Decimal, quantity: Decimal) -> None:
    assert priced(amount, quantity).quantity == quantity


@pytest.mark.parametrize(
    ("prefix", "number", "suffix", "expected"),
    [
        ("W-", "1001", "", "W-1001"),
        ("W-", "1001", "-R1", "W-1001-R1"),
        ("", "20261124-000000000000001001", "-R1", "000000000000001001-R1"),
    ],
    ids=["short", "refund", "too-long-keeps-its-end"],
)
def test_document_numbers_fit_into_21_characters(
    prefix: str, number: str, suffix: str, expected: str
) -> None:
    assert doc_number(prefix, number, suffix) == expected


def test_a1_date_is_that_of_the_companys_time_zone() -> None:
    moment = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    assert book_date(moment, "Europe/Vienna") == "2026-11-25"


def test_note_holds_the_marker_on_its_first_line() -> None:
    assert private_note("counterfoil:a:order:1", "", "Order 1").splitlines() == [
        "counterfoil:a:order:1",
        "Order 1",
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("stripe", "taxes.stripe=12"), ("GST 5%", 'taxes."GST 5%"=12'), ("it's $5", 'taxes."it\'s $5"=12')],
    ids=["bare", "quoted", "shell-signs"],
)
def test_fix_is_a_command_that_a_shell_reads_as_one_word(word: str, expected: str) -> None:
    fix = setting_fix("acme", "taxes", word, value="12")

    assert shlex.split(fix) == ["counterfoil", "connections", "set", "acme", expected]


def test_names_lose_what_quickbooks_refuses() -> None:
    assert clean("  A:B\tC\n D ", 100) == "A B C D"


def test_display_names_are_tried_from_plain_to_unique() -> None:
    names = list(display_names("Jane Doe", distinct="j@x.org", currency="CAD"))

    assert names == ["Jane Doe (CAD)", "Jane Doe (CAD) (Web)", "Jane Doe (CAD) (j@x.org)"]


@pytest.mark.parametrize("email", ["", "x", "a@b", "a b@c.d", "x" * 95 + "@example.com"])
def test_a64_unusable_emails_are_left_out(email: str) -> None:
    assert usable_email(email) == ""


def test_query_text_is_escaped_by_backslash() -> None:
    assert quoted("O'Hara \\ Sons") == "'O\\'Hara \\\\ Sons'"
