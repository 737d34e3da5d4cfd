"""Buyers and customer accounts as QuickBooks customers."""

from datetime import timedelta
from typing import Any, cast

import pytest

from schemas.contacts import Contact, ContactRemoved
from schemas.orders import Buyer
from tests.workers.play import NOON, Died, Play, played
from tests.workers.stories import HOME, JANE, back, line, order, refund
from workers.errors import (
    ChangedInQuickBooks,
    CustomerClash,
    CustomerUnknown,
    DoesNotFit,
    RemovedInQuickBooks,
)
from workers.outcomes import Skipped, Superseded
from workers.steps import Json, Write

LATER = NOON + timedelta(hours=1)


def jane(**more: Any) -> Contact:
    """Jane's account."""
    values: Json = {
        "contact_id": "77",
        "email": "Jane.Doe@example.com",
        "first_name": "Jane",
        "last_name": "Doe",
        "billing": HOME,
        "updated_at": NOON,
    }
    return Contact(**{**values, **more})


def customer_named(play: Play, name: str) -> Json:
    escaped = name.replace("'", "\\'")
    (row,) = cast(
        list[Json], play.books.query(f"select * from Customer where DisplayName = '{escaped}'")["Customer"]
    )
    return row


def test_new_contact_becomes_one_customer() -> None:
    play = played()

    play.run("contacts.created", jane())
    play.run("contacts.created", jane())

    customer = play.only("Customer")
    assert customer["DisplayName"] == "Jane Doe"
    assert customer["PrimaryEmailAddr"]["Address"] == "Jane.Doe@example.com"
    assert play.writes == []


def test_a60_order_after_the_contact_uses_the_same_customer() -> None:
    play = played()
    play.run("contacts.created", jane())

    play.run("orders.paid", order(line("9.50")))

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Jane Doe"
    assert len(play.all("Customer")) == 1


def test_a60_customer_of_the_same_email_is_found_whatever_its_case() -> None:
    play = played()
    ada = Buyer(email="ADA.BIRCH@example.com", first_name="A.", last_name="B.")

    play.run("orders.paid", order(line("9.50"), buyer=ada))

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Ada Birch"
    assert play.all("Customer") == []


def test_a60_name_alone_is_not_enough() -> None:
    play = played()
    other = Buyer(email="other@example.com", first_name="Ada", last_name="Birch")

    play.run("orders.paid", order(line("9.50"), buyer=other))

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Ada Birch (Web)"


def test_a60_inactive_customer_is_found_and_a_person_asked() -> None:
    play = played()
    ada = customer_named(play, "Ben Cole")
    off = {"Id": ada["Id"], "SyncToken": ada["SyncToken"], "sparse": True, "Active": False}
    play.books.update("Customer", off)

    with pytest.raises(CustomerClash, match="is inactive in QuickBooks"):
        play.run(
            "orders.paid", order(line("9.50"), buyer=Buyer(email="ben.cole@example.com", last_name="Cole"))
        )


def test_a60_apostrophe_in_a_name_or_email_is_escaped() -> None:
    play = played()
    buyer = Buyer(email="o'hara@example.com", first_name="Pat", last_name="O'Hara")

    play.run("orders.paid", order(line("9.50"), buyer=buyer))
    play.ledger.clear()
    play.run("orders.paid", order(line("9.50"), buyer=buyer, order_id="2", number="2"))

    assert [row["DisplayName"] for row in play.all("Customer")] == ["Pat O'Hara"]


def test_a61_name_of_a_vendor_gets_a_suffix() -> None:
    play = played()

    play.run("contacts.created", jane(first_name="Keel", last_name="Supplies"))

    assert play.only("Customer")["DisplayName"] == "Keel Supplies (Web)"


def test_a61_third_of_a_name_is_told_apart_by_email() -> None:
    play = played()
    play.books.create("Customer", {"DisplayName": "Keel Supplies (Web)"})

    play.run("contacts.created", jane(first_name="Keel", last_name="Supplies"))

    assert play.only("Customer")["DisplayName"] == "Keel Supplies (Jane.Doe@example.com)"


def test_a61_customer_made_by_another_event_meanwhile_is_adopted() -> None:
    play = played()

    def somebody_is_faster(_: object) -> None:
        play.before_write = None
        email = {"Address": "jane.doe@example.com"}
        play.books.create("Customer", {"DisplayName": "Jane Doe", "PrimaryEmailAddr": email})

    play.before_write = somebody_is_faster
    play.run("orders.paid", order(line("9.50")))

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Jane Doe"
    assert play.all("Customer") == []


def test_a62_guest_is_one_customer_per_email() -> None:
    play = played()
    guest = JANE.model_copy(update={"customer_id": None})

    play.run("orders.paid", order(line("9.50"), buyer=guest))
    play.run("orders.paid", order(line("9.50"), buyer=guest, order_id="2", number="2"))

    assert len(play.all("Customer")) == 1
    assert [write.name for write in play.writes] == ["sale"]


def test_a62_guest_without_email_is_the_store_customer() -> None:
    play = played()

    play.run("orders.paid", order(line("9.50"), buyer=Buyer(first_name="Walk", last_name="In")))

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Online sales"


def test_a63_one_customer_for_all_sales_by_setting() -> None:
    play = played(customers="per_store", store_customer="Web shop")

    play.run("orders.paid", order(line("9.50")))
    outcome = play.run("contacts.created", jane())

    assert play.only("SalesReceipt")["CustomerRef"]["name"] == "Web shop"
    assert outcome == Skipped("one_customer_for_all")


def test_a64_what_does_not_fit_is_shortened() -> None:
    play = played()
    long = jane(first_name="Zo:e\t" + "x" * 300, last_name="y" * 300, phone="1" * 50)

    play.run("contacts.created", long)

    customer = play.only("Customer")
    assert customer["DisplayName"].startswith("Zo e xxx")
    assert len(customer["GivenName"]) == 100
    assert len(customer["PrimaryPhone"]["FreeFormNumber"]) == 30


def test_a64_email_that_quickbooks_would_refuse_is_left_out() -> None:
    play = played()

    play.run("contacts.created", jane(email="nobody"))

    assert "PrimaryEmailAddr" not in play.only("Customer")


def test_a65_contact_whose_customer_is_gone_asks_a_person() -> None:
    play = played()
    play.run("contacts.created", jane())
    made = play.only("Customer")
    off = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "Active": False}
    play.books.update("Customer", off)

    with pytest.raises(RemovedInQuickBooks):
        play.run("contacts.updated", jane(phone="555"), time=LATER)


def test_a66_only_what_the_store_changed_is_updated() -> None:
    play = played()
    play.run("contacts.created", jane())

    play.run("contacts.updated", jane(last_name="Miller"), time=LATER)

    (write,) = play.writes
    assert set(write.document) == {"FamilyName", "Id", "SyncToken", "sparse"}
    assert play.only("Customer")["FamilyName"] == "Miller"


def test_a66_no_change_is_no_call() -> None:
    play = played()
    play.run("contacts.created", jane())

    play.run("contacts.updated", jane(), time=LATER)

    assert play.writes == []
    assert play.finds == []


def test_a66_a_persons_other_edits_survive() -> None:
    play = played()
    play.run("contacts.created", jane())
    made = play.only("Customer")
    noted = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "CompanyName": "Doe Ltd"}
    play.books.update("Customer", noted)

    play.run("contacts.updated", jane(last_name="Miller"), time=LATER)

    customer = play.only("Customer")
    assert (customer["FamilyName"], customer["CompanyName"]) == ("Miller", "Doe Ltd")


def test_a66_same_field_changed_on_both_sides_asks_a_person() -> None:
    play = played()
    play.run("contacts.created", jane())
    made = play.only("Customer")
    renamed = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "FamilyName": "Smith"}
    play.books.update("Customer", renamed)

    with pytest.raises(ChangedInQuickBooks, match="FamilyName"):
        play.run("contacts.updated", jane(last_name="Miller"), time=LATER)


def dies_after_the_write(play: Play, contact: Contact) -> None:
    """QuickBooks has the update, the ledger never hears of it."""

    def written_and_dead(step: Write) -> None:
        play.books.update(step.entity, step.document)  # raises when it is refused
        play.before_write = None
        raise Died

    play.before_write = written_and_dead
    with pytest.raises(Died):
        play.run("contacts.updated", contact, time=LATER)


def test_a66_own_update_whose_answer_never_came_is_not_taken_for_a_persons() -> None:
    play = played()
    play.run("contacts.created", jane(phone="1"))
    dies_after_the_write(play, jane(last_name="Miller"))
    dies_after_the_write(play, jane(last_name="Mason", phone="3"))

    play.run("contacts.updated", jane(last_name="Moore", phone="4"), time=LATER + timedelta(hours=1))

    customer = play.only("Customer")
    assert (customer["FamilyName"], customer["PrimaryPhone"]["FreeFormNumber"]) == ("Moore", "4")


def test_a66_person_who_changes_a_field_after_our_lost_answer_is_asked() -> None:
    play = played()
    play.run("contacts.created", jane())
    dies_after_the_write(play, jane(last_name="Miller"))
    made = play.only("Customer")
    renamed = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "FamilyName": "Smith"}
    play.books.update("Customer", renamed)

    with pytest.raises(ChangedInQuickBooks, match="FamilyName"):
        play.run("contacts.updated", jane(last_name="Moore"), time=LATER + timedelta(hours=1))


def test_a66_once_both_sides_are_made_the_same_a_retry_is_booked() -> None:
    play = played()
    play.run("contacts.created", jane())
    made = play.only("Customer")
    same = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "FamilyName": "Miller"}
    play.books.update("Customer", same)

    play.run("contacts.updated", jane(last_name="Miller"), time=LATER)

    assert play.only("Customer")["FamilyName"] == "Miller"


def test_older_contact_is_superseded() -> None:
    play = played()
    play.run("contacts.updated", jane(last_name="Miller"), time=LATER)

    outcome = play.run("contacts.created", jane())

    assert outcome == Superseded()
    assert play.only("Customer")["FamilyName"] == "Miller"


def test_removed_contact_stays_in_the_books() -> None:
    play = played()
    play.run("contacts.created", jane())

    outcome = play.run("contacts.deleted", ContactRemoved(contact_id="77"))

    assert outcome == Skipped("books_keep_the_customer")
    assert play.only("Customer")["Active"] is True


def test_unknown_customer_stops_by_setting() -> None:
    play = played(unknown_customer="stop")

    with pytest.raises(CustomerUnknown) as raised:
        play.run("orders.paid", order(line("9.50")))

    assert raised.value.fix == "counterfoil connections set acme-woo unknown_customer=create"
    assert play.writes == []


def inactive(play: Play, customer: Json) -> None:
    """Somebody makes a customer inactive, as a merge does with the one that is given up."""
    off = {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "sparse": True, "Active": False}
    play.books.update("Customer", off)


def merged(play: Play) -> str:
    """Jane was merged into another customer, who has her e-mail now; gives that one's id."""
    inactive(play, play.only("Customer"))
    email = {"Address": "jane.doe@example.com"}
    return str(play.books.create("Customer", {"DisplayName": "J. Doe", "PrimaryEmailAddr": email})["Id"])


def test_a60_buyer_without_email_is_found_by_name_and_address_together() -> None:
    play = played()
    known = {"Line1": "5 Elm Street", "City": "Fresno", "PostalCode": "93650"}
    made = play.books.create("Customer", {"DisplayName": "Pat Lee", "BillAddr": known})
    pat = Buyer(customer_id="5", first_name="Pat", last_name="Lee", billing=HOME)

    play.run("orders.paid", order(line("9.50"), buyer=pat))

    assert play.only("SalesReceipt")["CustomerRef"]["value"] == made["Id"]


@pytest.mark.parametrize(
    ("rule", "name"),
    [("web", "Keel Supplies (Web)"), ("store_id", "Keel Supplies (77)"), ("number", "Keel Supplies (2)")],
)
def test_a61_suffix_of_a_taken_name_is_a_setting(rule: str, name: str) -> None:
    play = played(name_clash=rule)

    play.run("contacts.created", jane(first_name="Keel", last_name="Supplies"))

    assert play.only("Customer")["DisplayName"] == name


def test_a61_existing_customer_is_used_where_a_person_says_so() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))
    ada = customer_named(play, "Ada Birch")
    play.set(buyers={"77": ada["Id"]})

    play.run("orders.paid", order(line("9.50"), order_id="2", number="2"))

    names = {row["DocNumber"]: row["CustomerRef"]["name"] for row in play.all("SalesReceipt")}
    assert names == {"1001": "Jane Doe", "2": "Ada Birch"}


def test_a61_inactive_customer_is_made_active_by_setting() -> None:
    play = played(inactive_customers="reactivate")
    ben = customer_named(play, "Ben Cole")
    inactive(play, ben)

    play.run("orders.paid", order(line("9.50"), buyer=Buyer(email="ben.cole@example.com", last_name="Cole")))

    assert play.only("SalesReceipt")["CustomerRef"] == {"value": ben["Id"], "name": "Ben Cole"}


def test_a62_guests_are_the_store_customer_by_setting_and_accounts_are_not() -> None:
    play = played(guests="per_store")
    guest = JANE.model_copy(update={"customer_id": None})

    play.run("orders.paid", order(line("9.50"), buyer=guest))
    play.run("orders.paid", order(line("9.50"), order_id="2", number="2"))

    names = {row["DocNumber"]: row["CustomerRef"]["name"] for row in play.all("SalesReceipt")}
    assert names == {"1001": "Online sales", "2": "Jane Doe"}


def test_a64_what_was_shortened_is_said_in_the_note() -> None:
    play = played()

    play.run("contacts.created", jane(first_name="x" * 300, phone="1" * 50))

    assert play.only("Customer")["Notes"].endswith("Shortened to what QuickBooks takes: first name, phone.")


def test_a64_email_that_is_too_long_is_refused_since_it_says_who_somebody_is() -> None:
    play = played()
    long = JANE.model_copy(update={"email": "j" * 100 + "@example.com"})

    with pytest.raises(DoesNotFit) as raised:
        play.run("orders.paid", order(line("9.50"), buyer=long))

    assert raised.value.fix == "counterfoil connections set acme-woo buyers.77=ID"
    assert play.writes == []


def test_a65_order_of_a_merged_customer_goes_to_the_survivor_from_then_on() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))
    survivor = merged(play)

    play.run("orders.paid", order(line("9.50"), order_id="2", number="2"))
    play.run("orders.paid", order(line("9.50"), order_id="3", number="3"))

    of = {row["DocNumber"]: row["CustomerRef"]["value"] for row in play.all("SalesReceipt")}
    assert (of["2"], of["3"]) == (survivor, survivor)
    assert play.finds == []


def test_a65_refund_of_a_merged_customer_goes_to_the_survivor() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))
    survivor = merged(play)

    play.run("orders.refunded", refund(back(line("9.50"))), time=LATER)

    assert play.only("RefundReceipt")["CustomerRef"]["value"] == survivor


def test_a65_contact_of_a_merged_customer_is_pointed_to_the_survivor() -> None:
    play = played()
    play.run("contacts.created", jane())
    survivor = merged(play)

    play.run("contacts.updated", jane(phone="555"), time=LATER)
    play.run("orders.paid", order(line("9.50")))

    assert play.only("SalesReceipt")["CustomerRef"]["value"] == survivor


def test_a65_customer_that_is_gone_without_a_survivor_asks_a_person() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))
    inactive(play, play.only("Customer"))
    next_order = order(line("9.50"), order_id="2", number="2")

    with pytest.raises(RemovedInQuickBooks) as raised:
        play.run("orders.paid", next_order)

    assert raised.value.fix == "counterfoil connections set acme-woo buyers.77=ID"
    play.set(buyers={"77": customer_named(play, "Ada Birch")["Id"]})
    play.run("orders.paid", next_order)
    assert len(play.all("SalesReceipt")) == 2
