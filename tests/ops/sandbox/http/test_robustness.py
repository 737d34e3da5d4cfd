"""Whatever comes in, the sandbox answers like QuickBooks and changes nothing it should not."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.sandbox.http.api.calls import BodyTooLong, read_call
from tests.ops.sandbox.http.caller import Caller

WORDS = [
    "customer",
    "Invoice",
    "SalesReceipt",
    "query",
    "batch",
    "cdc",
    "upload",
    "reports",
    "taxservice",
    "1",
    "%2e",
]
PARAMETERS = [
    "operation",
    "include",
    "requestid",
    "query",
    "entities",
    "changedSince",
    "minorversion",
    "asofdate",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(
    st.sampled_from(
        ["Id", "SyncToken", "Line", "CustomerRef", "DisplayName", "sparse", "BatchItemRequest", "x"]
    ),
    json_values,
    max_size=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    parameters=st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=30), max_size=3),
    body=st.binary(max_size=100) | documents.map(lambda document: json.dumps(document).encode()),
    content_type=st.sampled_from(["application/json", "application/text", "multipart/form-data; boundary=x"]),
)
def test_no_call_whatever_it_says_breaks_the_sandbox(
    us: Caller, method: str, path: list[str], parameters: dict[str, str], body: bytes, content_type: str
) -> None:
    reply = us.call(
        method,
        "/".join(path),
        body if method != "GET" else None,
        content_type=content_type,
        parameters=parameters,
    )

    assert reply.status in (200, 400, 404, 415) or reply.code == "500"


@pytest.mark.parametrize("depth", [1, 50, 2_000])
def test_a_refused_document_changes_nothing(us: Caller, depth: int) -> None:
    document: Any = {}
    for _ in range(depth):
        document = {"Line": [document]}
    before = {entity: us.server.dump(us.realm_id, entity) for entity in ("Invoice", "Customer", "Account")}

    reply = us.call("POST", "invoice", json.dumps(document).encode() if depth < 500 else b'{"Line":' * depth)

    assert reply.status == 400
    assert {entity: us.server.dump(us.realm_id, entity) for entity in before} == before


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 300 + b"]" * 300,
        b'"\\ud800"',
        b'"\\uDFFF x"',
        b"1" + b"0" * 40,
        b"-" + b"9" * 25,
        b"1e999999999",
        b"0.1",
    ],
    ids=["deep", "half-a-pair", "other-half", "huge", "hugely-negative", "exponent", "fraction"],
)
@pytest.mark.parametrize("name", ["DisplayName", "Notes", "AttachableRef", "Balance"])
def test_what_is_accepted_can_be_read_again(us: Caller, name: str, value: bytes) -> None:
    more = b"" if name == "DisplayName" else b'"DisplayName": "Ann", '

    reply = us.call("POST", "customer", b"{" + more + b'"' + name.encode() + b'": ' + value + b"}")

    assert reply.status in (200, 400)
    assert us.query("select * from Customer maxresults 1000").status == 200
    assert us.count("Customer") > 0


def test_a_body_that_is_far_too_long_is_not_read_to_its_end() -> None:
    chunk = b"x" * (10 * 1024 * 1024)
    received = 0

    async def receive() -> dict[str, Any]:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    scope = {"path": "/v3/company/1/upload", "method": "POST", "query_string": b"", "headers": []}
    with pytest.raises(BodyTooLong):
        asyncio.run(read_call(scope, receive))

    assert received == 11
