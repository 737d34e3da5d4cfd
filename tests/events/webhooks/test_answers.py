"""What a store is told, and that nothing is stored of what is refused. No broker here: a stored webhook is a 503."""

from collections.abc import Iterator

import pytest

from events.webhooks.directory import WebhookConnection
from tests.events.webhooks.conftest import LIMIT_BYTES, MakeIngress
from tests.events.webhooks.store import Delivery, order_gone, woo
from tests.rig.waiting import wait_for

ORDER = order_gone(16)
UNSIGNED = Delivery(ORDER.body, {"X-WC-Webhook-Topic": "order.deleted"})
BODY_CHANGED = Delivery(b'{"id":17}', ORDER.headers)
PING = Delivery(b"webhook_id=12", {"Content-Type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize(
    ("connection_id", "delivery", "status", "result"),
    [
        pytest.param("acme-woo", UNSIGNED, 401, ("woocommerce", "bad_signature"), id="no-signature"),
        pytest.param("acme-woo", BODY_CHANGED, 401, ("woocommerce", "bad_signature"), id="body-changed"),
        pytest.param(
            "acme-woo",
            woo("order.deleted", ORDER.body, secret="a guess"),
            401,
            ("woocommerce", "bad_signature"),
            id="other-secret",
        ),
        pytest.param("nobody", ORDER, 404, ("unknown", "unknown_connection"), id="unknown-connection"),
        pytest.param("Not%20a%2Fname", ORDER, 404, ("unknown", "unknown_connection"), id="no-name-at-all"),
        pytest.param("gone", ORDER, 410, ("unknown", "closed_connection"), id="closed-connection"),
        pytest.param("acme-woo", PING, 200, ("woocommerce", "ping"), id="ping"),
        pytest.param(
            "acme-woo", woo("coupon.created", b'{"id":1}'), 200, ("woocommerce", "unused"), id="unused-topic"
        ),
        pytest.param("acme-woo", ORDER, 503, ("woocommerce", "not_stored"), id="nowhere-to-store-it"),
        pytest.param("resting", ORDER, 503, ("woocommerce", "not_stored"), id="paused-is-still-received"),
    ],
)
def test_answer(
    make_ingress: MakeIngress, connection_id: str, delivery: Delivery, status: int, result: tuple[str, str]
) -> None:
    ingress = make_ingress()

    reply = ingress.store.send(connection_id, delivery)

    assert reply.status == status
    assert ingress.seen.results == [result]
    assert reply.headers["content-type"] == "application/json"
    assert set(reply.json()) == ({"events"} if status == 200 else {"error"})


def test_a_store_that_cannot_be_served_now_is_told_when_to_send_again(make_ingress: MakeIngress) -> None:
    assert make_ingress().store.send("acme-woo", ORDER).headers["retry-after"] == "30"


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_a_secret_is_replaced_both_are_good(make_ingress: MakeIngress, secret: str) -> None:
    ingress = make_ingress()

    reply = ingress.store.send("rotating", woo("coupon.created", b"{}", secret=secret))

    assert reply.status == 200


def _pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize("factor", [pytest.param(2, id="a-little"), pytest.param(50, id="by-far")])
def test_a_body_over_the_limit_is_refused_before_anything_else(
    make_ingress: MakeIngress, factor: int
) -> None:
    ingress = make_ingress()

    reply = ingress.store.send("acme-woo", woo("order.updated", b"x" * LIMIT_BYTES * factor))

    assert reply.status == 413
    assert ingress.seen.results == [("woocommerce", "too_large")]


def test_a_chunked_body_over_the_limit_is_refused_although_it_never_said_its_length(
    make_ingress: MakeIngress,
) -> None:
    ingress = make_ingress()

    reply = ingress.store.send("acme-woo", order_gone(1), pieces=_pieces(LIMIT_BYTES * 3))

    assert reply.status == 413


def test_a_body_at_the_limit_is_read(make_ingress: MakeIngress) -> None:
    ingress = make_ingress()

    exact = ingress.store.send("acme-woo", woo("coupon.created", b"x" * LIMIT_BYTES))
    chunked = woo("coupon.created", b"x" * LIMIT_BYTES)
    in_pieces = ingress.store.send("acme-woo", chunked, pieces=_pieces(LIMIT_BYTES))

    assert (exact.status, in_pieces.status) == (200, 200)


def test_another_method_or_path_is_not_a_webhook(make_ingress: MakeIngress) -> None:
    store = make_ingress().store

    assert store.send("acme-woo", ORDER, method="PUT").status == 405
    assert store.ask("GET", "/").status == 404


def test_a_sender_that_hangs_up_in_the_middle_is_counted_and_the_next_is_served(
    make_ingress: MakeIngress,
) -> None:
    ingress = make_ingress()

    def broken_off() -> Iterator[bytes]:
        yield b"x"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        ingress.store.send("acme-woo", ORDER, pieces=broken_off())

    wait_for(lambda: ingress.seen.results == [("woocommerce", "incomplete")])
    assert ingress.store.send("acme-woo", PING).status == 200


def test_a_known_connection_is_served_while_the_directory_is_away_and_an_unknown_one_is_asked_to_wait(
    make_ingress: MakeIngress,
) -> None:
    ingress = make_ingress()
    assert ingress.store.send("acme-woo", PING).status == 200
    ingress.directory.broken = True

    known = ingress.store.send("acme-woo", PING)
    not_seen_yet = ingress.store.send("resting", PING)

    assert (known.status, not_seen_yet.status) == (200, 503)


def test_a_change_of_a_connection_takes_effect_by_itself(make_ingress: MakeIngress) -> None:
    ingress = make_ingress()
    assert ingress.store.send("acme-woo", PING).status == 200

    ingress.directory.known["acme-woo"] = WebhookConnection("woocommerce", "closed", ())
    del ingress.directory.known["resting"]

    wait_for(lambda: ingress.store.send("acme-woo", PING).status == 410)
    wait_for(lambda: ingress.store.send("resting", PING).status == 404)
