"""Reading what lies in a workflow queue."""

import pytest

from tests.workers.runtime.messages import NOW, event_body
from workers.runtime.delivery import Delivery, read_delivery


def read(body: bytes, headers: dict[str, object] | None = None, message_id: str | None = None) -> Delivery:
    return read_delivery("orders", body, headers or {}, message_id, received_at=NOW, handle=(1, None))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"not json", "body", id="no-json"),
        pytest.param(b"[]", "body", id="no-object"),
        pytest.param(event_body().replace(b'"1.0"', b'"0.3"'), "specversion", id="old-version"),
        pytest.param(event_body(type_="ordrs.paid"), "type", id="unknown-workflow"),
        pytest.param(event_body(connection="Not A Slug"), "connection", id="bad-connection"),
        pytest.param(event_body(type_="contacts.updated"), "contacts.updated", id="wrong-workflow"),
        pytest.param(event_body().replace(b"Z", b""), "time", id="time-without-offset"),
    ],
)
def test_a_message_that_is_no_event_says_what_is_wrong(body: bytes, says: str) -> None:
    found = read(body)

    assert found.envelope is None
    assert says in str(found.problem)


def test_the_same_bad_message_has_the_same_id_twice() -> None:
    assert read(b"not json").event_id == read(b"not json").event_id


def test_unknown_attributes_of_the_envelope_are_kept() -> None:
    found = read(event_body().replace(b'"specversion"', b'"traceparent": "00-ab", "specversion"'))

    assert found.envelope is not None
    assert found.envelope.model_extra == {"traceparent": "00-ab"}


@pytest.mark.parametrize("written", [True, -1, "3", None, 10**9])
def test_an_odd_attempts_header_counts_as_none(written: object) -> None:
    assert read(event_body(), {"attempts": written}).attempts == 0


def test_a_refund_belongs_to_the_lane_of_its_order() -> None:
    assert read(event_body(subject="refund/5", partitionkey="order/1")).object_key == "order/1"
