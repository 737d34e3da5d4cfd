"""The decision on a delivery, as a table."""

import pytest

from workers.errors import (
    ConnectionPaused,
    QuickBooksRejected,
    QuickBooksUnavailable,
    ReconnectNeeded,
    SaleMissing,
    SyncError,
    TaxCodeUnmapped,
    Throttled,
    WaitsForProduct,
    WaitsForSale,
)
from workers.runtime.settle import (
    Ack,
    AttemptsUsedUp,
    Bug,
    DeadLetter,
    DelayedRetry,
    HoldBack,
    Policy,
    Settlement,
    decide,
)

POLICY = Policy(max_attempts=3, sale_wait_seconds=100.0)
UNMAPPED = TaxCodeUnmapped('Order 1: store tax "GST 5%" has no QuickBooks tax code.', cause="GST 5%")
REJECTED = QuickBooksRejected("no", fault_code="6000")


@pytest.mark.parametrize(
    ("error", "attempts", "waited", "expected"),
    [
        pytest.param(None, 0, 0.0, Ack(), id="done"),
        pytest.param(QuickBooksUnavailable("x"), 0, 0.0, DelayedRetry(5), id="first-trouble"),
        pytest.param(QuickBooksUnavailable("x"), 1, 0.0, DelayedRetry(30), id="second-trouble-waits-longer"),
        pytest.param(
            Throttled("x", seconds=60.0), 0, 0.0, DelayedRetry(120, uses_attempt=False), id="throttle-free"
        ),
        pytest.param(
            Throttled("x", seconds=30), 9, 0.0, DelayedRetry(30, uses_attempt=False), id="throttle-30"
        ),
        pytest.param(ReconnectNeeded("x"), 9, 0.0, HoldBack(), id="reconnect-holds"),
        pytest.param(ConnectionPaused("x"), 9, 0.0, HoldBack(), id="paused-holds"),
        pytest.param(WaitsForSale("x"), 9, 19.0, DelayedRetry(5, uses_attempt=False), id="refund-waits-free"),
        pytest.param(
            WaitsForSale("x"),
            0,
            80.0,
            DelayedRetry(30, uses_attempt=False),
            id="long-waits-are-looked-at-less",
        ),
        pytest.param(
            WaitsForProduct("x", limit_seconds=9.0, otherwise=UNMAPPED),
            0,
            9.0,
            DeadLetter(UNMAPPED),
            id="own-limit",
        ),
        pytest.param(UNMAPPED, 0, 0.0, DeadLetter(UNMAPPED), id="person-at-once"),
        pytest.param(REJECTED, 0, 0.0, DeadLetter(REJECTED), id="rejected-at-once"),
    ],
)
def test_each_error_has_its_settlement(
    error: SyncError | None, attempts: int, waited: float, expected: Settlement
) -> None:
    decided = decide(error, attempts=attempts, waited_seconds=waited, policy=POLICY)

    assert decided == expected


def test_used_up_attempts_go_to_a_person_under_the_reason_of_the_trouble() -> None:
    decided = decide(QuickBooksUnavailable("no answer."), attempts=2, waited_seconds=0.0, policy=POLICY)

    assert isinstance(decided, DeadLetter)
    assert isinstance(decided.error, AttemptsUsedUp)
    assert decided.error.reason == "quickbooks_unavailable"
    assert "3 times" in str(decided.error)


def test_a_refund_that_waited_too_long_becomes_an_error_that_says_so() -> None:
    decided = decide(WaitsForSale("Refund 5 waits."), attempts=0, waited_seconds=100.0, policy=POLICY)

    assert isinstance(decided, DeadLetter)
    assert isinstance(decided.error, SaleMissing)


def test_an_error_without_a_place_in_the_tree_is_our_bug() -> None:
    decided = decide(SyncError("odd"), attempts=0, waited_seconds=0.0, policy=POLICY)

    assert isinstance(decided, DeadLetter)
    assert isinstance(decided.error, Bug)
