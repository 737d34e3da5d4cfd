"""The base of every shape: frozen, strict about unknown keys unless a shape says otherwise."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


class Shape(BaseModel):
    """A frozen value; an unknown key is an error, so that a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _whole(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(_whole)]
"""Text that every store we write to can hold (PostgreSQL refuses NUL)."""

StoreId = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_whole)]
"""An id as the store knows it; text, since ids above 2^53 do not survive as numbers."""

ConnectionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
"""The short name of a connection, for example ``acme-woo``; it is part of the webhook's address."""

Time = AwareDatetime
"""A point in time with its offset; converted to UTC where it is compared."""
