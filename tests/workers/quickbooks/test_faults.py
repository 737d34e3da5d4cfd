"""The classifier: every shape, every class of trouble, the worst of several."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.errors import (
    Hold,
    NeedsAttention,
    QuickBooksRejected,
    QuickBooksUnavailable,
    ReconnectNeeded,
    RetryLater,
    SyncError,
    Throttled,
)
from workers.quickbooks.answers import read_answer
from workers.quickbooks.errors import (
    CompanySuspended,
    InventoryLocked,
    ReadQuotaUsedUp,
    Refused,
    SetupWrong,
    TokenExpired,
)

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)


def outcome(status: int, body: str | bytes | dict[str, object], **headers: str) -> SyncError:
    raw = (
        json.dumps(body).encode()
        if isinstance(body, dict)
        else body.encode()
        if isinstance(body, str)
        else body
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(SyncError) as caught:
        read_answer(status, named, raw, what="SalesReceipt", now=NOW)
    return caught.value


def fault(
    *codes: str, detail: str = "Something : is wrong", type: str = "ValidationFault"
) -> dict[str, object]:
    errors = [{"Message": "Ein Fehler", "Detail": detail, "code": code, "element": ""} for code in codes]
    return {"Fault": {"Error": errors, "type": type}, "time": "2026-11-24T00:15:00.000-08:00"}


XML_THROTTLE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-11-24T00:15:00.000-08:00">
  <Fault type="SERVICE"><Error code="3001">
    <Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
    <Detail>Trop de demandes &amp; trop vite</Detail>
  </Error></Fault>
</IntuitResponse>"""

GATEWAY = {
    "warnings": None,
    "fault": {
        "error": [
            {
                "message": "AuthenticationFailed",
                "detail": "Token expired: abc.def",
                "code": "3200",
                "element": None,
            }
        ],
        "type": "AUTHENTICATION",
    },
    "batchItemResponse": [],
    "time": 1796000000000,
}

FORBIDDEN = {
    "fault": {"error": [{"message": "statusCode=403", "detail": None, "code": "3100"}], "type": "SERVICE"}
}
UPPER_CASE = {
    "FAULT": {"ERROR": [{"MESSAGE": "x", "DETAIL": "y", "CODE": "2020"}], "TYPE": "ValidationFault"}
}
ONE_NOT_IN_A_LIST = {"Fault": {"Error": {"Message": "x", "code": 2020}, "type": "ValidationFault"}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(400, fault("2020"), Refused, id="json"),
        pytest.param(400, UPPER_CASE, Refused, id="json-upper-case"),
        pytest.param(400, ONE_NOT_IN_A_LIST, Refused, id="json-without-list"),
        pytest.param(200, fault("2020"), Refused, id="fault-with-status-200"),
        pytest.param(401, GATEWAY, TokenExpired, id="gateway"),
        pytest.param(403, FORBIDDEN, ReconnectNeeded, id="gateway-403"),
        pytest.param(429, XML_THROTTLE, Throttled, id="xml"),
        pytest.param(403, XML_THROTTLE, Throttled, id="xml-throttle-as-403"),
        pytest.param(200, XML_THROTTLE, Throttled, id="xml-with-status-200"),
        pytest.param(504, "stream timeout", QuickBooksUnavailable, id="text"),
        pytest.param(200, "stream timeout", QuickBooksUnavailable, id="text-with-status-200"),
        pytest.param(200, "", QuickBooksUnavailable, id="nothing"),
        pytest.param(403, "<html><body>Blocked</body></html>", QuickBooksUnavailable, id="html-403"),
        pytest.param(502, "<html>", QuickBooksUnavailable, id="html"),
        pytest.param(302, "", QuickBooksUnavailable, id="redirect"),
        pytest.param(429, "slow down", Throttled, id="text-429"),
        pytest.param(401, "", TokenExpired, id="empty-401"),
        pytest.param(400, {"error": "invalid_grant", "error_description": "no"}, ReconnectNeeded, id="oauth"),
        pytest.param(401, {"error": "invalid_client"}, SetupWrong, id="oauth-client"),
        pytest.param(400, {"error": "temporarily_unavailable"}, QuickBooksUnavailable, id="oauth-other"),
        pytest.param(400, {"unexpected": 1}, QuickBooksUnavailable, id="json-without-fault"),
        pytest.param(400, {"Fault": {"type": "x"}}, QuickBooksUnavailable, id="fault-without-errors"),
    ],
)
def test_every_shape_is_read(status: int, body: str | dict[str, object], expected: type[SyncError]) -> None:
    error = outcome(status, body)

    assert type(error) is expected


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("10000", 500, QuickBooksUnavailable),
        ("10000", 400, QuickBooksUnavailable),
        ("130", 400, QuickBooksUnavailable),
        ("140", 400, QuickBooksUnavailable),
        ("150", 400, QuickBooksUnavailable),
        ("2020", 503, QuickBooksUnavailable),
        ("3001", 429, Throttled),
        ("003001", 400, Throttled),
        ("100", 400, ReconnectNeeded),
        ("110", 400, ReconnectNeeded),
        ("120", 400, ReconnectNeeded),
        ("3100", 403, ReconnectNeeded),
        ("3200", 401, TokenExpired),
        ("6190", 400, CompanySuspended),
        ("500", 500, Refused),
        ("6140", 400, Refused),
        ("6210", 400, Refused),
        ("99999", 400, Refused),
    ],
)
def test_the_code_decides_whatever_the_language(code: str, status: int, expected: type[SyncError]) -> None:
    error = outcome(status, fault(code))

    assert type(error) is expected


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (
            "Business Validation Error: An unexpected error occurred while saving. Please wait a few minutes.",
            "unknown",
        ),
        ("Une erreur inattendue est survenue. Veuillez patienter quelques minutes.", "unknown"),
        ("Another user was saving a transaction with inventory products at exactly the same time.", "locked"),
        ("Business Validation Error: You must set a transaction amount.", "refused"),
        ("Assurez-vous que toutes vos opérations comprennent un taux de TPS/TVH.", "refused"),
    ],
)
def test_6000_is_told_apart_by_its_detail(detail: str, expected: str) -> None:
    error = outcome(400, fault("6000", detail=detail))

    kinds = {"unknown": QuickBooksUnavailable, "locked": InventoryLocked, "refused": Refused}
    assert type(error) is kinds[expected]


def test_nothing_was_written_when_stock_was_locked_so_it_may_go_out_with_a_new_request_id() -> None:
    error = outcome(
        400, fault("6000", detail="a transaction with inventory products at exactly the same time")
    )

    assert isinstance(error, RetryLater)
    assert not isinstance(error, QuickBooksUnavailable)


@pytest.mark.parametrize(
    ("codes", "decides"),
    [
        (("6140", "2020", "2020"), "2020"),
        (("2020", "6140"), "2020"),
        (("5010", "6240"), "5010"),
        (("6210", "2020"), "6210"),
    ],
)
def test_the_worst_of_several_errors_decides(codes: tuple[str, ...], decides: str) -> None:
    error = outcome(400, fault(*codes))

    assert isinstance(error, Refused)
    assert error.fault_code == decides
    assert error.codes == codes


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("2020", "10000"), QuickBooksUnavailable),
        (("10000", "3001"), Throttled),
        (("3001", "6190"), CompanySuspended),
        (("6190", "120"), ReconnectNeeded),
    ],
)
def test_trouble_of_the_company_is_worse_than_trouble_of_a_document(
    codes: tuple[str, ...], expected: type[SyncError]
) -> None:
    assert type(outcome(400, fault(*codes))) is expected
    assert type(outcome(400, fault(*reversed(codes)))) is expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 60.0),
        ("17", 17.0),
        ("0", 1.0),
        ("999999", 3600.0),
        ("Tue, 24 Nov 2026 08:15:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 1.0),
        ("soon", 60.0),
        ("24 Nov 2026 08:15:30", 60.0),
    ],
)
def test_429_asks_for_retry_after_and_else_for_sixty_seconds(header: str, seconds: float) -> None:
    error = outcome(429, fault("3001"), retry_after=header)

    assert isinstance(error, Throttled)
    assert error.seconds == seconds


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), timedelta(days=7).total_seconds()),
        (datetime(2026, 12, 31, 20, 0, tzinfo=UTC), timedelta(hours=12).total_seconds()),
        (datetime(2026, 12, 1, 20, 0, tzinfo=UTC), 3600.0),
    ],
)
def test_a_used_up_month_waits_for_the_first(now: datetime, seconds: float) -> None:
    body = json.dumps(fault("3001", detail="Your monthly quota is used up")).encode()

    with pytest.raises(ReadQuotaUsedUp) as caught:
        read_answer(429, {}, body, what="query", now=now)

    assert caught.value.seconds == seconds


def test_a_refusal_says_what_why_and_where() -> None:
    body = fault("2050", detail="String length specified does not match. Max:21")
    body["Fault"]["Error"][0]["element"] = "DocNumber"  # type: ignore[index]

    error = outcome(400, body)

    assert isinstance(error, QuickBooksRejected)
    assert str(error) == (
        "QuickBooks refused the SalesReceipt: String length specified does not match. Max:21 "
        "(code 2050, field DocNumber)."
    )
    assert isinstance(error, Refused)
    assert (error.detail, error.element) == ("String length specified does not match. Max:21", "DocNumber")
    assert error.cause == "2050 DocNumber"


@pytest.mark.parametrize(
    "detail",
    [
        "You must specify a different number. DocNumber=R-9 is assigned to TxnType=Invoice with TxnId=4711",
        "Vous devez indiquer un nombre différent. DocNumber=R-9 is assigned to TxnType=Facture with TxnId=4711",
    ],
    ids=["english", "french"],
)
def test_a_taken_number_names_the_transaction_that_has_it(detail: str) -> None:
    error = outcome(400, fault("6140", detail=detail))

    assert isinstance(error, Refused)
    assert error.duplicate_of == "4711"


def test_refusals_of_one_rule_are_one_group_whatever_the_ids() -> None:
    first = outcome(
        400, fault("6000", detail="Business Validation Error: The entity Estimate 75 does not exist.")
    )
    second = outcome(
        400, fault("6000", detail="Business Validation Error: The entity Estimate 8 does not exist.")
    )
    other = outcome(400, fault("6000", detail="Business Validation Error: You must set an amount."))

    causes = [error.cause for error in (first, second, other) if isinstance(error, NeedsAttention)]

    assert causes[0] == causes[1] != causes[2]


def test_refusals_for_two_missing_objects_are_two_groups() -> None:
    first = outcome(400, fault("2500", detail="Invalid Reference Id : Names element id 583 not found"))
    second = outcome(400, fault("2500", detail="Invalid Reference Id : Names element id 584 not found"))

    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert first.cause != second.cause


def test_the_token_in_intuits_text_is_never_repeated() -> None:
    error = outcome(401, GATEWAY)

    assert "abc.def" not in str(error)


def test_a_long_detail_is_cut() -> None:
    error = outcome(400, fault("2010", detail="Property Name:Unrecognized field " + "x" * 2000))

    assert len(str(error)) < 400


def test_a_wrong_client_secret_holds_for_some_minutes_and_ends_no_connection() -> None:
    error = outcome(401, {"error": "invalid_client"})

    assert isinstance(error, Hold)
    assert not isinstance(error, ReconnectNeeded)
    assert error.seconds == 300.0


@settings(deadline=None)
@given(st.integers(200, 599), st.binary(max_size=80))
def test_no_body_however_broken_is_taken_for_a_document_or_breaks_the_reader(
    status: int, body: bytes
) -> None:
    try:
        document = read_answer(status, {}, body, what="query", now=NOW)
    except SyncError:
        return
    assert status < 300
    assert isinstance(document, dict)


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Error", "code", "type", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values)
def test_no_fault_however_odd_breaks_the_reader(inside: object) -> None:
    body = json.dumps({"Fault": inside}).encode()

    try:
        read_answer(400, {}, body, what="query", now=NOW)
    except SyncError as error:
        assert str(error)
    else:
        raise AssertionError("status 400 is no success")
