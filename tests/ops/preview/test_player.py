"""A preview says what the workers then do, and does none of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ops.preview.outcome import Previewed, as_csv, counts
from ops.preview.player import Player
from ops.preview.pretended import Pretended
from ops.preview.spreadsheet import safe, unsafe
from schemas.connection import Connection
from schemas.envelope import Envelope
from schemas.orders import Buyer
from schemas.shape import Shape
from tests.workers.play import NOON, Play, played, prefer
from tests.workers.stories import back, line, money, order, refund, shipping, unpaid
from workers.ledger.engine import open_ledger, reading
from workers.ledger.tables import metadata
from workers.steps import Json

Told = tuple[str, Shape]
SHIRT = line("20.00", tax="1.60")
PEN = line("3.00", sku="PEN", line_id="2", product_id=None)
LATER = timedelta(hours=1)


class Books:
    """Reads of a sandbox company."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.reads = 0

    def query(self, statement: str) -> list[Json]:
        self.reads += 1
        entity = statement.split()[3]
        return list(self._play.books.query(statement).get(entity, []))

    def closed_until(self) -> date | None:
        return self._play.books.books.settings.closed_books_date


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def told(stories: list[Told]) -> list[Envelope]:
    """The events of a story, an hour apart."""
    return [
        Envelope(
            specversion="1.0",
            id=f"e{number}",
            source="counterfoil/connections/acme-woo",
            type=kind,
            subject="object/1",
            time=NOON + number * LATER,
            connection="acme-woo",
            data=payload.model_dump(mode="json"),
        )
        for number, (kind, payload) in enumerate(stories)
    ]


def previewed(play: Play, ledger: Engine, *stories: Told) -> list[Previewed]:
    connection = Connection(connection_id="acme-woo", platform="woocommerce", settings=play.settings)
    player = Player(ledger, connection, play.company, Pretended(Books(play), play.company))
    return [player.play(event) for event in told(list(stories))]


STORIES: dict[str, list[Told]] = {
    "paid": [("orders.paid", order(SHIRT, shipping=(shipping("5.00"),)))],
    "paid-twice": [("orders.paid", order(SHIRT)), ("orders.updated", order(SHIRT))],
    "refunded": [("orders.paid", order(SHIRT)), ("orders.refunded", refund(back(SHIRT)))],
    "unpaid-then-paid": [("orders.created", unpaid(SHIRT)), ("orders.paid", order(SHIRT))],
    "unpaid-edited-cancelled": [
        ("orders.created", unpaid(SHIRT)),
        ("orders.edited", unpaid(SHIRT, PEN)),
        ("orders.cancelled", unpaid(SHIRT, PEN, lifecycle="cancelled")),
    ],
    "paid-edited": [
        ("orders.paid", order(SHIRT)),
        ("orders.edited", order(line("30.00", tax="2.40"))),
    ],
    "paid-cancelled": [
        ("orders.paid", order(SHIRT)),
        ("orders.cancelled", order(SHIRT, lifecycle="cancelled")),
    ],
    "tip": [("orders.paid", order(line("9.50"), tip=money("2.00")))],
}


@pytest.mark.parametrize("name", STORIES)
def test_preview_names_the_writes_that_the_worker_then_makes(name: str, ledger: Engine) -> None:
    play = played(unknown_product="create")
    story = STORIES[name]

    found = previewed(play, ledger, *story)

    for envelope, one, (_, payload) in zip(told(story), found, story, strict=True):
        play.run(envelope.type, payload, time=envelope.time, event_id=envelope.id)
        made = [(step.operation, step.entity) for step in play.writes]
        assert [(write.operation, write.entity) for write in one.writes] == made
        assert one.result == ("books" if made else "nothing")
    totals = [Decimal(write.total) for one in found for write in one.writes if write.entity == "SalesReceipt"]
    booked = [Decimal(row["TotalAmt"]) for row in play.all("SalesReceipt")]
    assert sorted(totals) == sorted(booked)


def test_preview_changes_neither_books_nor_ledger(ledger: Engine) -> None:
    play = played(unknown_product="create")
    before = (everything(play), rows(ledger))

    previewed(play, ledger, *STORIES["refunded"], *STORIES["tip"])

    assert (everything(play), rows(ledger)) == before


def test_what_fails_says_why_and_how_to_fix_it_and_the_others_go_on(ledger: Engine) -> None:
    play = played()
    strange = line("20.00", tax="1.00", tax_name="GST 5%")

    failing, good = previewed(
        play,
        ledger,
        ("orders.paid", order(strange, order_id="1", number="1")),
        ("orders.paid", order(SHIRT, order_id="2", number="2")),
    )

    assert (failing.result, failing.why) == ("fails", "tax_code_unmapped")
    assert 'store tax "GST 5%"' in failing.message
    assert failing.fix.startswith("counterfoil connections set acme-woo")
    assert good.result == "books"
    assert counts([failing, good]) == {"fails": 1, "books": 1}


def test_closed_books_are_seen_before_anything_is_sent(ledger: Engine) -> None:
    play = played()
    play.books.books.settings.closed_books_date = date(2026, 12, 31)

    (one,) = previewed(play, ledger, ("orders.paid", order(SHIRT)))

    assert (one.result, one.why) == ("fails", "period_closed")


def test_number_that_is_taken_is_seen(ledger: Engine) -> None:
    play = played(company={"custom_numbers": True})
    prefer(play, "SalesFormsPrefs", CustomTxnNumbers=True)

    (one,) = previewed(play, ledger, ("orders.paid", order(SHIRT, number="1001")))

    assert (one.result, one.why) == ("fails", "number_taken")
    assert "number 1001 is taken" in one.message


def test_name_of_a_vendor_is_seen_and_the_new_name_shown(ledger: Engine) -> None:
    play = played()
    keel = Buyer(email="k@example.com", first_name="Keel", last_name="Supplies")

    (one,) = previewed(play, ledger, ("orders.paid", order(SHIRT, buyer=keel)))

    customer, receipt = one.writes
    assert (customer.entity, customer.number) == ("Customer", "Keel Supplies (Web)")
    assert receipt.customer == "Keel Supplies (Web)"


def test_refund_without_its_sale_would_wait_and_a_cancelled_order_is_skipped(ledger: Engine) -> None:
    play = played()

    waits, skipped = previewed(
        play,
        ledger,
        ("orders.refunded", refund(back(SHIRT), order_id="77")),
        ("orders.cancelled", unpaid(SHIRT, lifecycle="cancelled")),
    )

    assert (waits.result, waits.why) == ("waits", "waits_for_sale")
    assert (skipped.result, skipped.why) == ("skipped", "cancelled")


def test_second_order_of_a_new_buyer_uses_the_customer_that_the_first_would_make(ledger: Engine) -> None:
    play = played()

    first, second = previewed(
        play,
        ledger,
        ("orders.paid", order(SHIRT)),
        ("orders.paid", order(SHIRT, order_id="2", number="2")),
    )

    assert [write.entity for write in first.writes] == ["Customer", "SalesReceipt"]
    assert [write.entity for write in second.writes] == ["SalesReceipt"]


def test_csv_has_a_row_for_each_document_and_no_formula(ledger: Engine) -> None:
    play = played()
    evil = Buyer(email="e@example.com", first_name="=HYPERLINK(1)", last_name="x")

    text = as_csv(previewed(play, ledger, ("orders.paid", order(SHIRT, buyer=evil))))

    lines = text.splitlines()
    assert lines[0].startswith("event_id,type,subject")
    assert len(lines) == 3
    assert ",'=HYPERLINK(1) x" in lines[2]
    assert ",=HYPERLINK" not in text


@pytest.mark.parametrize("text", ["=1+1", "@x", "-x", "plain", "-5.00", "'quoted", ""])
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert unsafe(safe(text)) == text
    assert not safe(text).startswith(("=", "@"))


def everything(play: Play) -> dict[str, int]:
    names = ("SalesReceipt", "Invoice", "Payment", "RefundReceipt", "CreditMemo", "Customer", "Item")
    return {
        name: len(play.books.query(f"select * from {name} maxresults 1000").get(name, ())) for name in names
    }


def rows(ledger: Engine) -> dict[str, list[Any]]:
    with reading(ledger) as database:
        return {table.name: list(database.execute(select(table))) for table in metadata.sorted_tables}
