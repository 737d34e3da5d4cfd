"""A contact is erased: nothing of it is left in any table or error queue, and the books are as they were (A67)."""

from typing import Any

import pytest

from events import names
from ops.erasure.person import Person
from ops.erasure.requests import ErasureRequests
from tests.ops.erasure.room import BUYER, DAY, EMAIL, FIRST, MARKS, Archive, now
from tests.ops.office import event
from tests.rig.stack import order_event
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.erasure import Names, names_of_customers
from workers.ledger.mappings import Remembered, store_mappings
from workers.ledger.tables import metadata
from workers.steps import StoreKey, SyncMapping

OTHER = {"customer_id": "88", "email": "other@elsewhere.example", "first_name": "Otherfirst"}


class Died(BaseException):
    """The process ends here."""


def test_a67_erased_contact_is_in_no_table_and_no_error_queue_and_the_books_keep_it(archive: Archive) -> None:
    archive.plant()
    planted = archive.places()

    shown = archive.json("contacts", "erase", "acme-woo", EMAIL, "--dry-run")
    erased = archive.json("contacts", "erase", "acme-woo", EMAIL, "--yes")

    assert planted == {
        "commands.arguments",
        "connections.settings",
        "edited_messages.original",
        "edited_messages.edited",
        "failed_bodies.body",
        "failed_messages.message",
        "failed_messages.ignore_reason",
        "setting_versions.settings",
        "sync_mappings.store_id",
    }
    assert {**erased, "erased": False} == shown
    assert archive.places() == set()
    copies = archive.copies()
    assert set(copies) == {"order-2-paid", "order-4-paid", "kept-5", "order-6-paid", "event-7", "event-8"}
    assert [mark for mark in MARKS for copy in copies.values() if mark.encode() in copy] == []
    assert f"{FIRST} Markedlast" in archive.objects("Customer")
    assert len(archive.documents()) == 1


def test_a67_erasing_that_is_killed_is_finished_by_a_second_one(archive: Archive) -> None:
    """By the contact's id alone: the e-mail must be found again after each death."""
    archive.plant()
    person = Person.of(contact_id="77")
    for step in ("copied", "replaced", "messages"):
        left = [3]

        def crash(name: str, step: str = step, left: list[int] = left) -> None:
            left[0] -= name == step
            if name == step and (left[0] == 0 or step == "messages"):
                raise Died

        with pytest.raises(Died):
            archive.eraser(crash).erase("acme-woo", person)
        assert archive.places()

    archive.eraser().erase("acme-woo", person)
    for workflow in ("orders", "contacts"):
        archive.sweep(workflow)

    # What is no event at all is found by its e-mail, and that is known.
    assert archive.places() == set()
    assert [mark for mark in MARKS for copy in archive.copies().values() if mark.encode() in copy] == []


def test_a67_others_stay_as_they_were_to_the_byte(archive: Archive) -> None:
    archive.deliver(archive.unmapped(2))
    archive.deliver(archive.unmapped(5, buyer=OTHER))
    before = archive.failed("order-5-paid")

    archive.json("contacts", "erase", "acme-woo", EMAIL, "--yes")

    after = archive.failed("order-5-paid")
    assert (after.body, after.copy_id, after.message) == (before.body, before.copy_id, before.message)
    assert FIRST.encode() not in archive.failed("order-2-paid").body


def test_a67_order_of_an_erased_buyer_can_still_be_booked(archive: Archive) -> None:
    archive.deliver(archive.unmapped(2))
    archive.json("contacts", "erase", "acme-woo", EMAIL, "--yes")
    archive.set(taxes={"GST 5%": "2"})  # 8 %, as the order says

    archive.command("orders", command="retry", event_id="order-2-paid")
    (message,) = archive.broker.take("orders")
    word = archive.deliver(message.json())

    assert word == "booked", archive.failed("order-2-paid").message
    (receipt,) = archive.documents()
    assert receipt["TotalAmt"] == 13.5
    assert receipt["CustomerRef"]["name"] == "Online sales"


def test_a67_request_of_the_store_is_carried_out_by_the_desk_and_closed_when_nothing_is_on_its_way(
    archive: Archive,
) -> None:
    archive.plant()  # message 4 is being retried, and its second delivery has failed again
    archive.deliver(archive.unmapped(9))
    archive.command("orders", command="retry", event_id="order-9-paid")
    asked = {"contact_id": "77", "email": EMAIL}
    word = archive.deliver(event("contacts.erased", "erasure/77", asked, event_id="erase-77", time=DAY))
    desk = ErasureRequests(archive.engine, archive.eraser(), again_seconds=0.0)

    desk.look()
    on_the_way = archive.places((EMAIL,))
    (message,) = [one for one in archive.broker.take("orders") if one.json()["id"] == "order-9-paid"]
    archive.deliver(message.json())
    desk.look()

    assert word == "skipped"
    assert on_the_way == {"sync_mappings.detail"}  # the request itself
    assert archive.places() == set()
    assert desk.open_now() == []


def test_a67_store_that_has_left_is_erased_whole(archive: Archive) -> None:
    archive.plant()
    archive.deliver(archive.unmapped(11, buyer=OTHER))
    archive.deliver(event("contacts.store_erased", "erasure/store", {}, event_id="erase-all", time=DAY))

    ErasureRequests(archive.engine, archive.eraser()).look()

    everybody = (*MARKS, *OTHER.values())
    # What belongs to no connection can only be found by an e-mail that somebody names.
    assert archive.places(everybody[:-3]) == {"failed_bodies.body"}
    assert archive.places(tuple(OTHER.values())[1:]) == set()
    assert len(archive.documents()) == 1


def test_a67_write_of_unknown_outcome_is_not_touched_and_asks_for_a_second_erasing(archive: Archive) -> None:
    def lost(name: str) -> None:
        if name == "after write":
            raise Died

    with pytest.raises(Died):
        archive.deliver(order_event(1, buyer={**BUYER, "customer_id": None}), crash=lost)

    shown = archive.json("contacts", "erase", "acme-woo", EMAIL, "--yes")

    assert shown["on_the_way"] == 1
    assert archive.places((EMAIL,)) == {"intents.document", "intents.mapping_id"}


def test_a67_customer_of_two_accounts_gives_away_neither(usual_database_url: str) -> None:
    ledger = open_ledger(usual_database_url)
    metadata.create_all(ledger)
    keys = (("customer", "1"), ("customer", "2"), ("email", "one@x.example"), ("email", "two@x.example"))
    shared = [SyncMapping(StoreKey(*key), "Customer", "5") for key in keys]
    own = [
        SyncMapping(StoreKey(kind, name), "Customer", "6")
        for kind, name in (("customer", "3"), ("customer", "3/CAD"), ("email", "three@x.example/CAD"))
    ]
    with writing(ledger) as database:
        store_mappings(database, "acme-woo", [Remembered(one, "e") for one in (*shared, *own)], now())

    def named(*, contact_ids: set[str], emails: set[str], by_hand: tuple[str, ...] = ()) -> Any:
        with reading(ledger) as database:
            names_given = Names(frozenset(contact_ids), frozenset(emails))
            found = names_of_customers(database, "acme-woo", names_given, chosen_by_hand=by_hand)
        return set(found.contact_ids), set(found.emails)

    assert named(contact_ids=set(), emails={"one@x.example"}) == (set(), {"one@x.example"})
    assert named(contact_ids={"3"}, emails=set()) == ({"3"}, {"three@x.example"})
    assert named(contact_ids={"3"}, emails=set(), by_hand=("6",)) == ({"3"}, set())
    ledger.dispose()


def test_customer_who_asks_for_their_data_is_a_message_that_a_person_sees(archive: Archive) -> None:
    archive.deliver(archive.unmapped(2))
    asked = {"request_id": "9999", "contact_id": "77", "email": EMAIL}
    request = event("contacts.data_requested", "data_request/9999", asked, event_id="ask-1", time=DAY)

    word = archive.deliver(request)
    shown = archive.json("contacts", "show", "acme-woo", "--id", "77")

    row = archive.failed("ask-1")
    assert (word, row.reason, row.status) == ("dead_letter", "data_requested", "unresolved")
    assert row.fix == "counterfoil contacts show acme-woo --id 77"
    assert not any(mark in row.message for mark in MARKS)
    assert sorted(shown["failed_messages"]) == ["ask-1", "order-2-paid"]
    assert archive.broker.count(names.errors("contacts")) == 1


WRONG_WORDS = (
    (["erase", "nobody", EMAIL], 1, 'There is no connection "nobody"'),
    (["erase", "acme-woo"], 2, "Name one contact"),
    (["erase", "acme-woo", EMAIL, "--everybody"], 2, "Name one contact"),
    (["show", "acme-woo", "77"], 2, "is no e-mail address"),
    (["erase", "acme-woo", EMAIL], 0, "holds no personal data"),
)


def test_words_that_name_nobody_are_answered_with_a_sentence(archive: Archive) -> None:
    for words, code, sentence in WRONG_WORDS:
        done = archive.run("contacts", *words, code=code)

        assert sentence in done.output


def test_erasing_asks_first(archive: Archive) -> None:
    archive.deliver(archive.unmapped(2))

    refused = archive.run("contacts", "erase", "acme-woo", EMAIL, answer="n\n", code=1)

    assert "1 failed messages" in refused.output and "order-2-paid" in refused.output
    assert archive.places()
