"""What the accounts must hold after the month, from what the shop did. Written from the accounting rules alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.workers.month.facts import ZERO, Priced, Refund, Sale, State, Tax, added, rounded, sums
from tests.workers.month.generator import STOCKED
from tests.workers.month.markets import Market

COST = Decimal("3.40")
"""What one piece of the stocked product was bought for."""

LEFTOVER = Decimal("0.05")


@dataclass
class Balances:
    """Net debit of each account, in home currency."""

    market: Market
    of: dict[str, Decimal] = field(default_factory=dict)

    def debit(self, account: str, amount: Decimal) -> None:
        if amount:
            self.of[account] = self.of.get(account, ZERO) + amount


@dataclass
class Paper:
    """One document: what it credits by account, in its own currency, and the tax on it."""

    credits: list[tuple[str, Decimal]] = field(default_factory=list)
    bases: dict[tuple[Tax, ...], Decimal] = field(default_factory=dict)
    charged_tax: Decimal = ZERO

    def sell(self, account: str, part: Priced, market: Market) -> None:
        taxes = tuple(one for one, amount in part.taxes) if rounded(part.tax) else ()
        amount = rounded(part.gross if market.inclusive else part.net)
        self.credits.append((account, amount))
        self.bases[taxes] = self.bases.get(taxes, ZERO) + amount

    def total(self, market: Market) -> tuple[Decimal, dict[str, Decimal]]:
        """What it comes to before rounding, and its tax by account."""
        tax = market.tax_in_the_books(
            {taxes: base for taxes, base in self.bases.items() if taxes}, self.charged_tax
        )
        lines = added([amount for _, amount in self.credits])
        return (lines if market.inclusive else lines + added([*tax.values()])), tax


def balances(sales: Iterable[Sale], market: Market) -> Balances:
    """Every account after all orders."""
    found = Balances(market)
    for sale in sales:
        if sale.real:
            _Account(sale, found).write()
    return found


class _Account:
    """One order's part of the books."""

    def __init__(self, sale: Sale, books: Balances) -> None:
        self._sale, self._books, self._market = sale, books, books.market
        self._rate = self._rate_on(sale.created_at.date())

    def write(self) -> None:
        sale, last = self._sale, self._sale.last
        was_paid = any(state.paid for state in sale.states)
        if last.ending == "trashed" and was_paid:
            last = sale.states[-2]
        elif last.ending == "cancelled" and was_paid and not self._given_back_before(last):
            return self._write_cancelled()
        elif last.ending and not was_paid:
            return None
        self._write_sale(last)
        for refund in last.refunds:
            self._write_refund(refund, last)
        return None

    def _given_back_before(self, last: State) -> bool:
        """Refunds took all of it back already: the cancellation is no news."""
        before = added([one.amount for one in last.refunds if one.at < last.at])
        return before >= sums(self._sale, last).total

    def _write_sale(self, state: State) -> None:
        total = sums(self._sale, state).total
        booked = self._post(self._sale_paper(state), total, ZERO, self._rate, +1)
        _move_stock(self._books, -sum(one.quantity for one in state.sold if one.sku == STOCKED))
        self._books.debit("gift cards", self._sale.card_paid)
        self._books.debit(self._money, -self._sale.card_paid)
        if self._sale.states[0].paid:
            self._books.debit(self._money, booked)
            return
        self._books.debit("receivable", booked)
        before = ZERO
        for one in self._sale.states:
            came, before = one.paid - before, max(one.paid, before)
            if came > 0:
                self._pay(came, one)

    def _pay(self, amount: Decimal, state: State) -> None:
        """At the rate of its own day; the invoice is relieved at its own."""
        money = rounded(amount * self._rate_on(state.at.date()))
        settled = rounded(amount * self._rate)
        self._books.debit(self._money, money)
        self._books.debit("receivable", -settled)
        self._books.debit("exchange", settled - money)

    def _write_refund(self, refund: Refund, state: State) -> None:
        paper = self._refund_paper(refund, state)
        rate = self._rate_on(refund.at.date())
        paid_out = refund.amount - refund.store_credit
        booked = self._post(paper, paid_out, refund.store_credit, rate, -1)
        self._books.debit(self._money if refund.money else "receivable", booked)
        if refund.restocked and refund.as_lines and self._sale.platform == "shopify":
            _move_stock(self._books, sum(one.quantity for one in refund.backs if one.line.sku == STOCKED))

    def _write_cancelled(self) -> None:
        """All of it is taken back at the sale's rate; only what rounding makes of the parts' tax stays."""
        sale, last = self._sale, self._sale.last
        before = [one for one in last.refunds if one.at < last.at]
        if not sale.states[0].paid:
            for state in sale.states[:2]:
                if state.paid:
                    self._pay(state.paid, state)
            total = rounded(last.paid * self._rate)
            self._books.debit("receivable", total)
            self._books.debit(self._money, -total)
        if not before:
            return
        whole, parts = self._sale_paper(last), [self._refund_paper(one, last) for one in before]
        left = dict(whole.bases)
        for part in parts:
            for taxes, base in part.bases.items():
                left[taxes] = left.get(taxes, ZERO) - base
        rest = Paper([], left, whole.charged_tax - added([rounded(part.charged_tax) for part in parts]))
        owed = [whole.total(self._market)[1], *(part.total(self._market)[1] for part in parts)]
        for account in {account for one in owed for account in one}:
            stays = owed[0].get(account, ZERO) - added([one.get(account, ZERO) for one in owed[1:]])
            stays -= rest.total(self._market)[1].get(account, ZERO)
            self._books.debit(account, -stays)
            self._books.debit("revenue" if self._market.inclusive else "rounding", stays)
        credit = added([one.store_credit for one in before])
        self._books.debit("gift cards", -credit)
        self._books.debit(self._money, credit)

    def _sale_paper(self, state: State) -> Paper:
        told = sums(self._sale, state)
        paper = Paper(charged_tax=told.total_tax)
        for line, priced in zip(state.sold, told.lines, strict=True):
            paper.sell("gift cards" if line.gift_card else "sales", priced, self._market)
        for priced in told.shipping:
            paper.sell("shipping", priced, self._market)
        for priced in told.fees:
            paper.sell("fees", priced, self._market)
        extras = (("tips", state.tip), ("rounding", state.cash_rounding), ("gift cards", -state.gift_cards))
        paper.credits += [(account, amount) for account, amount in extras if amount]
        return paper

    def _refund_paper(self, refund: Refund, state: State) -> Paper:
        """Goods that stay away must not come back on the shelf; what no line explains is an adjustment."""
        paper = Paper()
        comes_back = refund.restocked and self._sale.platform == "shopify"
        for back in refund.backs if refund.as_lines else ():
            stays_away = back.line.sku == STOCKED and not comes_back
            account = "gift cards" if back.line.gift_card else "adjustments" if stays_away else "sales"
            paper.sell(account, back.priced, self._market)
            paper.charged_tax += back.priced.tax
        if refund.as_lines and refund.shipping is not None:
            paper.sell("shipping", refund.shipping, self._market)
            paper.charged_tax += refund.shipping.tax
        if refund.as_lines and refund.whole:
            told = sums(self._sale, state)
            for fee in told.fees:
                paper.sell("fees", fee, self._market)
            paper.charged_tax = told.total_tax
        left = refund.amount - paper.total(self._market)[0]
        if left:
            cents = bool(paper.credits) and abs(left) <= LEFTOVER
            paper.credits.append(("rounding" if cents else "adjustments", left))
        return paper

    def _post(self, paper: Paper, money: Decimal, store_credit: Decimal, rate: Decimal, sign: int) -> Decimal:
        """Credit what the paper says, each line in home currency by itself; gives the money's side, signed."""
        worth, tax = paper.total(self._market)
        credits = [*paper.credits, ("rounding", money + store_credit - worth), ("gift cards", -store_credit)]
        if self._market.inclusive:
            credits += [("revenue", -amount) for amount in tax.values()]
        posted = [(account, rounded(amount * rate) * sign) for account, amount in (*credits, *tax.items())]
        for account, amount in posted:
            self._books.debit(account, -amount)
        money_side = rounded(money * rate) * sign
        self._books.debit("exchange", added([amount for _, amount in posted]) - money_side)
        return money_side

    @property
    def _money(self) -> str:
        gateway = self._sale.gateway
        if gateway == "gift_card":
            return "gift cards"
        return gateway if self._sale.currency == self._market.home else f"{gateway} {self._sale.currency}"

    def _rate_on(self, day: object) -> Decimal:
        return self._market.rate(self._sale.currency, day)  # type: ignore[arg-type]


def _move_stock(books: Balances, quantity: int) -> None:
    books.debit("stock", quantity * COST)
    books.debit("cost of goods", -quantity * COST)
