"""What the rules see of a company: its data, settings, country and time."""

from collections.abc import Callable
from datetime import datetime

from ops.sandbox.company.country import CURRENCY_NAMES, Country
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.settings import CompanySettings
from ops.sandbox.company.store import Store


class Books:
    """The state of one company, with the few questions that every rule asks."""

    def __init__(
        self, *, realm_id: str, country: Country, clock: Callable[[], datetime], settings: CompanySettings
    ) -> None:
        self.realm_id = realm_id
        self.country = country
        self.settings = settings
        self.store = Store()
        self._clock = clock
        self._stamp = (-1, "")
        self.unseen: set[tuple[str, str]] = set()
        """Entity and id of what earlier items of the running batch made: later items do not see it."""

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock().timestamp()

    def stamp(self, at: float) -> str:
        """A MetaData time: seconds, with the offset of the company's zone."""
        second = int(at)
        if self._stamp[0] != second:
            local = datetime.fromtimestamp(second, self.country.zone)
            self._stamp = (second, local.isoformat())
        return self._stamp[1]

    def today(self) -> str:
        """The company's own day."""
        return self.stamp(self.now())[:10]

    def row(self, entity: str, id: str) -> Json | None:
        """The object, or None when there is none or this batch has made it."""
        if self.unseen and (entity, id) in self.unseen:
            return None
        return self.store.rows(entity).get(id)

    @property
    def preferences(self) -> Json:
        return self.store.rows("Preferences")["1"]

    def preference(self, group: str, name: str) -> bool:
        """A yes-or-no preference; absent is no."""
        return bool(self.preferences.get(group, {}).get(name, False))

    @property
    def multicurrency(self) -> bool:
        return self.preference("CurrencyPrefs", "MultiCurrencyEnabled")

    def currency_reference(self, code: str) -> Json:
        return {"value": code, "name": CURRENCY_NAMES.get(code, code)}

    def account_for(self, role: str) -> str:
        """Id of the account that plays a fixed role, such as "UndepositedFunds"."""
        id: str = self.store.tables.singletons[f"account:{role}"]
        return id

    def give_role(self, role: str, account_id: str) -> None:
        self.store.put(self.store.tables.singletons, f"account:{role}", account_id)

    def account_reference(self, account_id: str) -> Json:
        account = self.store.rows("Account")[account_id]
        return {"value": account_id, "name": account["FullyQualifiedName"]}
