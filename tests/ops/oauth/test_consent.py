"""What the redirect may bring, and what it may not."""

import pytest

from ops.oauth.consent import ConnectFailed, Consent, consent_in


def test_code_and_company_are_read_from_the_address() -> None:
    consent = consent_in(" https://app.example/back?code=XAB1&state=s-1&realmId=9130&x=y \n", state="s-1")

    assert consent == Consent("XAB1", "9130")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("code=XAB1&state=other&realmId=9130", "another attempt"),
        ("code=XAB1&realmId=9130", "another attempt"),
        ("error=access_denied&state=s-1", "you did not agree"),
        ("error=invalid_scope&state=s-1", "invalid_scope"),
        ("state=s-1&realmId=9130", "Copy all of it"),
        ("code=XAB1&state=s-1", "Copy all of it"),
        ("", "another attempt"),
    ],
)
def test_what_is_no_consent_is_said_in_one_sentence(query: str, says: str) -> None:
    with pytest.raises(ConnectFailed, match=says):
        consent_in(f"https://app.example/back?{query}", state="s-1")
