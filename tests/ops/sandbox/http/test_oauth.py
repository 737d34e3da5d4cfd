"""OAuth 2.0. Sources: Intuit's page "OAuth 2.0" and its FAQ; errors as clients recorded them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3

from ops.sandbox.testing import SandboxProblem, SandboxServer
from tests.ops.sandbox.http.caller import Caller

DAY = 86_400
CALLBACK = "http://127.0.0.1:9/callback"


@dataclass
class App:
    """An app that speaks OAuth."""

    server: SandboxServer
    http: urllib3.PoolManager
    client_id: str = "sandbox"
    client_secret: str = "sandbox"

    def form(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> tuple[int, Any]:
        basic = urllib3.make_headers(basic_auth=f"{self.client_id}:{self.client_secret}")
        answer = self.http.request(
            "POST",
            self.server.url + path,
            body=urlencode(fields),
            headers={**basic, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
            redirect=False,
        )
        return answer.status, json.loads(answer.data) if answer.data else None

    def refresh(self, token: str, **headers: str) -> tuple[int, Any]:
        return self.form("/oauth2/v1/tokens/bearer", headers, grant_type="refresh_token", refresh_token=token)

    def consent_address(self, **changes: str) -> str:
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting openid",
            "redirect_uri": CALLBACK,
            "state": "s-1",
            **changes,
        }
        return f"{self.server.url}/connect/oauth2?{urlencode(asked)}"

    def decide(self, **decision: str) -> urllib3.BaseHTTPResponse:
        """What the browser sends when a button of the consent page is pressed."""
        page = self.http.request("GET", self.consent_address()).data.decode()
        fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        return self.http.request(
            "POST",
            f"{self.server.url}/connect/oauth2",
            body=urlencode({**fields, **decision}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            redirect=False,
        )

    def exchange(self, code: str, redirect_uri: str = CALLBACK) -> tuple[int, Any]:
        return self.form(
            "/oauth2/v1/tokens/bearer",
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
        )

    def new_code(self, realm_id: str = "1") -> str:
        target = self.decide(decision="connect", realmId=realm_id).headers["location"]
        return parse_qs(urlsplit(target).query)["code"][0]


@pytest.fixture
def app(server: SandboxServer) -> Iterator[App]:
    http = urllib3.PoolManager(retries=False, timeout=20.0)
    yield App(server, http)
    http.clear()


def status_of(server: SandboxServer, token: str, realm_id: str = "1") -> int:
    caller = Caller(server, realm_id, token)
    status = caller.get(f"companyinfo/{realm_id}").status
    caller.close()
    return status


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_both_discovery_documents_point_to_the_sandbox(app: App, name: str, slash: str) -> None:
    answer = app.http.request("GET", f"{app.server.url}/.well-known/{name}{slash}")

    document = json.loads(answer.data)
    endpoints = [
        value for key, value in document.items() if key.endswith(("_endpoint", "_uri")) or key == "issuer"
    ]
    assert len(endpoints) == 6
    assert all(endpoint.startswith(app.server.url + "/") for endpoint in endpoints)


def test_consent_leads_back_with_code_state_and_realm(app: App) -> None:
    answer = app.decide(decision="connect", realmId="3")

    target = urlsplit(answer.headers["location"])
    given = parse_qs(target.query)
    assert answer.status == 302
    assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
    assert given["state"] == ["s-1"]
    assert given["realmId"] == ["3"]
    status, tokens = app.exchange(given["code"][0])
    assert status == 200
    assert status_of(app.server, tokens["access_token"], "3") == 200
    assert status_of(app.server, tokens["access_token"], "1") == 403


def test_a_person_who_says_no_is_sent_back_with_access_denied(app: App) -> None:
    answer = app.decide(decision="cancel")

    assert parse_qs(urlsplit(answer.headers["location"]).query) == {
        "error": ["access_denied"],
        "state": ["s-1"],
    }


def test_the_consent_page_offers_every_company(app: App) -> None:
    page = app.http.request("GET", app.consent_address()).data.decode()

    assert re.findall(r'name="realmId" value="(\d+)"', page) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "stranger"},
        {"redirect_uri": "javascript:alert(1)"},
        {"response_type": "token"},
        {"state": ""},
    ],
    ids=["unknown-app", "no-web-address", "implicit-flow", "no-state"],
)
def test_a_wrong_authorize_request_is_not_redirected(app: App, change: dict[str, str]) -> None:
    answer = app.http.request("GET", app.consent_address(**change), redirect=False)

    assert answer.status == 400
    assert "location" not in answer.headers


def test_the_consent_page_cannot_be_made_to_run_script(app: App) -> None:
    answer = app.http.request("GET", app.consent_address(state='"><script>alert(1)</script>'))

    assert b"<script" not in answer.data
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_code_is_good_once(app: App) -> None:
    code = app.new_code()
    first, _ = app.exchange(code)

    second, refusal = app.exchange(code)

    assert (first, second, refusal["error"]) == (200, 400, "invalid_grant")


def test_a_code_needs_the_redirect_address_it_was_asked_for_with(app: App) -> None:
    status, refusal = app.exchange(app.new_code(), "http://127.0.0.1:9/other")

    assert (status, refusal["error"]) == (400, "invalid_grant")


def test_a_code_ends_soon(app: App) -> None:
    code = app.new_code()
    app.server.advance_clock(601)

    status, refusal = app.exchange(code)

    assert (status, refusal["error"]) == (400, "invalid_grant")


def test_the_token_answer_has_intuits_fields(app: App) -> None:
    _, tokens = app.refresh(app.server.mint_token("1"))

    assert set(tokens) == {
        "token_type",
        "expires_in",
        "refresh_token",
        "x_refresh_token_expires_in",
        "access_token",
    }
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    assert 8_640_000 <= tokens["x_refresh_token_expires_in"] <= 8_726_400


def test_the_hard_cap_of_five_years_is_told_to_those_who_ask(app: App) -> None:
    token = app.server.mint_token("1")

    _, tokens = app.refresh(token, **{"x-include-refresh-token-hard-expires-in": "true"})

    assert 157_679_990 <= tokens["x_refresh_token_hard_expires_in"] <= 157_680_000


def test_an_access_token_ends_after_an_hour(app: App) -> None:
    _, tokens = app.refresh(app.server.mint_token("1"))
    assert status_of(app.server, tokens["access_token"]) == 200
    app.server.advance_clock(3601)

    caller = Caller(app.server, "1", tokens["access_token"])
    reply = caller.get("companyinfo/1")
    caller.close()

    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert set(reply.json) == {
        "warnings",
        "intuitObject",
        "fault",
        "report",
        "queryResponse",
        "batchItemResponse",
        "attachableResponse",
        "syncErrorResponse",
        "requestId",
        "time",
        "status",
        "cdcresponse",
    }
    fault = reply.json["fault"]
    assert fault["type"] == "AUTHENTICATION"
    assert fault["error"][0]["code"] == "3200"
    assert fault["error"][0]["detail"].startswith("Token expired")


def test_the_refresh_token_keeps_its_value_for_a_day(app: App) -> None:
    token = app.server.mint_token("1")
    app.server.advance_clock(DAY - 60)

    _, tokens = app.refresh(token)

    assert tokens["refresh_token"] == token


def test_the_refresh_token_changes_after_a_day_and_the_old_one_is_good_for_another(app: App) -> None:
    token = app.server.mint_token("1")
    app.server.advance_clock(DAY)
    _, first = app.refresh(token)
    app.server.advance_clock(DAY - 60)
    within, second = app.refresh(token)
    app.server.advance_clock(120)

    after, refusal = app.refresh(token)

    assert first["refresh_token"] != token
    assert (within, second["refresh_token"]) == (200, first["refresh_token"])
    assert (after, refusal["error"]) == (400, "invalid_grant")
    assert app.refresh(first["refresh_token"])[0] == 200


def test_a_refresh_token_ends_when_it_is_not_used_for_101_days(app: App) -> None:
    token = app.server.mint_token("1")
    app.server.advance_clock(8_726_400)

    status, refusal = app.refresh(token)

    assert (status, refusal["error"]) == (400, "invalid_grant")


def test_a_grant_ends_five_years_after_consent_however_often_it_is_refreshed(app: App) -> None:
    app.server.oauth_switches(hard_cap_seconds=3 * DAY)
    token = app.server.mint_token("1")
    app.server.advance_clock(2 * DAY)
    _, tokens = app.refresh(token)
    app.server.advance_clock(DAY)

    status, refusal = app.refresh(tokens["refresh_token"])

    assert (status, refusal["error"]) == (400, "invalid_grant")


def test_an_unknown_refresh_token_is_refused_in_intuits_words(app: App) -> None:
    status, refusal = app.refresh("made-up")

    assert status == 400
    assert refusal == {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}


def test_a_wrong_client_secret_is_refused(app: App) -> None:
    app.client_secret = "guess"

    status, refusal = app.refresh("sandbox")

    assert (status, refusal) == (401, {"error": "invalid_client"})


def test_a_refresh_token_belongs_to_its_app(app: App) -> None:
    app.server.admin("POST", "/apps", {"client_id": "other", "client_secret": "other"})
    app.client_id = app.client_secret = "other"

    status, refusal = app.refresh("sandbox")

    assert (status, refusal["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("grant_type", "error"), [("password", "unsupported_grant_type"), ("", "invalid_request")]
)
def test_other_grant_types_are_refused(app: App, grant_type: str, error: str) -> None:
    status, refusal = app.form("/oauth2/v1/tokens/bearer", grant_type=grant_type)

    assert (status, refusal["error"]) == (400, error)


def test_the_token_sandbox_never_changes_and_opens_every_company(app: App) -> None:
    app.server.advance_clock(400 * DAY)

    status, tokens = app.refresh("sandbox")

    assert (status, tokens["refresh_token"]) == (200, "sandbox")
    assert [status_of(app.server, tokens["access_token"], realm) for realm in "1234"] == [200] * 4


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_both(app: App, which: str) -> None:
    _, tokens = app.refresh(app.server.mint_token("1"))

    status, _ = app.form("/v2/oauth2/tokens/revoke", token=tokens[which])

    assert status == 200
    assert status_of(app.server, tokens["access_token"]) == 401
    assert app.refresh(tokens["refresh_token"])[1]["error"] == "invalid_grant"


def test_revoke_takes_json_too(app: App) -> None:
    token = app.server.mint_token("1")

    answer = app.http.request(
        "POST",
        f"{app.server.url}/v2/oauth2/tokens/revoke",
        body=json.dumps({"token": token}),
        headers={**urllib3.make_headers(basic_auth="sandbox:sandbox"), "Content-Type": "application/json"},
    )

    assert answer.status == 200
    assert app.refresh(token)[0] == 400


def test_revoking_the_token_sandbox_locks_nobody_out(app: App) -> None:
    app.form("/v2/oauth2/tokens/revoke", token="sandbox")

    status, _ = app.refresh("sandbox")

    assert status == 200


@pytest.mark.parametrize(
    ("way", "second", "first_lives"),
    [("both", 200, True), ("second_fails", 400, True), ("first_dies", 200, False)],
)
def test_two_refreshes_at_once(app: App, way: str, second: int, first_lives: bool) -> None:
    app.server.oauth_switches(parallel_refresh=way)
    token = app.server.mint_token("1")
    app.server.advance_clock(DAY)
    _, first = app.refresh(token)

    status, _ = app.refresh(token)

    assert status == second
    assert (status_of(app.server, first["access_token"]) == 200) is first_lives
    assert (app.refresh(first["refresh_token"])[0] == 200) is (way == "both")


def test_the_token_endpoint_can_be_away_for_a_while(app: App) -> None:
    app.server.oauth_switches(failures=1)

    with pytest.raises(SandboxProblem, match="503"):
        app.server.access_token()

    assert app.server.access_token()


def test_userinfo_names_the_person_who_consented(app: App) -> None:
    _, tokens = app.exchange(app.new_code())

    answer = app.http.request(
        "GET",
        f"{app.server.url}/v1/openid_connect/userinfo",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )

    assert answer.status == 200
    assert json.loads(answer.data)["email"] == "owner@sandbox.invalid"


def test_userinfo_without_a_token_is_refused(app: App) -> None:
    answer = app.http.request("GET", f"{app.server.url}/v1/openid_connect/userinfo")

    assert answer.status == 401


def test_no_token_no_company(server: SandboxServer) -> None:
    assert status_of(server, "made-up") == 401


def test_a_token_for_one_company_does_not_open_another(server: SandboxServer) -> None:
    token = server.access_token(server.mint_token("1"))
    caller = Caller(server, "2", token)

    reply = caller.get("companyinfo/2")
    caller.close()

    assert reply.status == 403
    assert reply.json["fault"]["type"] == "SERVICE"
    assert reply.json["fault"]["error"][0]["code"] == "3100"


def test_a_company_that_is_not_there_looks_like_one_that_is_not_ours(us: Caller) -> None:
    us.realm_id = "999999"

    reply = us.get("companyinfo/1")

    assert reply.status == 403
    assert reply.json["fault"]["error"][0]["code"] == "3100"


def test_a_token_without_the_accounting_scope_opens_nothing(server: SandboxServer) -> None:
    minted = server.admin("POST", "/tokens", {"realm_id": "1", "scope": "openid"})

    assert status_of(server, server.access_token(minted["refresh_token"])) == 403
