"""Failures that only QuickBooks knows, each below the ``workers.errors`` class that says what happens next.

RetryLater
└── InventoryLocked       nothing was written; clears in seconds
Hold
├── Throttled
│   └── ReadQuotaUsedUp   the reads of this month are used up, until the 1st
├── ReconnectNeeded
│   └── TokenExpired      401: the client refreshes once; seen outside, a person must connect again
├── CompanySuspended      6190: the subscription of this company has ended
└── SetupWrong            our own client id, secret or key is wrong
NeedsAttention
└── QuickBooksRejected
    └── Refused           with everything that Intuit said
"""

from workers.errors import Hold, QuickBooksRejected, ReconnectNeeded, RetryLater, Throttled


class InventoryLocked(RetryLater):
    """Another user saves a transaction with stock at this moment. Nothing was written."""

    reason = "inventory_locked"


class ReadQuotaUsedUp(Throttled):
    """Intuit blocks reads until the 1st of the next month (App Partner Program, metered "CorePlus" calls)."""

    reason = "read_quota_used_up"


class TokenExpired(ReconnectNeeded):
    """The access token was not accepted (401, 3200)."""

    reason = "reconnect_needed"


class CompanySuspended(Hold):
    """The company's QuickBooks subscription has ended, or there is a billing problem (6190)."""

    reason = "company_suspended"


class SetupWrong(Hold):
    """A setting of this installation is wrong (client id, client secret, secret key): no company can be reached."""

    reason = "setup_wrong"


class Refused(QuickBooksRejected):
    """QuickBooks understood and refused: ``detail`` and ``element`` of the worst error, ``codes`` of all.

    ``duplicate_of`` is the id of the transaction that has the number already (6140), else "".
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str,
        fault_code: str,
        detail: str = "",
        element: str = "",
        codes: tuple[str, ...] = (),
        duplicate_of: str = "",
    ) -> None:
        super().__init__(message, cause=cause, fault_code=fault_code)
        self.detail = detail
        self.element = element
        self.codes = codes
        self.duplicate_of = duplicate_of
