"""intuit-oauth, Intuit's own client (PyPI): only the address of the discovery document is changed."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from ops.sandbox.testing import SandboxServer

CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture
def client(server: SandboxServer) -> Iterator[AuthClient]:
    with AuthClient("sandbox", "sandbox", CALLBACK, server.discovery_url) as client:
        yield client


def press_connect(address: str, realm_id: str) -> dict[str, list[str]]:
    """What a person does in the browser: choose a company, press Connect."""
    page = requests.get(address, timeout=20).text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    assert action is not None
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    answer = requests.post(
        origin + action.group(1),
        data=urlencode({**fields, "realmId": realm_id, "decision": "connect"}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        allow_redirects=False,
        timeout=20,
    )
    return parse_qs(urlsplit(answer.headers["location"]).query)


def test_a_connection_is_made_used_refreshed_and_revoked(server: SandboxServer, client: AuthClient) -> None:
    address = client.get_authorization_url(
        [Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL], state_token="s-1"
    )
    back = press_connect(address, "2")
    assert (back["state"], back["realmId"]) == (["s-1"], ["2"])

    client.get_bearer_token(back["code"][0], realm_id=back["realmId"][0])
    assert client.id_token is not None, "the id token must pass the client's own check of its signature"
    user = client.get_user_info().json()
    assert user["email"] == "owner@sandbox.invalid"

    first = client.refresh_token
    server.advance_clock(86_400)
    client.refresh()
    assert client.refresh_token != first

    assert client.revoke(token=client.refresh_token) is True
    with pytest.raises(AuthClientError) as refused:
        client.refresh()
    assert refused.value.status_code == 400
    assert b"invalid_grant" in refused.value.content


def test_the_token_sandbox_needs_no_set_up(client: AuthClient) -> None:
    client.refresh(refresh_token="sandbox")

    assert client.access_token
    assert client.expires_in == 3600
