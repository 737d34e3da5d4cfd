"""From a message on ``<workflow>.commands`` to a command, or a sentence that says what is wrong. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.commands import COMMAND, Cancel, Command

KNOWN = "retry, ignore, retry_all, ignore_all, restore, release, edit, cancel"
BODY_LIMIT_BYTES = 2_097_152
"""An edit carries a whole event, which is hardly longer than the webhook it came from (1 MiB)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery from ``<workflow>.commands``. ``user_id`` is who the broker says; most messages have none."""

    body: bytes
    user_id: str | None = None
    redelivered: bool = False
    properties: Mapping[str, Any] | None = None

    @property
    def digest(self) -> str:
        """Names the body: how a command without id is known again after a crash."""
        return sha256(self.body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Understood:
    """A well-formed command, and who gives it. ``refusal`` says why it is not carried out, "" = nothing against it."""

    command: Command
    by: str
    refusal: str = ""

    @property
    def own_id(self) -> str | None:
        """The command's own id; a cancel's is that of another command."""
        return None if isinstance(self.command, Cancel) else self.command.id


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """No command at all, or one with a typo."""

    why: str
    by: str


def read_command(arrival: Arrival) -> Understood | NotUnderstood:
    """Read the body, whatever its content type. What the broker says of the user wins over ``by``."""
    checked = arrival.user_id or ""
    if len(arrival.body) > BODY_LIMIT_BYTES:
        return NotUnderstood(f"The body is longer than {BODY_LIMIT_BYTES} bytes.", checked)
    try:
        command = COMMAND.validate_json(arrival.body)
    except ValidationError as error:
        return NotUnderstood(_sentence(error.errors(include_url=False)[0]), checked)
    if checked and command.by is not None and command.by != checked:
        refusal = f"It says that it is by {command.by}, but RabbitMQ says that it is by {checked}."
        return Understood(command, checked, refusal)
    return Understood(command, checked or command.by or "")


def _sentence(problem: ErrorDetails) -> str:
    kind, where = problem["type"], ".".join(str(part) for part in problem["loc"][1:])
    context: dict[str, Any] = problem.get("ctx") or {}
    match kind:
        case "json_invalid":
            return f"The body is not JSON: {context.get('error', '')}."
        case "union_tag_not_found":
            return f'The field "command" is missing. Known commands: {KNOWN}.'
        case "union_tag_invalid":
            return f'There is no command "{str(context.get("tag"))[:40]}". Known commands: {KNOWN}.'
        case "model_attributes_type" | "dict_type" | "model_type" if not where:
            return 'The body must be a JSON object, for example {"command": "retry", "event_id": "…"}.'
        case "missing":
            return f'The field "{where}" is missing.'
        case "extra_forbidden":
            return f'There is no field "{where[:40]}" in this command.'
    return f'The field "{where[:40]}" is wrong: {problem["msg"].removeprefix("Value error, ")}.'
