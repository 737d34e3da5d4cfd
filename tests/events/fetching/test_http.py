"""The way to a store: what passes is tried again, what does not is one sentence, no secret is ever in it."""

import logging
import socket

import pytest

from events.fetching.http import ATTEMPTS, StoreHttp
from events.fetching.store import StoreClient
from events.stores.api import Request, Span, StoreAccess, StoreProblem, StoreRefuses, StoreUnavailable
from tests.events.fetching.conftest import Pauses, client_of
from tests.events.fetching.test_woocommerce import SINCE, order
from tests.rig.stores.server import Said
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop


@pytest.mark.parametrize(
    "trouble",
    [
        Said({}, 429, {"Retry-After": "7"}),
        Said(b"maintenance", 503),
        Said(b"", 502),
        Said(b"origin error", 521),
        None,
    ],
    ids=["throttled", "maintenance", "bad-gateway", "cloudflare", "cut"],
)
def test_what_passes_by_itself_is_tried_again(
    woo: WooCommerceShop, woo_client: StoreClient, pauses: Pauses, trouble: Said | None
) -> None:
    woo.orders[1] = order(1)
    woo.fail(trouble, trouble)

    found = woo_client.page("orders", Span(SINCE))

    assert [event.subject for event in found.events] == ["order/1"]
    assert len(pauses) == 2
    if trouble is not None and trouble.status == 429:
        assert pauses == [7.0, 7.0]


def test_store_that_stays_broken_is_given_up_with_a_sentence(
    woo: WooCommerceShop, woo_client: StoreClient, pauses: Pauses
) -> None:
    woo.fail(*[Said({}, 500)] * ATTEMPTS)

    with pytest.raises(StoreUnavailable, match=r"gives no answer that helps \(status 500\)"):
        woo_client.page("orders", Span(SINCE))

    assert len(woo.asked) == ATTEMPTS
    assert max(pauses) <= 60.0


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (Said({"code": "x"}, 401), StoreRefuses, "does not accept our credentials"),
        (Said({}, 403), StoreRefuses, "does not accept our credentials"),
        (Said(b"<html>", 404), StoreRefuses, "There is no store API at"),
        (Said({}, 400), StoreRefuses, "refuses what we ask"),
        (Said(b"", 301, {"Location": "https://www.shop.example/wp-json"}), StoreRefuses, "www.shop.example"),
        (Said(b"<html>Hello"), StoreUnavailable, "something else than it should"),
        (Said({"orders": 1}), StoreUnavailable, "something else than it should"),
        (Said([1, 2]), StoreUnavailable, "something else than it should"),
        (Said(b'[{"id": 1}'), StoreUnavailable, "something else than it should"),
        (Said(b'[{"id": 1} {"id": 2}]'), StoreUnavailable, "something else than it should"),
    ],
)
def test_what_does_not_pass_is_one_sentence_at_once(
    woo: WooCommerceShop, woo_client: StoreClient, said: Said, kind: type[StoreProblem], sentence: str
) -> None:
    woo.fail(said)

    with pytest.raises(kind, match=sentence) as raised:
        woo_client.page("orders", Span(SINCE))

    assert len(woo.asked) == 1
    assert KEY not in str(raised.value) and SECRET not in str(raised.value)


def test_nobody_at_that_address_is_said(pauses: Pauses) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    http = StoreHttp(f"http://127.0.0.1:{port}", sleep=pauses, attempts=2)

    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        http.send(Request("/orders"), {})


def test_credentials_are_neither_logged_nor_shown(
    woo: WooCommerceShop, pauses: Pauses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    access = StoreAccess(woo.url, key=KEY, secret=SECRET, token="shpat_secret")
    woo.orders[1] = order(1)

    with client_of(woo, "woocommerce", access, pauses) as client:
        client.page("orders", Span(SINCE))

    logged = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert all(secret not in logged + repr(access) for secret in (KEY, SECRET, "shpat_secret"))


def test_ids_keep_their_digits(woo: WooCommerceShop, woo_client: StoreClient) -> None:
    raw = b'[{"id": 820982911946154508, "total": 0.10000000000000000001, "status": "x"}]'
    woo.fail(Said(raw, headers={"X-WP-TotalPages": "1"}))

    page = woo_client.page("customers", Span(SINCE))

    assert page.objects == 1
    assert page.events[0].subject == "customer/820982911946154508"
