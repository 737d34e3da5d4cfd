"""Faults: how the company says no. Codes and texts are QuickBooks' own.

Source: Intuit's page "Error codes" and faults recorded by open-source clients.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FaultError:
    """One entry of a fault."""

    code: str
    message: str
    detail: str
    element: str | None = ""
    """None: the error has no such key, as recorded for unreadable requests and queries."""

    def document(self) -> dict[str, str]:
        """As it stands in an answer."""
        found = {"Message": self.message, "Detail": self.detail, "code": self.code}
        return found if self.element is None else {**found, "element": self.element}


class QuickBooksFault(Exception):
    """The request is refused and nothing has changed."""

    def __init__(self, *errors: FaultError, status: int = 400, type: str = "ValidationFault") -> None:
        super().__init__("; ".join(f"{error.code} {error.detail}" for error in errors))
        self.status = status
        self.type = type
        self.errors = errors


def refusal(code: str, message: str, detail: str, element: str | None = "") -> QuickBooksFault:
    """A validation fault with one error."""
    return QuickBooksFault(FaultError(code, message, detail, element))


def unsupported_operation(operation: str) -> QuickBooksFault:
    """Seen in recorded traffic with status 500, not 400."""
    error = FaultError("500", "Unsupported Operation", f"Operation {operation} is not supported.")
    return QuickBooksFault(error, status=500)


def unreadable_property(detail: str = "failed to parse json object") -> QuickBooksFault:
    """A value of the wrong JSON type."""
    return refusal(
        "2010",
        "Request has invalid or unsupported property",
        f"Property Name:{detail}; a property specified is unsupported or invalid",
        None,
    )


KNOWN_PROPERTIES_LENGTH = 1000
"""The server cuts its list of known properties here. Source: a recorded 2010 fault."""


def unknown_property(name: str, class_name: str, known: list[str]) -> QuickBooksFault:
    """A property that the entity does not have."""
    listed = ", ".join(f'"{one}"' for one in known)
    if len(listed) > KNOWN_PROPERTIES_LENGTH:
        listed = listed[:KNOWN_PROPERTIES_LENGTH] + " [truncated]"
    return refusal(
        "2010",
        "Request has invalid or unsupported property",
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{class_name}), '
        f"not marked as ignorable ({len(known)} known properties: {listed}])\n"
        " specified is unsupported or invalid",
        None,
    )


def missing(*elements: str) -> QuickBooksFault:
    """Required parameters that are not there; one error each."""
    return QuickBooksFault(*(missing_error(element) for element in elements))


def missing_error(element: str) -> FaultError:
    return FaultError(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {element} is missing in the request",
        element,
    )


def invalid_id(value: object) -> QuickBooksFault:
    return refusal("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{value}")


def wrong_length(element: str, least: int, most: int, supplied: int) -> QuickBooksFault:
    return refusal(
        "2050",
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length. "
        f"Min:{least} Max:{most} supported. Supplied length:{supplied}",
        element,
    )


def invalid_number(element: str, value: object) -> QuickBooksFault:
    return refusal("2090", "Invalid Number", f"Invalid Number : {value}", element)


def invalid_enumeration(element: str, value: object) -> QuickBooksFault:
    return refusal("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", element)


def invalid_reference(text: str) -> QuickBooksFault:
    """A reference to something that is not there or not of this kind."""
    return refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : {text}", "Reference Id")


INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
DELETED = "Another user has deleted this transaction."


def object_not_found(detail: str = INACTIVE) -> QuickBooksFault:
    return refusal("610", "Object Not Found", f"Object Not Found : {detail}")


def cannot_be_linked(transaction_id: str) -> QuickBooksFault:
    return refusal(
        "620", "Transaction cannot be linked", f"Transaction cannot be linked : Txn Id {transaction_id}"
    )


def stale_object(user: str) -> QuickBooksFault:
    return refusal(
        "5010",
        "Stale Object Error",
        f"Stale Object Error : You and {user} were working on this at the same time. "
        f"{user} finished before you did, so your work was not saved.",
    )


def feature_not_supported(detail: str) -> QuickBooksFault:
    return refusal("5030", "Feature Not Supported Error", f"Feature Not Supported Error : {detail}")


def business_rule(detail: str) -> QuickBooksFault:
    """Code 6000: only its detail says which rule; no recorded one names an element."""
    return refusal(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
    )


def amount_mismatch(supplied: object) -> QuickBooksFault:
    return refusal(
        "6070",
        "Amount calculation incorrect in the request",
        f"Amount is not equal to UnitPrice * Qty. Supplied value:{supplied:,}",
        "Line",
    )


def duplicate_name(detail: str | None = None) -> QuickBooksFault:
    text = f"The name supplied already exists. : {detail or 'null'}"
    return refusal("6240", "Duplicate Name Exists Error", text, "" if detail else None)


def duplicate_number(number: str, transaction_type: str, transaction_id: str) -> QuickBooksFault:
    return refusal(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already "
        f"been used. DocNumber={number} is assigned to TxnType={transaction_type} with TxnId={transaction_id}",
    )


def invalid_account_type() -> QuickBooksFault:
    return refusal(
        "6430",
        "Invalid account type used",
        "Invalid account type: You need to select a different type of account for this transaction.",
    )


def before_start_date(item_name: str) -> QuickBooksFault:
    return refusal(
        "6270",
        "Transaction date is prior to start date for inventory item",
        f"Transaction date is prior to start date for inventory item : {item_name}",
        "TxnDate",
    )


def query_invalid(detail: str) -> QuickBooksFault:
    return refusal("4001", "Invalid query", f"QueryValidationError: {detail}", None)


def query_unparsable(detail: str) -> QuickBooksFault:
    return refusal("4000", "Error parsing query", f"QueryParserError: {detail}", None)
