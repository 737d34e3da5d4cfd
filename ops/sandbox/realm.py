"""One company as callers see it: the books, and around them limits, request ids, planned faults, counters."""

import random
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, fields
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from ops.sandbox.clock import SandboxClock
from ops.sandbox.company.company import Company
from ops.sandbox.company.faults import unsupported_operation
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.seed import CountryCode, seeded_company
from ops.sandbox.company.settings import CompanySettings
from ops.sandbox.http.gate.limits import CallLimits, LimitSwitches
from ops.sandbox.http.gate.planned_faults import PlannedFaults
from ops.sandbox.http.gate.request_ids import Key, RequestIds, RequestIdSwitches, StoredAnswer

COUNTRIES: tuple[CountryCode, ...] = ("US", "CA", "GB", "AU")


@dataclass(slots=True)
class _Saved:
    """Where a realm can go back to."""

    company: object
    settings: CompanySettings
    answers: dict[Key, StoredAnswer]
    journal_end: int


@dataclass
class Realm:
    """A company and all that the HTTP front knows about it."""

    realm_id: str
    country: CountryCode
    company: Company
    clock: SandboxClock
    limits: CallLimits
    request_ids: RequestIds
    faults: PlannedFaults
    counters: Counter[str] = field(default_factory=Counter)
    files: dict[str, bytes] = field(default_factory=dict)
    """Id of an Attachable, then what was uploaded."""
    _saved: dict[str, _Saved] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return self.company.books.country.zone

    @property
    def name(self) -> str:
        """The company's name."""
        return str(self.company.books.store.rows("CompanyInfo")["1"]["CompanyName"])

    def save(self, name: str, journal_end: int) -> None:
        """Remember the books as they are; ``journal_end`` is what the storage has written so far."""
        self._saved[name] = _Saved(
            self.company.snapshot(), deepcopy(self.company.settings), self.request_ids.answers(), journal_end
        )

    def go_back(self, name: str) -> int:
        """Put the books back; gives the ``journal_end`` of then.

        Raises:
            KeyError: nothing was saved under this name.
        """
        saved = self._saved[name]
        self.company.restore(saved.company)
        _take_over(self.company.settings, deepcopy(saved.settings))
        self.request_ids.put_back(saved.answers)
        return saved.journal_end

    def time(self) -> str:
        """Now, with milliseconds and the offset of the company's zone, as answers show it."""
        return self.clock().astimezone(self.zone).isoformat(timespec="milliseconds")

    def write(self, operation: str, entity: str, document: Json, include: frozenset[str]) -> Json:
        """Carry out one write.

        Raises:
            QuickBooksFault: it is refused and nothing has changed.
        """
        match operation:
            case "create":
                return self.company.create(entity, document, include=include)
            case "update":
                return self.company.update(entity, document, include=include)
            case "void" if "void" in include:
                return self.company.update(entity, document, include=include)
            case "void":
                return self.company.void(entity, document)
            case "delete":
                return self.company.delete(entity, document)
            case "send":
                return self.company.send(entity, document)
            case _:
                raise unsupported_operation(operation)

    def only(self, entity: str) -> Json:
        """What a company has one of: CompanyInfo, Preferences."""
        (row_id,) = self.company.books.store.rows(entity)
        return self.company.read(entity, row_id)

    def objects(self, entity: str) -> list[Json]:
        """Every object of an entity, inactive ones too, even while the company is locked."""
        settings = self.company.settings
        locked, settings.subscription_ended = settings.subscription_ended, False
        try:
            return [self.company.read(entity, row_id) for row_id in self.company.books.store.rows(entity)]
        finally:
            settings.subscription_ended = locked

    def saved_names(self) -> list[str]:
        """What ``go_back`` knows."""
        return [name for name in self._saved if name]

    def reset_front(self, *, limits_on: bool) -> None:
        """Everything around the books as at the start."""
        self.limits.switches = LimitSwitches(on=limits_on)
        self.limits.clear()
        self.request_ids.switches = RequestIdSwitches()
        self.faults.clear()
        self.counters.clear()
        self.files.clear()
        self._saved = {"": self._saved[""]}

    def settings(self) -> Json:
        """The company's settings as JSON."""
        return _SETTINGS.dump_python(self.company.settings, mode="json")  # type: ignore[no-any-return]

    def set_settings(self, changes: Json) -> None:
        """Change settings; groups are merged.

        Raises:
            pydantic.ValidationError: an unknown name or a wrong value.
        """
        wanted = self.settings()
        for name, value in changes.items():
            wanted[name] = {**wanted[name], **value} if isinstance(wanted.get(name), dict) else value
        _take_over(self.company.settings, _SETTINGS.validate_python(wanted, extra="forbid"))

    def switches(self) -> Json:
        """Limits and request ids as JSON."""
        return {
            "limits": self.limits.switches.model_dump(),
            "request_ids": self.request_ids.switches.model_dump(),
        }

    def read_switches(self, changes: Json) -> tuple[LimitSwitches, RequestIdSwitches]:
        """Limits and request ids as they would be after these changes.

        Raises:
            pydantic.ValidationError: an unknown name or a wrong value.
        """
        now = self.switches()
        return (
            LimitSwitches(**{**now["limits"], **changes.get("limits", {})}),
            RequestIdSwitches(**{**now["request_ids"], **changes.get("request_ids", {})}),
        )

    def set_switches(self, changes: Json) -> None:
        """Change limits and request ids; raises like ``read_switches``."""
        self.limits.switches, self.request_ids.switches = self.read_switches(changes)


_SETTINGS = TypeAdapter(CompanySettings)


def _take_over(settings: CompanySettings, values: CompanySettings) -> None:
    # In place: the books hold the same object.
    for one in fields(values):
        setattr(settings, one.name, getattr(values, one.name))


def new_realm(
    realm_id: str, country: CountryCode, *, clock: SandboxClock, limits_on: bool, dice: random.Random
) -> Realm:
    """A freshly seeded company with default switches."""
    realm = Realm(
        realm_id=realm_id,
        country=country,
        company=seeded_company(country, realm_id, clock=clock),
        clock=clock,
        limits=CallLimits(LimitSwitches(on=limits_on), clock.seconds),
        request_ids=RequestIds(RequestIdSwitches(), clock.seconds),
        faults=PlannedFaults(dice.random),
    )
    realm.save("", 0)
    return realm
