"""The event envelope: CloudEvents 1.0, structured JSON, one store change each."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.shape import ConnectionId, Text, Time

WORKFLOWS = ("orders", "inventory", "contacts")
Workflow = Literal["orders", "inventory", "contacts"]

EventType = Annotated[str, StringConstraints(pattern=r"^(orders|inventory|contacts)\.[a-z][a-z_]{0,40}$")]


class Envelope(BaseModel):
    """What travels on the broker. Attributes that we do not know are kept as they came.

    ``id`` is derived from the store's object and version, so the same store change has the same id.
    ``time`` is the store's own modification time: it decides which of two events is newer.
    ``subject`` names the store object, ``partitionkey`` (a CloudEvents extension) the object whose
    events must be applied one after another: a refund's is its order.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: Annotated[Text, StringConstraints(min_length=1, max_length=128)]
    source: Annotated[Text, StringConstraints(min_length=1, max_length=256)]
    type: EventType
    subject: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    time: Time
    datacontenttype: Literal["application/json"] = "application/json"
    connection: ConnectionId
    partitionkey: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def workflow(self) -> Workflow:
        """The consumer that this event is for."""
        return self.type.split(".", 1)[0]  # type: ignore[return-value]

    @property
    def action(self) -> str:
        """What happened, without the workflow's name."""
        return self.type.split(".", 1)[1]

    @property
    def object_key(self) -> str:
        """The store object whose events are applied one after another."""
        return self.partitionkey or self.subject
