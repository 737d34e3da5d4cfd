"""The ways out of a failure: each is one small change, or a thing that only a person can do."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ops.connections import parse_assignment
from schemas.orders import Buyer
from workers.outcomes import Document

_SETS = re.compile(r"^counterfoil connections set (?P<connection>[a-z0-9-]+) (?P<assignment>.+)$")
PLACEHOLDERS = ("ID", "CODE")


@dataclass(frozen=True, slots=True)
class SetTo:
    """One setting of the connection. ``value`` "" when a person must choose it, else it stands at hand.

    ``asked``: the value is asked for, though one stands at hand.
    """

    path: tuple[str, ...]
    value: str = ""
    asked: bool = False

    def change(self, value: str) -> dict[str, Any]:
        """The change as ``change_settings`` takes it."""
        changed: Any = value
        for key in reversed(self.path):
            changed = {key: changed}
        assert isinstance(changed, dict)
        return changed

    @property
    def name(self) -> str:
        """The setting as a person reads it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class LetGo:
    """Believe that a person took the document away: a new one may be booked. ``posts``: and it will be."""

    document: Document
    posts: bool = False


@dataclass(frozen=True, slots=True)
class TakeAsOurs:
    """Take the document as it stands in QuickBooks for ours, so that the store's change may go over it."""

    document: Document


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Count what QuickBooks has of a customer as what the store said last, so that the store's change is written."""

    buyer: Buyer


@dataclass(frozen=True, slots=True)
class KeepTheirs:
    """Count what the store says of a customer as written, so that QuickBooks keeps what it has."""

    buyer: Buyer


@dataclass(frozen=True, slots=True)
class ReadCompany:
    """Read anew what the company has switched on. ``currency``: it must keep this one by now."""

    currency: str = ""


@dataclass(frozen=True, slots=True)
class Ignore:
    """The group is ignored, which any later Restore undoes."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Nothing of ours changes: the person has done what the sentence says, and the group is retried."""


Act: TypeAlias = SetTo | LetGo | TakeAsOurs | Overwrite | KeepTheirs | ReadCompany | Ignore | ByHand


@dataclass(frozen=True, slots=True)
class Way:
    """One way out. ``name`` is what ``--way`` takes, ``text`` a sentence that begins with what it does."""

    name: str
    text: str
    act: Act

    @property
    def changes(self) -> Literal["setting", "mapping", "company", "ignore", ""]:
        """What of ours it touches."""
        match self.act:
            case SetTo():
                return "setting"
            case ReadCompany():
                return "company"
            case Ignore():
                return "ignore"
            case ByHand():
                return ""
            case _:
                return "mapping"


@dataclass(frozen=True, slots=True)
class SettingFix:
    """A fix text that names one setting of a connection. ``proposal`` "": a person must choose the value."""

    connection_id: str
    path: tuple[str, ...]
    proposal: str


def setting_fix(text: str) -> SettingFix | None:
    """Read a fix such as ``counterfoil connections set acme-woo taxes."GST 5%"=ID``; None for any other."""
    match = _SETS.match(text.strip())
    if match is None:
        return None
    try:
        written = match["assignment"]
        path, value = parse_assignment(shlex.split(written)[0] if written.startswith("'") else written)
    except ValueError:
        return None
    proposal = "" if value in PLACEHOLDERS or not isinstance(value, str) else value
    return SettingFix(match["connection"], tuple(path), proposal)


def choices(path: tuple[str, ...], company: Mapping[str, Any]) -> dict[str, str]:
    """What can be chosen, as far as the ledger knows the company: tax codes with their percentage."""
    percents = company.get("tax_percent")
    if path[0] != "taxes" or not isinstance(percents, Mapping):
        return {}
    return {str(code): f"{percent} %" for code, percent in percents.items()}
