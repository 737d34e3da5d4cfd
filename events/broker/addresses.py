"""One broker or a cluster: COUNTERFOIL_BROKER_URL may hold several addresses, with ``;`` between them.

They are nodes of one cluster. Whoever connects takes the first that lets us in; kombu reads the same list by itself.
"""


def addresses(url: str) -> list[str]:
    """The addresses in the order in which they are tried."""
    return [one.strip() for one in url.split(";") if one.strip()]


def tries(url: str) -> int:
    """How often kombu shall try again: each address has its turn, and the only one has two."""
    return len(addresses(url))
