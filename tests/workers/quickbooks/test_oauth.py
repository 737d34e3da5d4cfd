"""Intuit's OAuth endpoints: where they are, what they are told, and what they may answer."""

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.workers.quickbooks.conftest import NOW
from tests.workers.quickbooks.stub import Stub
from workers.errors import QuickBooksUnavailable, ReconnectNeeded, Throttled
from workers.quickbooks.errors import SetupWrong
from workers.quickbooks.http import Http
from workers.quickbooks.oauth import OAuth

ANSWER = {
    "token_type": "bearer",
    "access_token": "eyJ-new",
    "refresh_token": "RT1-new",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8_726_400,
}


@pytest.fixture
def oauth(stub: Stub, http: Http) -> OAuth:
    document = {
        "authorization_endpoint": f"{stub.url}/agree",
        "token_endpoint": f"{stub.url}/tokens",
        "revocation_endpoint": f"{stub.url}/revoke",
    }
    stub.answer(json.dumps(document))
    return OAuth(
        http=http,
        discovery_url=f"{stub.url}/discovery",
        client_id="app",
        client_secret="secret",
        clock=lambda: NOW,
    )


def test_the_endpoints_are_looked_up_once(stub: Stub, oauth: OAuth) -> None:
    stub.answer(json.dumps(ANSWER))
    stub.answer(json.dumps(ANSWER))

    oauth.refresh("RT1-old")
    oauth.refresh("RT1-old")

    assert [asked.path for asked in stub.asked] == ["/discovery", "/tokens", "/tokens"]


def test_a_refresh_gives_a_pair_with_its_ends(stub: Stub, oauth: OAuth) -> None:
    stub.answer(json.dumps(ANSWER))

    pair = oauth.refresh("RT1-old")

    asked = stub.asked[1]
    assert parse_qs(asked.body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["RT1-old"]}
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"app:secret"
    assert (pair.access_token, pair.refresh_token) == ("eyJ-new", "RT1-new")
    assert pair.access_expires_at == NOW + timedelta(hours=1)
    assert pair.refresh_expires_at == NOW + timedelta(days=101)


def test_a_pair_does_not_show_its_tokens_by_accident(stub: Stub, oauth: OAuth) -> None:
    stub.answer(json.dumps(ANSWER))

    shown = repr(oauth.refresh("RT1-old"))

    assert "eyJ" not in shown
    assert "RT1" not in shown


def test_the_consent_page_is_asked_for_with_state_and_scope(oauth: OAuth) -> None:
    address = oauth.authorize_url(redirect_uri="http://localhost:8484/connected", state="s-1")

    found = parse_qs(urlsplit(address).query)
    assert found == {
        "client_id": ["app"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["http://localhost:8484/connected"],
        "state": ["s-1"],
    }


def test_a_code_is_exchanged_with_the_same_redirect_uri(stub: Stub, oauth: OAuth) -> None:
    stub.answer(json.dumps(ANSWER))

    oauth.exchange("XAB1", redirect_uri="http://localhost:8484/connected")

    assert parse_qs(stub.asked[1].body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["XAB1"],
        "redirect_uri": ["http://localhost:8484/connected"],
    }


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            400,
            '{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}',
            ReconnectNeeded,
        ),
        (400, '{"error":"invalid_grant","x_error_reason":"user_not_in_realm"}', ReconnectNeeded),
        (401, '{"error":"invalid_client"}', SetupWrong),
        (500, '{"error":"server_error"}', QuickBooksUnavailable),
        (503, "<html>", QuickBooksUnavailable),
        (200, "{}", QuickBooksUnavailable),
        (200, '{"access_token":"a","refresh_token":"r","expires_in":"soon"}', QuickBooksUnavailable),
        (429, "", Throttled),
    ],
)
def test_only_invalid_grant_sends_for_a_person(
    stub: Stub, oauth: OAuth, status: int, body: str, expected: type[Exception]
) -> None:
    stub.answer(body, status)

    with pytest.raises(expected):
        oauth.refresh("RT1-old")


@pytest.mark.parametrize("status", [200, 400])
def test_a_consent_that_has_ended_already_can_be_revoked(stub: Stub, oauth: OAuth, status: int) -> None:
    stub.answer('{"error":"invalid_request"}' if status == 400 else "", status)

    oauth.revoke("RT1-old")

    assert json.loads(stub.asked[1].body) == {"token": "RT1-old"}


def test_a_failed_revocation_is_not_taken_for_done(stub: Stub, oauth: OAuth) -> None:
    stub.answer("", 503)

    with pytest.raises(QuickBooksUnavailable):
        oauth.revoke("RT1-old")


def test_a_discovery_document_that_lacks_an_endpoint_is_unavailable(stub: Stub, http: Http) -> None:
    stub.answer("{}")
    oauth = OAuth(http=http, discovery_url=stub.url, client_id="a", client_secret="b", clock=lambda: NOW)

    with pytest.raises(QuickBooksUnavailable):
        oauth.refresh("RT1-old")
