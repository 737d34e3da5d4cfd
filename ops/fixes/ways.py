"""Which ways out a failure has, by its reason. Pure: what is known of the failure comes in, ways come out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.fixes.stock_start import stock_start_ways
from ops.fixes.way import (
    ByHand,
    Ignore,
    KeepTheirs,
    LetGo,
    Overwrite,
    ReadCompany,
    SetTo,
    TakeAsOurs,
    Way,
    setting_fix,
)
from schemas.connection import ConnectionSettings
from schemas.orders import Buyer
from workers.outcomes import Document

_DOCUMENT = re.compile(r"^(?P<entity>[A-Za-z]+) (?P<id>\d+)$")
CLASH_RULES = {"web": "(Web)", "store_id": "the store's id", "number": "a number"}


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a failure group and of one of its events. ``buyer``: whom that event is about, if anybody.

    ``who`` is the setting that says which customer the buyer is, () when nobody can tell. ``ended``: the event takes
    the store object away (a cancelled order, a deleted refund), so nothing would be booked for it anew.
    """

    reason: str
    cause: str
    fix: str
    settings: ConnectionSettings
    buyer: Buyer | None = None
    who: tuple[str, ...] = ()
    ended: bool = False


def ways_of(case: Case) -> list[Way]:
    """The ways out, best first and giving up last; each name once. There is always one that does not give up."""
    of_reason = _WAYS.get(case.reason, _none)(case)
    chosen: list[Way] = []
    for way in (*_named(case, of_reason), *of_reason, *_LAST):
        if all(way.name != one.name and way.act != one.act for one in chosen):
            chosen.append(way)
    return sorted(chosen, key=lambda way: isinstance(way.act, Ignore))


def _named(case: Case, others: Sequence[Way]) -> Sequence[Way]:
    """The setting that the failure's own ``fix`` names, unless the reason has a way with that setting."""
    known = setting_fix(case.fix)
    if known is None or any(isinstance(way.act, SetTo) and way.act.path == known.path for way in others):
        return ()
    asked = SetTo(known.path, known.proposal, asked=True)
    return (Way("set", f"Set {asked.name}.", asked),)


def _none(_case: Case) -> Sequence[Way]:
    return ()


def _who(case: Case, text: str) -> list[Way]:
    return [Way("use", text, SetTo(case.who, asked=True))] if case.who else []


def _clash(case: Case) -> Sequence[Way]:
    ways = _who(case, "Use a customer that QuickBooks has: give its id.")
    if case.cause.startswith("inactive customer"):
        return [
            Way(
                "reactivate",
                "Make inactive customers of this connection active again when they buy.",
                SetTo(("inactive_customers",), "reactivate"),
            ),
            *ways,
            Way(
                "suffix",
                "Leave it inactive, and book on a new customer whose name gets a suffix.",
                SetTo(("inactive_customers",), "create"),
            ),
        ]
    others = [rule for rule in CLASH_RULES if rule != case.settings.name_clash]
    rules = " or ".join(f"{rule} ({CLASH_RULES[rule]})" for rule in others)
    suffix = SetTo(("name_clash",), others[-1], asked=True)
    return [*ways, Way("suffix", f"Give new customers another suffix: {rules}.", suffix)]


def _customer_unknown(case: Case) -> Sequence[Way]:
    create = SetTo(("unknown_customer",), "create")
    return [
        Way("create", "Create customers that QuickBooks does not know.", create),
        *_who(case, "Use a customer that QuickBooks has: give its id."),
    ]


def _product_unknown(case: Case) -> Sequence[Way]:
    path = ("unknown_product",)
    text = "Create products that QuickBooks does not know, as non-inventory items."
    ways = [Way("create", text, SetTo(path, "create"))]
    if case.settings.items.fallback:
        text = f"Book all products that QuickBooks does not know on item {case.settings.items.fallback}."
        ways.append(Way("fallback", text, SetTo(path, "fallback")))
    return ways


def _removed(case: Case) -> Sequence[Way]:
    match = _DOCUMENT.match(case.cause)
    entity = match["entity"] if match else ""
    if match is not None and entity not in ("customer", "item"):
        document = Document(entity, match["id"])
        if case.ended:
            return [
                Way("accept", f"Accept that {case.cause} is gone: nothing is left to do.", LetGo(document))
            ]
        return [
            Way("post-again", "Post the order again, as a new document.", LetGo(document, posts=True)),
            Way(
                "accept",
                f"Accept that {case.cause} is gone: later events of it book nothing either.",
                Ignore(),
            ),
        ]
    if entity != "customer":
        return [Way("retry", "You made it active again in QuickBooks: retry.", ByHand())]
    return [
        *_who(case, "Say which customer took over: give its id."),
        Way(
            "reactivate",
            "Make inactive customers of this connection active again when they buy.",
            SetTo(("inactive_customers",), "reactivate"),
        ),
    ]


def _changed(case: Case) -> Sequence[Way]:
    match = _DOCUMENT.match(case.cause)
    if match is not None and match["entity"] == "customer" and case.buyer is not None:
        return [
            Way("ours", "Write what the store says over the customer in QuickBooks.", Overwrite(case.buyer)),
            Way(
                "theirs",
                "Keep the customer as QuickBooks has it; later changes of the store are written again.",
                KeepTheirs(case.buyer),
            ),
        ]
    ways = [
        Way(
            "theirs",
            "Keep the document as it is in QuickBooks; later events of it book nothing either.",
            Ignore(),
        ),
    ]
    if match is not None:
        document = Document(match["entity"], match["id"])
        ours = Way("ours", "Let the store's change go over what was changed by hand.", TakeAsOurs(document))
        ways.insert(0, ours)
    return ways


def _period(_case: Case) -> Sequence[Way]:
    return [
        Way(
            "first-open-day",
            "Date documents of a closed period on the first open day, with a note.",
            SetTo(("closed_period",), "first_open_day"),
        ),
        Way(
            "retry",
            "You reopened the period (Account and settings, Advanced, Accounting): retry, then close it again.",
            ByHand(),
        ),
    ]


def _currency(case: Case) -> Sequence[Way]:
    if not re.fullmatch(r"[A-Z]{3}", case.cause):
        return ()
    text = (
        "You switched multicurrency on (Account and settings, Advanced, Currency): "
        "read the company anew, and retry."
    )
    return [Way("read-company", text, ReadCompany(case.cause))]


def _rate(_case: Case) -> Sequence[Way]:
    return [
        Way("retry", "You entered the rate in QuickBooks (Settings, Currencies): retry.", ByHand()),
        Way(
            "settlement",
            "Use the store's own rate where it says one.",
            SetTo(("exchange_rate",), "settlement"),
        ),
    ]


def _plan(_case: Case) -> Sequence[Way]:
    text = (
        "You bought the plan (stock needs QuickBooks Online Plus or Advanced) or gave the connecting user the right "
        "(Manage users): read the company anew, and retry."
    )
    return [
        Way("read-company", text, ReadCompany()),
        Way("stock-off", "Never follow the store's stock.", SetTo(("stock",), "off")),
    ]


def _request(_case: Case) -> Sequence[Way]:
    return [Way("answered", "You sent the customer what is kept: nothing is left to do.", Ignore())]


def _connection(_case: Case) -> Sequence[Way]:
    text = "You added the connection (counterfoil connections add), or opened it again: retry."
    return [Way("retry", text, ByHand())]


_LAST = (
    Way("retry", "You have done what the message says: retry.", ByHand()),
    Way("ignore", "Leave it out of the books: later events of the same store object too.", Ignore()),
)
"""What is always left."""

_WAYS: dict[str, Callable[[Case], Sequence[Way]]] = {
    "customer_clash": _clash,
    "customer_unknown": _customer_unknown,
    "product_unknown": _product_unknown,
    "removed_in_quickbooks": _removed,
    "changed_in_quickbooks": _changed,
    "period_closed": _period,
    "before_stock_start": stock_start_ways,
    "currency_unsupported": _currency,
    "exchange_rate_missing": _rate,
    "unsupported_by_plan": _plan,
    "unknown_connection": _connection,
    "data_requested": _request,
}
