"""What Intuit's redirect brings back after a person said yes or no. Pure."""

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


class ConnectFailed(Exception):
    """The company could not be connected; one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The code to exchange for tokens, and the company that the person chose."""

    code: str
    realm_id: str


def consent_in(address: str, *, state: str) -> Consent:
    """Read the address that the browser was sent to.

    Raises:
        ConnectFailed: not for us (another ``state``), refused by the person, or incomplete.
    """
    found = parse_qs(urlsplit(address.strip()).query)
    given = {name: values[0] for name, values in found.items()}
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise ConnectFailed("This answer belongs to another attempt. Start again.")
    if error := given.get("error"):
        said = "you did not agree" if error == "access_denied" else error
        raise ConnectFailed(f"Intuit gave no consent: {said}.")
    if not given.get("code") or not given.get("realmId"):
        raise ConnectFailed("The address has no code and realmId in it. Copy all of it.")
    return Consent(given["code"], given["realmId"])
