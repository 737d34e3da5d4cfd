"""Why a body does not fit its canonical shape, as one sentence."""

from decimal import DecimalException

from pydantic import ValidationError


def sentence(error: ValidationError | DecimalException) -> str:
    """Name the first field that does not fit, and what is wrong with it; no value, which may be personal."""
    if isinstance(error, DecimalException):
        return "The amounts in the body are too large to calculate with."
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "the body"
    return f"The {error.title.lower()} does not fit: {where}: {first['msg']}."
