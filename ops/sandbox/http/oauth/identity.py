"""OpenID: the user behind a consent, and the signed id token that says so."""

import base64
import hashlib
import json
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_ID = "sandbox-1"
SUBJECT = "00000000-0000-4000-8000-000000000001"
USER: dict[str, Any] = {
    "sub": SUBJECT,
    "email": "owner@sandbox.invalid",
    "emailVerified": True,
    "givenName": "Sandy",
    "familyName": "Box",
    "phoneNumber": "+1 6505550100",
    "phoneNumberVerified": False,
    "address": {
        "streetAddress": "1 Test Street",
        "locality": "Mountain View",
        "region": "CA",
        "postalCode": "94043",
        "country": "US",
    },
}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class IdTokenSigner:
    """Signs id tokens with RS256; the key is made when first needed and lives as long as the process."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID}
        return {"keys": [{**key, "n": _number(numbers.n), "e": _number(numbers.e)}]}

    def sign(self, *, issuer: str, client_id: str, realm_id: str, now: float) -> str:
        """An id token for one app and company, good for an hour."""
        header = {"alg": "RS256", "kid": KEY_ID}
        claims = {
            "sub": SUBJECT,
            "aud": [client_id],
            "realmid": realm_id,
            "auth_time": int(now),
            "iss": issuer,
            "exp": int(now) + 3600,
            "iat": int(now),
        }
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"


def token_id(value: str) -> str:
    """A short name of a token that gives nothing away, for the admin API and logs."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]
