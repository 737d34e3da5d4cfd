"""A signed webhook that could not be read. On Retry it is read again, since newer code may know it."""

from schemas.unreadable import UnreadableWebhook as Unreadable
from workers.context import Context
from workers.errors import UnreadableWebhook
from workers.steps import Steps


def read_unreadable(webhook: Unreadable, context: Context) -> Steps:
    """Say why it could not be read."""
    raise UnreadableWebhook(
        f'A {webhook.platform} webhook "{webhook.topic}" could not be read: {webhook.problem}. '
        "Update Counterfoil and Retry, or Ignore it.",
        cause=f"{webhook.platform} {webhook.topic}: {webhook.problem}",
        fix=f"counterfoil errors show {context.envelope.id}",
    )
    yield  # a workflow function is a generator
