"""A signed webhook that could not be read. On Retry it is read again, since newer code may know it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from events.stores.platform import Unreadable
from events.stores.unreadable import read_again
from schemas.unreadable import UnreadableWebhook as UnreadablePayload
from workers.context import Context
from workers.errors import UnreadableWebhook
from workers.outcomes import Booked, Document, Skipped
from workers.steps import Steps

Start = Callable[[Context, dict[str, Any]], Steps]


def read_unreadable(webhook: UnreadablePayload, context: Context, start: Start) -> Steps:
    """Read the body again, and carry out its events one after another; ``start`` begins one.

    Raises:
        UnreadableWebhook: today's code cannot read it either.
    """
    try:
        envelopes = read_again(context.envelope)
    except Unreadable as problem:
        raise UnreadableWebhook(
            f'A {webhook.platform} webhook "{webhook.topic}" could not be read: {problem} '
            "Update Counterfoil and Retry, or Ignore it.",
            cause=f"{webhook.platform} {webhook.topic}: {problem}",
            fix=f"counterfoil errors show {context.envelope.id}",
        ) from problem
    documents: list[Document] = []
    mine = [one for one in envelopes if one.workflow == context.envelope.workflow]
    for envelope in mine:
        outcome = yield from start(replace(context, envelope=envelope), envelope.data)
        if isinstance(outcome, Booked):
            documents += outcome.documents
    return Booked(tuple(documents)) if documents else Skipped("nothing_to_book")
