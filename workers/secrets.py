"""Stored credentials are encrypted with the key in ``COUNTERFOIL_SECRET_KEY``."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_SALT = b"counterfoil stored credentials"
"""Fixed, because every process must come to the same key with nothing but the setting."""

_SCRYPT_COST = 2**15
"""About 0.1 s and 32 MB, once a process. Source: OWASP, "Password storage"."""


class SecretKeyError(Exception):
    """The key is missing, or is not the one that a value was encrypted with; one sentence for a person."""


class Secrets:
    """Encrypts and decrypts.

    The setting is a key (``Fernet.generate_key()``) or a passphrase. Several, with commas between them, are a
    change of keys: the first encrypts, all decrypt; ``renewed`` moves a value to the first.
    """

    def __init__(self, setting: str) -> None:
        keys = [part for part in (piece.strip() for piece in setting.split(",")) if part]
        if not keys:
            raise SecretKeyError(
                "COUNTERFOIL_SECRET_KEY is not set. Set it to a long random text, and keep a copy: "
                "stored credentials cannot be read without it."
            )
        self._fernet = MultiFernet([Fernet(_fernet_key(key)) for key in keys])

    def encrypt(self, plain: bytes) -> bytes:
        """Encrypt under the first key."""
        return self._fernet.encrypt(plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """Decrypt.

        Raises:
            SecretKeyError: none of the keys fits, or the value is damaged.
        """
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise _wrong_key() from None

    def seal(self, values: Mapping[str, Any]) -> bytes:
        """Encrypt some named values."""
        return self.encrypt(json.dumps(values).encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """The named values of ``seal``.

        Raises:
            SecretKeyError: none of the keys fits, or the value is damaged.
        """
        values: dict[str, Any] = json.loads(self.decrypt(sealed))
        return values

    def renewed(self, sealed: bytes) -> bytes:
        """The same value under the first key.

        Raises:
            SecretKeyError: none of the keys fits, or the value is damaged.
        """
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise _wrong_key() from None


def _wrong_key() -> SecretKeyError:
    return SecretKeyError(
        "COUNTERFOIL_SECRET_KEY is not the key that the stored credentials were encrypted with. "
        "Set the old key again (after a change: new key, comma, old key)."
    )


def _fernet_key(text: str) -> bytes:
    try:
        if len(base64.urlsafe_b64decode(text)) == 32:
            return text.encode()
    except (ValueError, binascii.Error):
        pass  # no key, so a passphrase
    derived = Scrypt(salt=_SALT, length=32, n=_SCRYPT_COST, r=8, p=1).derive(text.encode())
    return base64.urlsafe_b64encode(derived)
