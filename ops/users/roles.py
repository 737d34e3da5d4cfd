"""The roles of people on RabbitMQ: what each may do there. Pure.

RabbitMQ knows no right to peek alone: who may read a queue may also purge it. Copies that vanish so are put back by
the desk; nothing else is in an operator's reach. Source: RabbitMQ docs, "Access Control", tried on 3.10 and 4.0.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from events import names
from events.broker.topology import WORKFLOWS

NOTHING = "^$"
UI = "management"
"""RabbitMQ's tag of those who may log in to the Management UI and see their own virtual hosts."""


@dataclass(frozen=True, slots=True)
class Role:
    """Three patterns over exchange and queue names, as RabbitMQ wants them, and a tag that marks our users."""

    name: str
    text: str
    configure: str
    write: str
    read: str

    @property
    def tag(self) -> str:
        """How we know a user of ours again; it gives no rights."""
        return f"counterfoil-{self.name}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The user's tags on RabbitMQ."""
        return UI, self.tag

    @property
    def rights(self) -> dict[str, str]:
        """The permissions in one virtual host."""
        return {"configure": self.configure, "write": self.write, "read": self.read}


def exactly(*allowed: str) -> str:
    """A pattern for these names and no others."""
    return "|".join(f"^{re.escape(name)}$" for name in allowed)


VIEWER = Role("viewer", "sees queues and their numbers", NOTHING, NOTHING, NOTHING)
OPERATOR = Role(
    "operator",
    "sees queues, peeks at error queues and at commands.log, publishes commands",
    configure=NOTHING,
    write=exactly(names.COMMANDS),
    read=exactly(
        *(names.errors(workflow) for workflow in WORKFLOWS), names.COMMANDS_LOG, names.COMMANDS_REJECTED
    ),
)
ROLES = {role.name: role for role in (OPERATOR, VIEWER)}


def role_of(tags: Collection[str]) -> Role | None:
    """The role of a user with these tags; None for a user that is not ours."""
    return next((role for role in ROLES.values() if role.tag in tags), None)
