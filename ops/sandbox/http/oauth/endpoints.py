"""The OAuth 2.0 and OpenID endpoints, under the paths that Intuit's have.

Sources: Intuit's page "OAuth 2.0" and its discovery documents.
"""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ops.sandbox.http.exact_json import UnreadableJson, read_object
from ops.sandbox.http.oauth.consent import consent_page, sorry_page
from ops.sandbox.http.oauth.identity import USER, IdTokenSigner
from ops.sandbox.http.oauth.tokens import IssuedTokens, OAuthError
from ops.sandbox.sandbox import Sandbox

AUTHORIZE = "/connect/oauth2"
TOKENS = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"
USERINFO = "/v1/openid_connect/userinfo"
ISSUER = "/op/v1"
KEYS = "/op/v1/jwks"
DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
_ASKED = ("client_id", "redirect_uri", "response_type", "scope", "state")
_NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
_PAGE_HEADERS = {
    **_NO_STORE,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


async def _form(request: Request) -> dict[str, str]:
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True))


def _refusal(error: OAuthError) -> JSONResponse:
    document = {"error": error.error}
    if error.description:
        document["error_description"] = error.description
    return JSONResponse(document, error.status, _NO_STORE)


def _app(sandbox: Sandbox, request: Request, form: dict[str, str]) -> str:
    """The app that calls, by Basic authentication or by the form.

    Raises:
        OAuthError: invalid_client.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", status=401) from error
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    sandbox.grants.authenticate(client_id, secret)
    return client_id


class OAuthEndpoints:
    """Every endpoint but the company API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._signer = IdTokenSigner()

    def routes(self) -> list[Route]:
        """For the router of the whole sandbox."""
        discovery = [Route(f"{path}{slash}", self.discovery) for path in DISCOVERY for slash in ("", "/")]
        return [
            *discovery,
            Route(AUTHORIZE, self.ask, methods=["GET"]),
            Route(AUTHORIZE, self.decide, methods=["POST"]),
            Route(TOKENS, self.tokens, methods=["POST"]),
            Route(REVOKE, self.revoke, methods=["POST"]),
            Route(USERINFO, self.userinfo),
            Route(KEYS, self.keys),
        ]

    async def discovery(self, request: Request) -> Response:
        """The same document under the production and the sandbox path: all of it points here."""
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": base + ISSUER,
                "authorization_endpoint": base + AUTHORIZE,
                "token_endpoint": base + TOKENS,
                "userinfo_endpoint": base + USERINFO,
                "revocation_endpoint": base + REVOKE,
                "jwks_uri": base + KEYS,
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            }
        )

    def _what_is_wrong(self, asked: dict[str, str]) -> str | None:
        if asked.get("client_id") not in self._sandbox.grants.apps:
            return "The app is unknown: check client_id."
        target = urlsplit(asked.get("redirect_uri", ""))
        if target.scheme not in ("http", "https") or not target.netloc or target.fragment:
            return "redirect_uri must be a full http or https address without a fragment."
        if asked.get("response_type") != "code":
            return 'response_type must be "code".'
        if not asked.get("scope"):
            return "scope is missing."
        if not asked.get("state"):
            return "state is missing."
        return None

    async def ask(self, request: Request) -> Response:
        """The consent page."""
        asked = {name: request.query_params.get(name, "") for name in _ASKED}
        if wrong := self._what_is_wrong(asked):
            return HTMLResponse(sorry_page(wrong), 400, _PAGE_HEADERS)
        page = consent_page(
            action=AUTHORIZE,
            client_id=asked["client_id"],
            scope=asked["scope"],
            companies=[(realm.realm_id, realm.name) for realm in self._sandbox.realms.values()],
            hidden=asked,
        )
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def decide(self, request: Request) -> Response:
        """The answer of the person: back to the app with a code, or with access_denied."""
        asked = await _form(request)
        if wrong := self._what_is_wrong(asked):
            return HTMLResponse(sorry_page(wrong), 400, _PAGE_HEADERS)
        if asked.get("decision") != "connect":
            answer = {"error": "access_denied", "state": asked["state"]}
        elif asked.get("realmId") not in self._sandbox.realms:
            return HTMLResponse(sorry_page("There is no such company."), 400, _PAGE_HEADERS)
        else:
            realm_id = asked["realmId"]
            code = self._sandbox.grants.authorize(
                asked["client_id"], realm_id, asked["scope"], asked["redirect_uri"]
            )
            self._sandbox.keep_grants()
            answer = {"code": code, "state": asked["state"], "realmId": realm_id}
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return RedirectResponse(asked["redirect_uri"] + joint + urlencode(answer), 302, _NO_STORE)

    async def tokens(self, request: Request) -> Response:
        """Code or refresh token for tokens."""
        switches = self._sandbox.grants.switches
        if switches.failures:
            switches.failures -= 1
            return PlainTextResponse("Service Unavailable", 503)
        form = await _form(request)
        try:
            client_id = _app(self._sandbox, request, form)
            match form.get("grant_type"):
                case "authorization_code":
                    issued = self._sandbox.grants.exchange(
                        client_id, form.get("code", ""), form.get("redirect_uri", "")
                    )
                case "refresh_token":
                    issued = self._sandbox.grants.refresh(client_id, form.get("refresh_token", ""))
                case None | "":
                    raise OAuthError("invalid_request", "grant_type is missing")
                case _:
                    raise OAuthError("unsupported_grant_type")
        except OAuthError as error:
            return _refusal(error)
        self._sandbox.keep_grants()
        document = self._token_document(request, issued)
        if form["grant_type"] == "authorization_code" and issued.grant.has_scope("openid"):
            document["id_token"] = self._signer.sign(
                issuer=str(request.base_url).rstrip("/") + ISSUER,
                client_id=client_id,
                realm_id=issued.grant.realm_id,
                now=self._sandbox.clock.seconds(),
            )
        return JSONResponse(document, headers=_NO_STORE)

    def _token_document(self, request: Request, issued: IssuedTokens) -> dict[str, Any]:
        switches = self._sandbox.grants.switches
        document: dict[str, Any] = {
            "token_type": "bearer",
            "expires_in": switches.access_token_seconds,
            "refresh_token": issued.refresh_token,
            "x_refresh_token_expires_in": issued.refresh_seconds_left,
            "access_token": issued.access.value,
        }
        if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
            age_seconds = int(self._sandbox.clock.seconds() - issued.grant.granted_at)
            document["x_refresh_token_hard_expires_in"] = switches.hard_cap_seconds - age_seconds
        return document

    async def revoke(self, request: Request) -> Response:
        """End a grant by its refresh or access token, as JSON or as a form."""
        try:
            if "json" in request.headers.get("content-type", ""):
                form = {"token": str(read_object(await request.body()).get("token", ""))}
            else:
                form = await _form(request)
            _app(self._sandbox, request, form)
        except UnreadableJson:
            return _refusal(OAuthError("invalid_request", "The body cannot be read"))
        except OAuthError as error:
            return _refusal(error)
        if not self._sandbox.grants.revoke(form.get("token", "")):
            return _refusal(OAuthError("invalid_request", "The token is unknown or already revoked"))
        self._sandbox.keep_grants()
        return Response(status_code=200)

    async def userinfo(self, request: Request) -> Response:
        """Who consented."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = self._sandbox.grants.bearer(value) if scheme.lower() == "bearer" else None
        if token is None:
            headers = {"WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
            return JSONResponse({"error": "invalid_token"}, 401, headers)
        if not token.grant.has_scope("openid"):
            return JSONResponse({"error": "insufficient_scope"}, 403)
        return JSONResponse(USER)

    async def keys(self, _request: Request) -> Response:
        """The public key that id tokens are signed with."""
        return JSONResponse(self._signer.key_set())
