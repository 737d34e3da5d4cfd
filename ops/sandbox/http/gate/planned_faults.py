"""Faults on demand: what should go wrong, for which calls, how often. Pure: dice are passed in."""

from collections.abc import Callable
from enum import StrEnum
from itertools import count
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What can be made to go wrong. Names ending in ``after_write``: the write is done all the same."""

    LATENCY = "latency"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER_WRITE = "server_error_after_write"
    CUT = "cut"
    CUT_AFTER_WRITE = "cut_after_write"
    STREAM_TIMEOUT = "stream_timeout"
    STREAM_TIMEOUT_AFTER_WRITE = "stream_timeout_after_write"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    REFUSED = "refused"
    REFUSED_AFTER_WRITE = "refused_after_write"


AFTER_WRITE = frozenset(kind for kind in FaultKind if kind.endswith("_after_write"))
"""Kinds that strike on the way back."""

PER_ITEM = frozenset({FaultKind.REFUSED, FaultKind.REFUSED_AFTER_WRITE})
"""Kinds that strike single items of a batch, not the whole call."""


class QuickBooksError(BaseModel):
    """One error of a Fault that is asked for."""

    model_config = ConfigDict(extra="forbid")

    code: str = "6000"
    message: str = "A business validation error has occurred while processing your request"
    detail: str = (
        "Business Validation Error: An unexpected error occurred while accessing or saving your data. "
        "Please wait a few minutes and try again. If the problem persists, contact customer support."
    )
    element: str = ""
    type: str = "ValidationFault"
    status: int = 400


class FaultPlan(BaseModel):
    """One fault on demand.

    ``skip`` matching calls pass first; then it strikes ``count`` times (always when None), each time
    with ``probability``. Match: what is None fits everything; ``body`` is text that the body (or
    the query) contains. A batch is hit when one of its items fits; ``refused`` and
    ``refused_after_write`` hit just those items.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    probability: float = Field(1.0, gt=0, le=1)
    count: int | None = Field(None, ge=1)
    skip: int = Field(0, ge=0)
    method: Literal["GET", "POST"] | None = None
    entity: str | None = None
    operation: str | None = None
    body: str | None = None
    seconds: float = Field(1.0, ge=0, le=600)
    error: QuickBooksError = QuickBooksError()


class CallFacts:
    """What a plan is matched against: one call, or one item of a batch.

    ``named`` gives operation and entity, in lower case; several for a batch: its own and those of its items.
    """

    __slots__ = ("_named", "_text", "method")

    def __init__(
        self, method: str, named: Callable[[], list[tuple[str, str]]], text: Callable[[], str]
    ) -> None:
        self.method = method
        self._named = named
        self._text = text

    def is_about(self, operation: str | None, entity: str | None) -> bool:
        """Whether it does this to that; None is anything."""
        if operation is None and entity is None:
            return True
        return any(
            (operation is None or operation.lower() == done) and (entity is None or entity.lower() == thing)
            for done, thing in self._named()
        )

    def contains(self, fragment: str) -> bool:
        """Whether the body or the query holds this text."""
        return fragment in self._text()


class PlannedFault:
    """A plan and how often it has been met."""

    def __init__(self, fault_id: str, plan: FaultPlan) -> None:
        self.id = fault_id
        self.plan = plan
        self.seen = 0
        self.struck = 0

    @property
    def is_used_up(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.plan.count is not None and self.struck >= self.plan.count

    def fits(self, call: CallFacts) -> bool:
        """Whether the call is one that this fault is meant for."""
        plan = self.plan
        return (
            (plan.method is None or plan.method == call.method)
            and call.is_about(plan.operation, plan.entity)
            and (plan.body is None or call.contains(plan.body))
        )

    def document(self) -> dict[str, Any]:
        """The plan with its counts, for the admin API."""
        return {"id": self.id, "seen": self.seen, "struck": self.struck, **self.plan.model_dump(mode="json")}


class PlannedFaults:
    """The faults on demand of one company."""

    def __init__(self, dice: Callable[[], float]) -> None:
        self._dice = dice
        self._ids = count(1)
        self._faults: dict[str, PlannedFault] = {}

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __iter__(self) -> Any:
        return iter(self._faults.values())

    def add(self, plan: FaultPlan) -> PlannedFault:
        """Plan one more fault."""
        fault = PlannedFault(str(next(self._ids)), plan)
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> bool:
        """Take a fault out; False when there is none with that id."""
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all faults out."""
        self._faults.clear()

    def strike(self, call: CallFacts, *, per_item: bool) -> list[FaultPlan]:
        """The faults that hit this call (or item), in the order they were planned; counts them."""
        hit = []
        for fault in self._faults.values():
            if (fault.plan.kind in PER_ITEM) is not per_item or fault.is_used_up or not fault.fits(call):
                continue
            fault.seen += 1
            if fault.seen <= fault.plan.skip:
                continue
            if fault.plan.probability < 1 and self._dice() >= fault.plan.probability:
                continue
            fault.struck += 1
            hit.append(fault.plan)
        return hit
