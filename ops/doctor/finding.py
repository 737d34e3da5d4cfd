"""What a check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "soon", "bad"]
"""``soon``: works today; ``bad``: somebody must act."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for a person; ``do`` is the command or setting that helps, "" when nothing must be done."""

    check: str
    state: State
    text: str
    do: str = ""


def good(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "good", text)


def soon(check: str, text: str, do: str) -> Finding:
    """It works, but not for ever."""
    return Finding(check, "soon", text, do)


def bad(check: str, text: str, do: str) -> Finding:
    """It does not work."""
    return Finding(check, "bad", text, do)


def short(error: BaseException) -> str:
    """An error's first line, or its name."""
    text = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return text.splitlines()[0][:160].rstrip(".")
