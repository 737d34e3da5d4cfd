"""All situations by name."""

from collections.abc import Callable

from tests.ops.sandbox.http.caller import Caller, Reply
from tests.ops.sandbox.samples.situations import access, faults, forms, lists

Situation = Callable[[Caller], Reply]

EVERY: dict[str, Situation] = {
    one.__name__: one
    for one in (*lists.SITUATIONS, *forms.SITUATIONS, *faults.SITUATIONS, *access.SITUATIONS)
}
COUNTRIES = {"us": "US", "gb": "GB", "ca": "CA"}


def country_of(situation: Situation) -> str:
    """The country of the company that a situation needs: the name of its parameter."""
    (name,) = (one for one in situation.__annotations__ if one != "return")
    return COUNTRIES[name]
