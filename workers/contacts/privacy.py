"""What privacy laws ask for: a contact is to be erased, or asks what is kept (rule A67)."""

from schemas.contacts import ContactRemoved, DataRequest, StoreErased
from workers.context import Context
from workers.erasure_requests import EVERYBODY, KIND
from workers.errors import DataRequested
from workers.outcomes import Skipped
from workers.steps import Steps, StoreKey, SyncMapping, remember


def erase_contact(contact: ContactRemoved, context: Context) -> Steps:
    """Write the request down; the desk carries it out, since it looks after the error queues too.

    The books keep their customer and its documents: they must, by law.
    """
    return (yield from _asked(contact.contact_id, contact.email, context))


def erase_store(_store: StoreErased, context: Context) -> Steps:
    """The same for every contact of a store whose owner has left."""
    return (yield from _asked(EVERYBODY, "", context))


def answer_data_request(request: DataRequest, context: Context) -> Steps:
    """A person must answer the customer, who is named in the message's body and nowhere else.

    Raises:
        DataRequested: always; Ignore says that it was answered.
    """
    connection = context.envelope.connection
    raise DataRequested(
        f"Customer {request.contact_id} of the store asks which of their personal data is kept. Send the store's owner "
        "what `contacts show` finds and what QuickBooks has, then Ignore this message.",
        cause=f"customer {request.contact_id}",
        fix=f"counterfoil contacts show {connection} --id {request.contact_id}",
    )
    yield  # a workflow function is a generator


def _asked(contact_id: str, email: str, context: Context) -> Steps:
    key = StoreKey(KIND, contact_id)
    detail = {"email": email} if email else {}
    yield from remember(SyncMapping(key, "", "", version=context.envelope.time, detail=detail))
    return Skipped("books_keep_the_customer")
