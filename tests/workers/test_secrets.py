"""Stored credentials: readable with the key, and with nothing else."""

import pytest
from cryptography.fernet import Fernet

from workers.secrets import SecretKeyError, Secrets


@pytest.mark.parametrize(
    "setting",
    [Fernet.generate_key().decode(), "a passphrase, not a key".replace(",", "")],
    ids=["key", "passphrase"],
)
def test_what_one_process_sealed_another_with_the_same_setting_opens(setting: str) -> None:
    sealed = Secrets(setting).seal({"refresh_token": "RT1-abc"})

    opened = Secrets(setting).open(sealed)

    assert opened == {"refresh_token": "RT1-abc"}
    assert b"RT1-abc" not in sealed


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    secrets = Secrets("passphrase")

    first, second = secrets.encrypt(b"value"), secrets.encrypt(b"value")

    assert first != second


def test_after_a_change_of_keys_old_values_open_and_renewed_ones_need_the_old_key_no_more() -> None:
    old = Secrets("old passphrase").encrypt(b"value")
    both = Secrets("new passphrase, old passphrase")

    renewed = both.renewed(old)

    assert both.decrypt(old) == b"value"
    assert Secrets("new passphrase").decrypt(renewed) == b"value"


@pytest.mark.parametrize("setting", ["", "  ", " , "])
def test_a_missing_key_is_said_in_one_sentence(setting: str) -> None:
    with pytest.raises(SecretKeyError, match="COUNTERFOIL_SECRET_KEY is not set"):
        Secrets(setting)


@pytest.mark.parametrize("method", ["decrypt", "renewed"])
def test_a_wrong_key_is_said_and_nothing_of_the_value_is_shown(method: str) -> None:
    sealed = Secrets("right").encrypt(b"value")

    with pytest.raises(SecretKeyError, match="is not the key") as caught:
        getattr(Secrets("wrong"), method)(sealed)

    assert sealed.decode() not in str(caught.value)


def test_a_damaged_value_is_refused() -> None:
    secrets = Secrets("passphrase")
    sealed = bytearray(secrets.encrypt(b"value"))
    sealed[20] ^= 1

    with pytest.raises(SecretKeyError):
        secrets.decrypt(bytes(sealed))
