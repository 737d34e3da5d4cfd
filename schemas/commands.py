"""An operator's commands, as published on ``counterfoil.commands``. A typo changes nothing."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from schemas.shape import ConnectionId, Shape, Text

Id = Annotated[Text, StringConstraints(min_length=1, max_length=128)]
Why = Annotated[Text, StringConstraints(max_length=1000)]


class CommandShape(Shape):
    """``id`` makes a command repeatable without effect; ``by`` is who, where the broker does not say it."""

    id: Id | None = None
    by: Annotated[Text, StringConstraints(max_length=200)] | None = None


class Retry(CommandShape):
    """Replay one failed message."""

    command: Literal["retry"]
    event_id: Id


class Ignore(CommandShape):
    """Drop one failed message, and sync its store object no more until Restore."""

    command: Literal["ignore"]
    event_id: Id
    reason: Why = ""


class RetryAll(CommandShape):
    """Replay a failure group, or the whole workflow."""

    command: Literal["retry_all"]
    group: Id | None = None
    connection: ConnectionId | None = None


class IgnoreAll(CommandShape):
    """Drop a failure group, or everything that failed in the workflow."""

    command: Literal["ignore_all"]
    group: Id | None = None
    connection: ConnectionId | None = None
    reason: Why = ""


class Restore(CommandShape):
    """Undo an Ignore: the event is replayed and its store object is synced again."""

    command: Literal["restore"]
    event_id: Id
    reason: Why = ""


class Release(CommandShape):
    """Give a connection's held events back to the workflow."""

    command: Literal["release"]
    connection: ConnectionId


class Edit(CommandShape):
    """Replay one failed message with another payload. ``event`` is the whole event; what names it stays as it was."""

    command: Literal["edit"]
    event_id: Id
    event: dict[str, Any]
    reason: Why = ""


class Cancel(CommandShape):
    """Stop a command that is running: what is done stays done, the rest stays unresolved.

    ``id`` is that of the command to stop; a cancel has none of its own.
    """

    command: Literal["cancel"]
    id: Id


Command = Retry | Ignore | RetryAll | IgnoreAll | Restore | Release | Edit | Cancel
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="command")])
