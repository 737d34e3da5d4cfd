"""One company set up for the month: an account for each purpose, and the connection's settings."""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from ops.sandbox.company.reports import run_report
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from tests.workers.month.deliveries import Delivery
from tests.workers.month.generator import GATEWAYS, SKUS
from tests.workers.month.markets import Market
from tests.workers.play import Play, played, prefer
from workers.errors import Wait
from workers.steps import Json

ACCOUNTS = {
    "sales": ("79", "86"),
    "shipping": ("6",),
    "fees": ("5",),
    "tips": ("19",),
    "gift cards": ("18",),
    "adjustments": ("30",),
    "rounding": ("29",),
    "stripe": ("21",),
    "exchange": ("37",),
    "cost of goods": ("80",),
    "stock": ("81",),
}


class Shop:
    """The play of one market. ``opening`` is what the accounts held before."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.play = self._played()
        self._accounts = {name: list(ids) for name, ids in ACCOUNTS.items()}
        self._set_up()
        self._opening = self._posted()

    def book(self, deliveries: Iterable[Delivery]) -> None:
        """Carry every event out. One that waits for its sale comes back when the others are through."""
        waiting: deque[Envelope] = deque()
        for delivery in deliveries:
            for event in delivery.events():
                if not self._carried_out(event):
                    waiting.append(event)
        for _ in range(len(waiting) * 2):
            if not waiting:
                return
            event = waiting.popleft()
            if not self._carried_out(event):
                waiting.append(event)
        assert not waiting, f"{len(waiting)} events still wait"

    def _carried_out(self, event: Envelope) -> bool:
        payload = EVENT_TYPES[event.type].model_validate(event.data)
        try:
            self.play.run(event.type, payload, time=event.time, event_id=event.id)
        except Wait:
            return False
        return True

    def moved(self) -> dict[str, Decimal]:
        """Net debit of each account since the opening, by the month's names."""
        now = self._posted()
        return {name: now[name] - self._opening[name] for name in now if now[name] != self._opening[name]}

    def trial_balance(self) -> tuple[Decimal, Decimal]:
        """Debits and credits of the whole company."""
        rows = run_report(self.play.books.books, "TrialBalance", {})["Rows"]["Row"]
        _, debit, credit = rows[-1]["Summary"]["ColData"]
        return Decimal(debit["value"]), Decimal(credit["value"])

    def _played(self) -> Play:
        market = self._market
        play = played(
            market.country,
            company={"tax": market.tax, "multicurrency": bool(market.rates)},
            taxes=market.codes,
            untaxed_code=market.untaxed_code,
            discounts="on_lines" if market.rates else "one_line",
        )
        prefer(play, "TaxPrefs", PartnerTaxEnabled=market.tax == "us_automated")
        return play

    def _set_up(self) -> None:
        play = self.play
        clearing = {"stripe": "21", "paypal": self._clearing("paypal")}
        if self._market.rates:
            prefer(play, "CurrencyPrefs", MultiCurrencyEnabled=True)
        for currency, rates in self._market.rates.items():
            if currency != "CAD":
                play.books.create("CompanyCurrency", {"Code": currency})
            for day, rate in rates.items():
                play.books.create(
                    "ExchangeRate",
                    {"SourceCurrencyCode": currency, "Rate": rate, "AsOfDate": day.isoformat()},
                )
            for gateway in GATEWAYS:
                clearing[f"{gateway} {currency}"] = self._clearing(f"{gateway} {currency}", currency)
        items = {
            "fee": self._item("Web Fee", "5"),
            "tip": self._item("Web Tip", "19"),
            "gift_card": "7",
            "discount": self._item("Web Discount", "86"),
            "refund_adjustment": self._item("Web Adjustment", "30"),
            "rounding": self._item("Web Rounding", "29"),
        }
        for sku in SKUS[1:]:
            self._item(sku.title(), "79", sku)
        accounts = {"clearing": clearing, "deposit": "4", "discounts": "86", "gift_cards": "18"}
        play.set(accounts=accounts, items=items)

    def _clearing(self, name: str, currency: str = "") -> str:
        body: Json = {
            "Name": f"Clearing {name}",
            "AccountType": "Other Current Asset",
            "AccountSubType": "OtherCurrentAssets",
        }
        if currency:
            body["CurrencyRef"] = {"value": currency}
        account_id = str(self.play.books.create("Account", body)["Id"])
        self._accounts[name] = [account_id]
        return account_id

    def _item(self, name: str, account_id: str, sku: str = "") -> str:
        body = {"Name": name, "Type": "NonInventory", "IncomeAccountRef": {"value": account_id}}
        return str(self.play.books.create("Item", {**body, "Sku": sku} if sku else body)["Id"])

    def _posted(self) -> dict[str, Decimal]:
        """Every account counts: those without a name of ours under "other"."""
        books = self.play.books.books
        names = {one: name for name, ids in self._accounts.items() for one in ids}
        for agency in books.store.rows("TaxAgency"):
            names[books.account_for(f"tax agency {agency}")] = f"tax {agency}"
        for account_id, row in books.store.rows("Account").items():
            if row["AccountType"] == "Accounts Receivable":
                names[account_id] = "receivable"
        found: dict[str, Decimal] = {}
        for account_id, debit in books.store.tables.account_balances.items():
            name = names.get(account_id, "other")
            found[name] = found.get(name, Decimal(0)) + debit
        return {name: found.get(name, Decimal(0)) for name in {*found, *names.values()}}
