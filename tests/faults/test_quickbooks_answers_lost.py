"""The way to QuickBooks breaks before a write, after it, or on the way back: one document all the same."""

import pytest

from tests.rig.stack import Stack, order_event, paid

pytestmark = pytest.mark.broker

KINDS = (
    "cut",
    "cut_after_write",
    "server_error",
    "server_error_after_write",
    "stream_timeout",
    "stream_timeout_after_write",
    "token_expired",
    "refused_after_write",
)


def test_a_lone_write_whose_answer_is_lost_gives_one_document(stack: Stack) -> None:
    stack.start("worker", "orders")

    for number, kind in enumerate(KINDS[:-1], start=1):
        stack.sandbox.fault(stack.realm_id, kind, count=1, entity="SalesReceipt", method="POST")
        stack.publish(order_event(number))
        stack.wait_settled(paid(number))

    stack.assert_books_agree(*range(1, len(KINDS)))
    assert {fault["struck"] for fault in stack.sandbox.faults(stack.realm_id)} == {1}


def test_a_batch_whose_answer_is_lost_gives_one_document_for_each_order(stack: Stack) -> None:
    for kind in KINDS[:-1]:
        stack.sandbox.fault(stack.realm_id, kind, count=1, entity="SalesReceipt", method="POST")
    stack.publish(*(order_event(number) for number in range(1, 61)))

    stack.start("worker", "orders")

    stack.wait_settled(*map(paid, range(1, 61)))
    stack.assert_books_agree(*range(1, 61))


def test_the_second_of_two_writes_lost_leaves_the_first_alone(stack: Stack) -> None:
    stack.connect("acme-two", customers="per_email")
    stack.sandbox.fault(stack.realm_id, "cut_after_write", count=2, entity="SalesReceipt")
    buyer = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"}
    stack.publish(order_event(1, connection="acme-two", buyer=buyer))

    stack.start("worker", "orders")

    stack.wait_settled(paid(1))
    names = [one["DisplayName"] for one in stack.sandbox.dump(stack.realm_id, "Customer")]
    assert names.count("Ada Byron") == 1
    stack.assert_books_agree(1)


def test_what_quickbooks_refuses_is_a_failed_message_and_no_intent_stays(stack: Stack) -> None:
    error = {"code": "6540", "message": "no", "detail": "Deposited Transaction cannot be changed"}
    stack.sandbox.fault(stack.realm_id, "refused", count=1, body='"DocNumber":"2"', error=error)
    stack.publish(*(order_event(number) for number in (1, 2, 3)))

    stack.start("worker", "orders")

    stack.wait_settled(paid(1), paid(3))
    stack.wait_failed(paid(2))
    stack.assert_books_agree(1, 3, failed=[paid(2)])
