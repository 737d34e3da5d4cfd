"""Forms that are sent by e-mail. Source: Intuit's reference, "Send an invoice"."""

from typing import Any

import pytest

from tests.ops.sandbox.http.caller import Caller


def invoice(**more: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": "1"}, "Line": [line], **more}


def test_a_form_is_sent_to_the_address_it_has_or_is_given(us: Caller) -> None:
    created = us.create("Invoice", invoice(BillEmail={"Address": "ann@example.com"}))

    sent = us.call("POST", f"invoice/{created['Id']}/send", b"", content_type="application/octet-stream")
    again = us.post(f"invoice/{created['Id']}/send", None, sendTo="bo@example.com")

    assert (sent.status, sent.json["Invoice"]["EmailStatus"]) == (200, "EmailSent")
    assert sent.json["Invoice"]["BillEmail"] == {"Address": "ann@example.com"}
    assert sent.json["Invoice"]["DeliveryInfo"]["DeliveryType"] == "Email"
    assert again.json["Invoice"]["BillEmail"] == {"Address": "bo@example.com"}
    assert us.get(f"invoice/{created['Id']}").json["Invoice"] == again.json["Invoice"]
    assert again.json["Invoice"]["TotalAmt"] == created["TotalAmt"]


@pytest.mark.parametrize(
    ("path", "address", "status", "code"),
    [
        ("invoice/1/send", "nobody", 400, "2210"),
        ("invoice/90210/send", "ann@example.com", 400, "610"),
        ("customer/1/send", "ann@example.com", 500, "500"),
        ("invoice/1/send/it", "ann@example.com", 500, "500"),
    ],
)
def test_what_cannot_be_sent_is_refused(us: Caller, path: str, address: str, status: int, code: str) -> None:
    reply = us.post(path, None, sendTo=address)

    assert (reply.status, reply.code) == (status, code)


def test_a_form_without_an_address_is_not_sent(us: Caller) -> None:
    created = us.create("Invoice", invoice())

    reply = us.post(f"invoice/{created['Id']}/send", None)
    asked_wrongly = us.post("invoice", {"Id": created["Id"], "SyncToken": "0"}, operation="send")

    assert (reply.code, asked_wrongly.code) == ("2020", "500")
    assert us.get(f"invoice/{created['Id']}").json["Invoice"] == created
