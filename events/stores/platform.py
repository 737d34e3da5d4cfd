"""What every store platform can do, and the one error that reading a webhook may raise."""

from collections.abc import Sequence
from typing import Protocol

from events.stores.webhook import Webhook
from schemas.envelope import Envelope, Workflow


class Unreadable(Exception):
    """A signed body that we cannot read; ``problem`` is a sentence for a person.

    Raised by ``Platform.read`` for whatever a store, a plugin or a proxy made of the body.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Platform(Protocol):
    """One store platform: how it signs, and what its bodies mean."""

    @property
    def name(self) -> str:
        """The platform's name in a connection, for example ``shopify``."""

    def signature_is_good(self, webhook: Webhook, secrets: Sequence[str]) -> bool:
        """Compare in constant time, over the raw bytes; any of ``secrets`` may have signed (rotation)."""

    def is_ping(self, webhook: Webhook) -> bool:
        """True for a call that only asks whether the address answers; it carries no event and no signature."""

    def topic(self, webhook: Webhook) -> str:
        """The platform's own word for what happened, "" where it does not say."""

    def workflow(self, webhook: Webhook) -> Workflow:
        """The workflow whose people must see this webhook if it cannot be read."""

    def read(self, webhook: Webhook) -> list[Envelope]:
        """Turn one webhook into events; none for a topic that we do not use, a test delivery or a draft.

        Raises:
            Unreadable: the body is not what the platform sends.
        """
