"""OAuth answers, and webhooks that the sandbox sends."""

from urllib.parse import urlencode

import urllib3

from tests.ops.sandbox.http.caller import Caller, Reply
from tests.ops.sandbox.http.ears import listening


def _token_call(us: Caller, token: str, secret: str = "sandbox", **headers: str) -> Reply:
    basic = urllib3.make_headers(basic_auth=f"sandbox:{secret}")
    form = {"Content-Type": "application/x-www-form-urlencoded", **basic, **headers}
    body = urlencode({"grant_type": "refresh_token", "refresh_token": token})
    with urllib3.PoolManager(retries=False, timeout=20.0) as http:
        answer = http.request("POST", f"{us.server.url}/oauth2/v1/tokens/bearer", body=body, headers=form)
    return Reply(answer.status, answer.headers, answer.data)


def token_refreshed(us: Caller) -> Reply:
    return _token_call(us, us.server.mint_token(us.realm_id))


def token_refreshed_with_hard_cap(us: Caller) -> Reply:
    told = {"x-include-refresh-token-hard-expires-in": "true"}
    return _token_call(us, us.server.mint_token(us.realm_id), **told)


def token_unknown(us: Caller) -> Reply:
    return _token_call(us, "never-given-out")


def client_secret_wrong(us: Caller) -> Reply:
    return _token_call(us, us.server.mint_token(us.realm_id), secret="wrong")


def discovery_read(us: Caller) -> Reply:
    with urllib3.PoolManager(retries=False, timeout=20.0) as http:
        answer = http.request("GET", us.server.discovery_url)
    return Reply(answer.status, answer.headers, answer.data)


def _heard(us: Caller, format: str) -> Reply:
    with listening() as ears:
        us.server.subscribe(ears.url, format=format, realms=[us.realm_id])
        us.create("Customer", {"DisplayName": "Quill"})
        delivery = ears.next()
    return Reply(200, urllib3.HTTPHeaderDict(delivery.headers), delivery.body)


def webhook_heard(us: Caller) -> Reply:
    return _heard(us, "cloudevents")


def webhook_heard_in_old_format(us: Caller) -> Reply:
    return _heard(us, "legacy")


SITUATIONS = (
    token_refreshed,
    token_refreshed_with_hard_cap,
    token_unknown,
    client_secret_wrong,
    discovery_read,
    webhook_heard,
    webhook_heard_in_old_format,
)
