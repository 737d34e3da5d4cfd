"""Webhooks out. Sources: Intuit's page "Webhooks" and its blog of November 2025 (CloudEvents)."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import pytest

from tests.ops.sandbox.http.caller import Caller
from tests.ops.sandbox.http.ears import Ears, listening

ANN = {"DisplayName": "Ann Example"}


@pytest.fixture
def ears() -> Iterator[Ears]:
    with listening() as app:
        yield app


def test_a_change_is_told_as_a_cloud_event(us: Caller, ears: Ears) -> None:
    us.server.subscribe(ears.url)

    created = us.create("Customer", ANN)

    (event,) = ears.next().json
    assert event["specversion"] == "1.0"
    assert event["type"] == "qbo.customer.created.v1"
    assert event["intuitentityid"] == created["Id"]
    assert event["intuitaccountid"] == us.realm_id
    assert event["data"] == {}
    assert event["id"]


def test_a_change_is_told_in_the_old_format(us: Caller, ears: Ears) -> None:
    us.server.subscribe(ears.url, format="legacy")

    created = us.create("Customer", ANN)

    (notification,) = ears.next().json["eventNotifications"]
    (entity,) = notification["dataChangeEvent"]["entities"]
    assert notification["realmId"] == us.realm_id
    assert (entity["name"], entity["id"], entity["operation"]) == ("Customer", created["Id"], "Create")


@pytest.mark.parametrize("format", ["legacy", "cloudevents"])
def test_the_body_is_signed_with_the_verifier_token(us: Caller, ears: Ears, format: str) -> None:
    us.server.subscribe(ears.url, format=format, verifier_token="secret")

    us.create("Customer", ANN)

    delivery = ears.next()
    expected = base64.b64encode(hmac.digest(b"secret", delivery.body, hashlib.sha256)).decode()
    assert delivery.headers["intuit-signature"] == expected


def test_update_send_void_and_delete_are_told_apart(us: Caller, ears: Ears) -> None:
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
    }
    created = us.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line]})
    us.server.subscribe(ears.url, entities=["Invoice"], gather_seconds=0.5)

    us.post("invoice", {"Id": created["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    us.post(f"invoice/{created['Id']}/send", None, sendTo="ann@example.com")
    us.post("invoice", {"Id": created["Id"], "SyncToken": "2"}, operation="void")
    us.post("invoice", {"Id": created["Id"], "SyncToken": "3"}, operation="delete")

    types = [event["type"] for event in ears.next().json]
    assert types == [f"qbo.invoice.{done}.v1" for done in ("updated", "emailed", "voided", "deleted")]


def test_a_payment_tells_of_the_invoice_that_it_settles(us: Caller, ears: Ears) -> None:
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
    }
    created = us.create("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line]})
    us.server.subscribe(ears.url)

    settles = [{"Amount": 10, "LinkedTxn": [{"TxnId": created["Id"], "TxnType": "Invoice"}]}]
    us.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 10, "Line": settles})

    payment, invoice = ears.next().json
    assert payment["type"] == "qbo.payment.created.v1"
    assert (invoice["type"], invoice["intuitentityid"]) == ("qbo.invoice.updated.v1", created["Id"])


def test_items_of_a_batch_are_told_and_repeats_and_refusals_are_not(us: Caller, ears: Ears) -> None:
    us.server.subscribe(ears.url, gather_seconds=0.5)
    items = [{"bId": "1", "operation": "create", "Customer": ANN}]

    us.batch(items, requestid="b-1")
    us.batch(items, requestid="b-1")
    us.post("customer", ANN)
    us.create("Vendor", {"DisplayName": "Last"})

    types = [event["type"] for event in ears.next().json]
    assert types == ["qbo.customer.created.v1", "qbo.vendor.created.v1"]


def test_what_is_not_answered_with_200_is_sent_again_unchanged(us: Caller, ears: Ears) -> None:
    ears.answers.extend([500, 503])
    us.server.subscribe(ears.url, retry_scale=0.001)

    us.create("Customer", ANN)

    assert len({ears.next().body for _ in range(3)}) == 1


def test_only_wanted_realms_and_entities_are_told(us: Caller, ears: Ears) -> None:
    us.server.subscribe(ears.url, realms=["1"])
    us.server.subscribe(ears.url, entities=["Vendor"])

    us.create("Customer", ANN)
    us.create("Vendor", {"DisplayName": "Vic"})

    (event,) = ears.next().json
    assert event["type"] == "qbo.vendor.created.v1"
    assert ears.heard.empty()


def test_after_unsubscribing_nothing_is_told(us: Caller, ears: Ears) -> None:
    first = us.server.subscribe(ears.url)
    us.server.admin("DELETE", f"/webhooks/{first}")
    us.server.subscribe(ears.url, entities=["Vendor"])

    us.create("Customer", ANN)
    us.create("Vendor", {"DisplayName": "Vic"})

    assert [event["type"] for event in ears.next().json] == ["qbo.vendor.created.v1"]
