"""A round of events: booked once, whatever dies, fails or comes twice. On both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from events import names
from events.outgoing import NotConfirmed
from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import Died, Rig
from workers.context import Context
from workers.error_copies import readable
from workers.errors import (
    QuickBooksRejected,
    QuickBooksUnavailable,
    ReconnectNeeded,
    TaxCodeUnmapped,
    Throttled,
    WaitsForSale,
)
from workers.ledger.claims import claim_objects
from workers.ledger.connections import change_status, read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.tables import claims, entries, failed_messages, intents
from workers.outcomes import Booked, Document, Skipped
from workers.runtime.delivery import Delivery
from workers.runtime.requests import ClaimLost
from workers.steps import Steps, Write, write

ONE = delivery("e1", subject="order/1")
TWO = delivery("e2", subject="order/2")
THREE = delivery("e3", subject="order/3")
POINTS = (
    "after claim",
    "after publish 1",
    "after commit 1",
    "after call",
    "after publish 2",
    "after commit 2",
)


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    yield rig
    rig.close()


def count(rig: Rig, table: object) -> int:
    with reading(rig.engine) as database:
        return database.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_the_events_of_one_round_travel_as_one_batch(rig: Rig) -> None:
    words = rig.run(ONE, TWO, THREE)

    assert words == {"e1": "booked", "e2": "booked", "e3": "booked"}
    assert rig.quickbooks.calls == [3]
    assert [document["DocNumber"] for document in rig.quickbooks.documents] == [
        "order/1",
        "order/2",
        "order/3",
    ]


def test_a_lone_event_travels_alone(rig: Rig) -> None:
    rig.run(ONE)

    assert rig.quickbooks.calls == [1]
    assert ("request-1", "") in rig.quickbooks.answers


def test_nothing_is_left_behind_after_a_round(rig: Rig) -> None:
    rig.run(ONE, TWO)

    assert (count(rig, intents), count(rig, claims), count(rig, entries)) == (0, 0, 2)


def test_second_delivery_of_the_same_event_books_nothing(rig: Rig) -> None:
    rig.run(ONE)

    words = rig.run(ONE)

    assert words == {"e1": "skipped"}
    assert len(rig.quickbooks.documents) == 1


@pytest.mark.parametrize("point", POINTS)
def test_death_at_any_point_still_gives_one_document_for_each_event(rig: Rig, point: str) -> None:
    with pytest.raises(Died):
        rig.run(ONE, TWO, die_at=point)
    rig.restart()

    words = rig.run(ONE, TWO)

    assert set(words) == {"e1", "e2"}
    assert [document["DocNumber"] for document in rig.quickbooks.documents] == ["order/1", "order/2"]
    assert (count(rig, intents), count(rig, claims)) == (0, 0)


def test_death_during_recovery_still_gives_one_document(rig: Rig) -> None:
    with pytest.raises(Died):
        rig.run(ONE, TWO, die_at="after call")
    rig.restart()
    with pytest.raises(Died):
        rig.run(ONE, TWO, die_at="after repeat")
    rig.restart()

    rig.run(ONE, TWO)

    assert len(rig.quickbooks.documents) == 2


def test_a_lost_answer_is_asked_for_again_with_the_same_request_id(rig: Rig) -> None:
    rig.quickbooks.lost = [QuickBooksUnavailable("cut after the write")]

    words = rig.run(ONE, TWO)

    assert words == {"e1": "booked", "e2": "booked"}
    assert len(rig.quickbooks.documents) == 2
    assert {request for request, _ in rig.quickbooks.answers} == {"request-1"}


def test_a_lost_answer_that_stays_lost_is_settled_by_the_next_delivery(rig: Rig) -> None:
    rig.quickbooks.lost = [QuickBooksUnavailable("cut")] * 5
    first = rig.run(ONE)

    second = rig.run(delivery("e1", subject="order/1", headers={"attempts": 1}))

    assert (first, second) == ({"e1": "delayed_retry"}, {"e1": "booked"})
    assert len(rig.quickbooks.documents) == 1


def test_only_part_of_a_batch_redelivered_still_doubles_nothing(rig: Rig) -> None:
    with pytest.raises(Died):
        rig.run(ONE, TWO, THREE, die_at="after call")
    rig.restart()

    rig.run(TWO)
    rig.run(ONE, THREE)

    assert sorted(document["DocNumber"] for document in rig.quickbooks.documents) == [
        "order/1",
        "order/2",
        "order/3",
    ]


def test_one_bad_item_fails_alone(rig: Rig) -> None:
    rig.quickbooks.refusals["order/2"] = QuickBooksRejected("QuickBooks refused.", fault_code="6000")

    words = rig.run(ONE, TWO, THREE)

    assert words == {"e1": "booked", "e2": "dead_letter", "e3": "booked"}
    assert [message.routing_key for message in rig.mail.sent] == ["orders.errors"]
    assert rig.mail.sent[0].headers["fault_code"] == "6000"
    assert rig.mail.sent[0].body == readable(TWO.body)


@pytest.mark.parametrize("beside", [(), (TWO,)], ids=["alone", "in-a-batch"])
def test_a_refusal_that_the_function_knows_how_to_heal_is_healed(
    rig: Rig, beside: tuple[Delivery, ...]
) -> None:
    def healing(context: Context, data: dict[str, object]) -> Steps:
        document = {"DocNumber": context.envelope.subject}
        try:
            answer = yield from write(Write("receipt", "SalesReceipt", "create", document))
        except QuickBooksRejected:
            other = {"DocNumber": f"{context.envelope.subject}-2"}
            answer = yield from write(Write("receipt-2", "SalesReceipt", "create", other))
        return Booked((Document("SalesReceipt", answer["Id"]),))

    rig.quickbooks.refusals["order/1"] = QuickBooksRejected("taken", fault_code="6240")

    words = rig.run(ONE, *beside, steps_for=healing)

    assert words["e1"] == "booked"
    assert "order/1-2" in [document["DocNumber"] for document in rig.quickbooks.documents]
    assert count(rig, intents) == 0


def test_a_refused_step_may_be_tried_anew_under_its_own_name(rig: Rig) -> None:
    def stubborn(context: Context, data: dict[str, object]) -> Steps:
        try:
            yield from write(Write("receipt", "SalesReceipt", "create", {"DocNumber": "taken"}))
        except QuickBooksRejected:
            yield from write(Write("receipt", "SalesReceipt", "create", {"DocNumber": "free"}))
        return Booked(())

    rig.quickbooks.refusals["taken"] = QuickBooksRejected("taken", fault_code="6240")

    assert rig.run(ONE, steps_for=stubborn) == {"e1": "booked"}
    assert [document["DocNumber"] for document in rig.quickbooks.documents] == ["free"]
    assert count(rig, intents) == 0


def test_a_corrected_document_after_a_refusal_gets_a_new_request_id(rig: Rig) -> None:
    rig.quickbooks.refusals["order/1"] = QuickBooksRejected("no", fault_code="6000")
    rig.run(ONE)
    del rig.quickbooks.refusals["order/1"]

    words = rig.run(ONE)

    assert words == {"e1": "booked"}
    assert len({request for request, _ in rig.quickbooks.answers}) == 2


def test_what_a_person_must_mend_is_a_row_and_a_copy_that_name_each_other(rig: Rig) -> None:
    def unmapped(context: Context, data: object) -> Steps:
        raise TaxCodeUnmapped("Order 1: no code.", cause="GST 5%", fix="counterfoil errors fix")
        yield

    rig.run(ONE, steps_for=unmapped)

    with reading(rig.engine) as database:
        row = database.execute(with_body(failed_messages)).one()
    copy = rig.mail.sent[0]
    assert (row.reason, row.status, row.copy_id) == (
        "tax_code_unmapped",
        "unresolved",
        copy.headers["copy_id"],
    )
    assert (copy.headers["message"], copy.headers["group"]) == ("Order 1: no code.", row.group_id)


def test_a_retried_event_that_is_booked_resolves_its_failure(rig: Rig) -> None:
    rig.quickbooks.refusals["order/1"] = QuickBooksRejected("no", fault_code="6000")
    rig.run(ONE)
    del rig.quickbooks.refusals["order/1"]

    rig.run(ONE)

    with reading(rig.engine) as database:
        assert database.execute(select(failed_messages.c.status)).scalar_one() == "resolved"


def test_a_fault_of_ours_goes_to_a_person_and_leaves_the_others_alone(rig: Rig) -> None:
    def buggy(context: Context, data: dict[str, object]) -> Steps:
        if context.envelope.id == "e1":
            raise KeyError("customer@example.com")
        return Skipped("nothing")
        yield

    words = rig.run(ONE, TWO, steps_for=buggy)

    assert words == {"e1": "dead_letter", "e2": "skipped"}
    assert rig.mail.sent[0].headers["reason"] == "bug"
    assert "customer@example.com" not in str(rig.mail.sent[0].headers)


def test_a_throttle_pauses_the_round_and_uses_no_attempt(rig: Rig) -> None:
    rig.quickbooks.troubles = [Throttled("429", seconds=60.0)]

    words = rig.run(ONE)

    assert words == {"e1": "booked"}
    assert rig.budget.throttles == [60.0]


def test_an_ended_consent_pauses_the_connection_and_holds_its_events(rig: Rig) -> None:
    rig.quickbooks.troubles = [
        ReconnectNeeded("Consent has ended. Run: counterfoil connections connect acme-woo")
    ]

    words = rig.run(ONE, TWO)
    next_words = rig.run(THREE)

    assert words | next_words == {"e1": "held", "e2": "held", "e3": "held"}
    assert [message.routing_key for message in rig.mail.sent] == ["orders.held"] * 3
    with reading(rig.engine) as database:
        stored = read_connection(database, "acme-woo")
    assert stored is not None
    assert (stored.connection.status, "connect" in stored.connection.pause_reason) == ("paused", True)
    assert rig.quickbooks.calls == [2]


def test_a_pause_with_an_end_is_over_by_itself(rig: Rig) -> None:
    with writing(rig.engine) as database:
        until = rig.now + timedelta(seconds=10)
        change_status(database, "acme-woo", "paused", reason="quota", until=until, now=rig.now)
    during = rig.run(ONE)
    rig.now += timedelta(seconds=11)

    assert (during, rig.run(ONE)) == ({"e1": "held"}, {"e1": "booked"})


def test_a_refund_that_waits_comes_back_without_using_attempts(rig: Rig) -> None:
    def waits(context: Context, data: object) -> Steps:
        raise WaitsForSale("Refund 5 waits for order 1.", delay_seconds=5)
        yield

    words = rig.run(delivery("e1", headers={"attempts": 2}), steps_for=waits)

    assert words == {"e1": "delayed_retry"}
    assert rig.mail.sent[0].routing_key == names.delayed("orders", 5)
    assert rig.mail.sent[0].headers["attempts"] == 2
    assert "waiting_since" in rig.mail.sent[0].headers


def test_an_object_in_another_workers_hands_waits(rig: Rig) -> None:
    with writing(rig.engine) as database:
        claim_objects(database, [("acme-woo", "order/1")], owner="another", now=rig.now)

    words = rig.run(ONE, TWO)

    assert words == {"e1": "delayed_retry", "e2": "booked"}
    assert rig.mail.sent[0].headers["attempts"] == 0


def test_a_worker_that_stood_still_too_long_writes_nothing(rig: Rig) -> None:
    def slow(context: Context, data: object) -> Steps:
        rig.now += timedelta(seconds=60)
        with writing(rig.engine) as database:
            claim_objects(database, [("acme-woo", "order/1")], owner="another", now=rig.now)
        return Skipped("late")
        yield

    with pytest.raises(ClaimLost):
        rig.run(ONE, steps_for=slow)

    assert count(rig, entries) == 0
    assert rig.acked == []


def test_without_a_confirm_nothing_is_acked_and_nothing_recorded(rig: Rig) -> None:
    rig.quickbooks.refusals["order/1"] = QuickBooksRejected("no", fault_code="6000")
    rig.mail.away = True

    with pytest.raises(NotConfirmed):
        rig.run(ONE)

    assert rig.acked == []
    assert count(rig, failed_messages) == 0


def test_an_event_of_an_unknown_connection_is_a_failure_with_a_sentence(rig: Rig) -> None:
    words = rig.run(delivery("e1", connection="nobody"))

    assert words == {"e1": "dead_letter"}
    assert rig.mail.sent[0].headers["reason"] == "unknown_connection"
    assert '"nobody"' in str(rig.mail.sent[0].headers["message"])


def test_what_is_queued_for_a_closed_connection_is_dropped(rig: Rig) -> None:
    with writing(rig.engine) as database:
        change_status(database, "acme-woo", "closed", now=rig.now)

    words = rig.run(ONE)

    assert words == {"e1": "skipped"}
    assert rig.quickbooks.calls == []


@pytest.mark.parametrize("point", ["after call", "after commit 1"], ids=["it-arrived", "it-never-left"])
def test_an_intent_older_than_its_request_id_is_looked_up_and_never_booked_twice(
    rig: Rig, point: str
) -> None:
    with pytest.raises(Died):
        rig.run(ONE, TWO, die_at=point)
    rig.restart()
    rig.now += timedelta(days=3)
    rig.quickbooks.answers.clear()  # QuickBooks has forgotten its request ids

    words = rig.run(ONE, TWO)

    assert words == {"e1": "booked", "e2": "booked"}
    assert sorted(document["DocNumber"] for document in rig.quickbooks.documents) == ["order/1", "order/2"]
    assert len(rig.quickbooks.queries) == 2
    assert count(rig, intents) == 0


def test_an_old_intent_waits_when_it_cannot_be_looked_up(rig: Rig) -> None:
    with pytest.raises(Died):
        rig.run(ONE, die_at="after call")
    rig.restart()
    rig.now += timedelta(days=3)

    def away(realm_id: str, statement: str) -> list[dict[str, object]]:
        raise ReconnectNeeded("Run: counterfoil connections connect acme-woo")

    rig.quickbooks.query = away  # type: ignore[method-assign]
    words = rig.run(ONE)

    assert words == {"e1": "held"}
    assert count(rig, intents) == 1
