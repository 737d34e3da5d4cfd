"""The names on the broker: exchanges, queues, headers. Public; see the contract before you change one."""

from schemas.envelope import Workflow

EVENTS = "counterfoil.events"
COMMANDS = "counterfoil.commands"
UNROUTED = "unrouted"
COMMANDS_LOG = "commands.log"
COMMANDS_REJECTED = "commands.rejected"

DELAYS_SECONDS = (5, 30, 120, 600, 3600)
"""The delayed-retry queues: one for each delay, since a message's own time to live blocks at the head."""

ATTEMPTS = "attempts"
"""Header of a delayed retry or a held event: how many tries are used up so far."""

FIRST_FAILED_AT = "first_failed_at"


def errors(workflow: Workflow) -> str:
    """Where a readable copy of each failed message lies."""
    return f"{workflow}.errors"


def dead(workflow: Workflow) -> str:
    """Where RabbitMQ puts what it gave up."""
    return f"{workflow}.dead"


def held(workflow: Workflow) -> str:
    """Where a paused connection's events wait."""
    return f"{workflow}.held"


def backlog(workflow: Workflow) -> str:
    """Where the surplus of a company with a backlog waits, so that nobody else waits behind it."""
    return f"{workflow}.backlog"


def commands(workflow: Workflow) -> str:
    """Where the workflow's commands arrive."""
    return f"{workflow}.commands"


def delayed(workflow: Workflow, seconds: int) -> str:
    """Where an event waits ``seconds`` before it goes back to its workflow."""
    return f"{workflow}.delayed.{seconds}s"
