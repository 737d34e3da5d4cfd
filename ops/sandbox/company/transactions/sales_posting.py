"""What sales forms do to the accounts and to stock."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.stock import Movement
from ops.sandbox.company.transactions.basics import in_home


def no_effects(_books: Books, document: Json) -> Effects:
    return Effects(date=document["TxnDate"])


def sale_effects(books: Books, document: Json) -> Effects:
    """SalesReceipt and Invoice: income and tax are credited, the money or the receivable debited."""
    return _form_effects(books, document, Decimal(1))


def credit_effects(books: Books, document: Json) -> Effects:
    """RefundReceipt and CreditMemo: the same the other way round, and stock comes back."""
    return _form_effects(books, document, Decimal(-1))


def _form_effects(books: Books, document: Json, sign: Decimal) -> Effects:
    effects = Effects(date=document["TxnDate"])
    sums: dict[str, Decimal] = {}

    def credit(account_id: str, amount: Decimal) -> None:
        if amount:
            sums[account_id] = sums.get(account_id, ZERO) - in_home(document, amount) * sign

    for line in selling_lines(document):
        detail = line["SalesItemLineDetail"]
        credit(detail["ItemAccountRef"]["value"], line["Amount"])
        _move_stock(books, document, detail, sign, effects)
    for line in document["Line"]:
        if line["DetailType"] == "DiscountLineDetail":
            credit(line["DiscountLineDetail"]["DiscountAccountRef"]["value"], -line["Amount"])
    for account_id, amount in tax_amounts(books, document):
        credit(account_id, amount)
    total: Decimal = document["TotalAmt"]
    home_total = in_home(document, total) * sign
    effects.entries.extend(Entry(account_id, amount) for account_id, amount in sums.items() if amount)
    if total:
        effects.entries.append(_other_side(books, document, home_total, total * sign))
    balance_rounding(books, document, effects)
    return effects


def _other_side(books: Books, document: Json, home_total: Decimal, total: Decimal) -> Entry:
    deposit = document.get("DepositToAccountRef")
    if deposit is not None and "AllowOnlinePayment" not in document and "RemainingCredit" not in document:
        return Entry(deposit["value"], home_total)
    customer = document["CustomerRef"]["value"]
    return Entry(receivable_account(books, document), home_total, customer, total)


def receivable_account(books: Books, document: Json) -> str:
    """Accounts Receivable of the transaction's currency."""
    currency = document["CurrencyRef"]["value"]
    if currency == books.country.currency:
        return books.account_for("AccountsReceivable")
    return foreign_account(books, "AccountsReceivable", "Accounts Receivable", currency)


def foreign_account(books: Books, role: str, kind: str, currency: str) -> str:
    """The receivable or payable account of a foreign currency, opened when it is first needed."""
    from ops.sandbox.company.sync_tokens import as_created

    key = f"{role} {currency}"
    known: str | None = books.store.tables.singletons.get(f"account:{key}")
    if known is not None:
        return known
    store = books.store
    letters = "A/R" if role == "AccountsReceivable" else "A/P"
    name = f"{kind} ({letters}) - {currency}"
    id = str(store.next_number("id:account"))
    account = {
        "Name": name,
        "SubAccount": False,
        "FullyQualifiedName": name,
        "Active": True,
        "Classification": "Asset" if letters == "A/R" else "Liability",
        "AccountType": kind,
        "AccountSubType": role,
        "CurrencyRef": books.currency_reference(currency),
    }
    store.put(store.rows("Account"), id, as_created(books, account, id))
    books.give_role(key, id)
    return id


def selling_lines(document: Json) -> list[Json]:
    """The lines that sell something, those of bundles included."""
    found = []
    for line in document["Line"]:
        if line["DetailType"] == "SalesItemLineDetail" and "Amount" in line:
            found.append(line)
        elif line["DetailType"] == "GroupLineDetail":
            found.extend(line["GroupLineDetail"]["Line"])
    return found


def tax_amounts(books: Books, document: Json) -> list[tuple[str, Decimal]]:
    """Liability account and amount of each tax line."""
    rates = books.store.rows("TaxRate")
    amounts = []
    for line in (document.get("TxnTaxDetail") or {}).get("TaxLine", ()):
        agency = rates[line["TaxLineDetail"]["TaxRateRef"]["value"]]["AgencyRef"]["value"]
        amounts.append((books.account_for(f"tax agency {agency}"), line["Amount"]))
    return amounts


def balance_rounding(books: Books, document: Json, effects: Effects) -> None:
    """What turning amounts into home currency leaves over goes to exchange gain or loss."""
    if document["CurrencyRef"]["value"] == books.country.currency:
        return
    left = sum((entry.amount for entry in effects.entries), ZERO)
    if left:
        effects.entries.append(Entry(books.account_for("ExchangeGainOrLoss"), -left))


def _move_stock(books: Books, document: Json, detail: Json, sign: Decimal, effects: Effects) -> None:
    item = books.store.rows("Item").get(detail["ItemRef"]["value"])
    quantity = detail.get("Qty")
    if item is None or item["Type"] != "Inventory" or not quantity:
        return
    effects.movements.append(
        Movement(
            item_id=item["Id"],
            date=document["TxnDate"],
            sequence=int(document["Id"]),
            transaction_id=document["Id"],
            quantity=-quantity * sign,
            value=None,
            booked=ZERO,
            stock_account_id=item["AssetAccountRef"]["value"],
            offset_account_id=item["ExpenseAccountRef"]["value"],
            unit_cost=item.get("PurchaseCost", ZERO),
        )
    )
