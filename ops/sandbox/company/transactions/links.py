"""Links between transactions: payments and credits that settle others, and deposits that take them to the bank."""

from collections.abc import Iterable
from decimal import Decimal

from ops.sandbox.company import posting
from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import business_rule, cannot_be_linked, invalid_reference, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.sync_tokens import as_changed
from ops.sandbox.company.transactions.basics import in_home


def settled_amount(books: Books, transaction_id: str) -> Decimal:
    """How much of an invoice or credit memo is used up."""
    applications = books.store.tables.applications.get(transaction_id, ())
    return sum((one.amount for one in applications), ZERO)


def open_balance(books: Books, document: Json) -> Decimal:
    balance: Decimal = document["TotalAmt"] - settled_amount(books, document["Id"])
    return balance


def view_settled(books: Books, document: Json) -> Json:
    """The document with its balance and links.

    An invoice has LinkedTxn even when nothing is linked, other forms do not. Source: recorded answers.
    """
    tables = books.store.tables
    id = document["Id"]
    links = [
        {"TxnId": one.payment_id, "TxnType": one.payment_type} for one in tables.applications.get(id, ())
    ]
    deposit = tables.deposited.get(id)
    if deposit is not None:
        links.append({"TxnId": deposit, "TxnType": "Deposit"})
    shown = dict(document)
    if links or "AllowOnlinePayment" in document:
        shown["LinkedTxn"] = [*document.get("LinkedTxn", ()), *links]
    if "AllowOnlinePayment" in document or "RemainingCredit" in document:
        shown["Balance"] = open_balance(books, document)
        if "RemainingCredit" in document:
            shown["RemainingCredit"] = shown["Balance"]
        if books.multicurrency:
            shown["HomeBalance"] = in_home(document, shown["Balance"])
    return shown


def keep_estimate_links(draft: Draft) -> None:
    """Of the links that a client writes into a form only those to estimates count; the rest is worked out.

    Raises:
        QuickBooksFault: 2500 for an estimate that is not there, 620 for one of another customer.
    """
    document = draft.document
    if draft.entity.name == "Estimate":
        document.pop("LinkedTxn", None)
        if draft.before is not None and "LinkedTxn" in draft.before:
            document["LinkedTxn"] = draft.before["LinkedTxn"]
        return
    links = [one for one in document.pop("LinkedTxn", ()) if one.get("TxnType") == "Estimate"]
    for link in links:
        id = link.get("TxnId", "")
        estimate = draft.books.row("Estimate", id)
        if estimate is None:
            raise invalid_reference(f"Transaction element id {id} not found")
        if estimate["CustomerRef"]["value"] != (document.get("CustomerRef") or {}).get("value"):
            raise cannot_be_linked(id)
    if links:
        document["LinkedTxn"] = [{"TxnId": one["TxnId"], "TxnType": "Estimate"} for one in links]


def close_estimates(draft: Draft) -> None:
    """An estimate that became an invoice is closed and points to it."""
    store = draft.books.store
    rows = store.rows("Estimate")
    known = {one["TxnId"] for one in (draft.before or {}).get("LinkedTxn", ())}
    linked = {one["TxnId"] for one in draft.document.get("LinkedTxn", ())}
    open_estimates(draft.books, draft.id, known - linked)
    for id in sorted(linked - known):
        stored = rows[id]
        links = [*stored.get("LinkedTxn", ()), {"TxnId": draft.id, "TxnType": draft.entity.name}]
        changed = {**stored, "TxnStatus": "Closed", "LinkedTxn": links}
        store.put(rows, id, as_changed(draft.books, changed, stored))
        store.put(store.tables.changed_at, ("Estimate", id), draft.books.now())


def open_estimates(books: Books, invoice_id: str, estimate_ids: Iterable[str]) -> None:
    """Estimates whose invoice is gone, or points to them no more, wait for one again."""
    rows = books.store.rows("Estimate")
    for id in estimate_ids:
        stored = rows.get(id)
        known = stored.get("LinkedTxn", ()) if stored is not None else ()
        links = [one for one in known if one["TxnId"] != invoice_id]
        if stored is None or len(links) == len(known):
            continue
        changed = {name: value for name, value in stored.items() if name != "LinkedTxn"}
        if links:
            changed["LinkedTxn"] = links
        else:
            changed["TxnStatus"] = "Pending"
        books.store.put(rows, id, as_changed(books, changed, stored))
        books.store.put(books.store.tables.changed_at, ("Estimate", id), books.now())


def check_not_deposited(books: Books, transaction_id: str) -> None:
    """Raises 6540 for a transaction that lies in a deposit."""
    if transaction_id in books.store.tables.deposited:
        raise refusal(
            "6540",
            "Deposited Transaction cannot be changed",
            "This transaction has been deposited. If you want to change or delete it, you must edit the "
            "deposit it appears on and remove it first.",
        )


def check_settled_amount(draft: Draft) -> None:
    """What is paid already must still fit; the balance is worked out when the document is read."""
    document = draft.document
    name = "RemainingCredit" if draft.entity.name == "CreditMemo" else "Balance"
    document[name] = ZERO
    document["Balance"] = ZERO
    if draft.before is None:
        return
    settled = settled_amount(draft.books, draft.id)
    if settled and draft.before["CustomerRef"]["value"] != document["CustomerRef"]["value"]:
        raise business_rule("The customer of a transaction that is linked to a payment cannot be changed.")
    if settled > document["TotalAmt"]:
        raise business_rule("The amount of the transaction is less than what has been applied to it.")


def detach_settlements(books: Books, document: Json) -> None:
    """Leave the payments of a document that goes away, or is voided, unapplied.

    Raises:
        QuickBooksFault: 6000 where the company is set to refuse that.
    """
    store = books.store
    id = document["Id"]
    payments = {one.payment_id for one in store.tables.applications.get(id, ())}
    if not payments:
        return
    if books.settings.uncertain.deleting_a_paid_invoice == "refuse":
        raise business_rule("The transaction is linked to a payment and cannot be deleted.")
    from ops.sandbox.company.transactions.payment import payment_effects, without_target

    rows = store.rows("Payment")
    for payment_id in sorted(payments, key=int):
        before = rows[payment_id]
        posting.reverse(books, payment_id)
        after = as_changed(books, without_target(before, id), before)
        store.put(rows, payment_id, after)
        store.put(store.tables.changed_at, ("Payment", payment_id), books.now())
        posting.apply(books, "Payment", payment_id, payment_effects(books, after))


def bump_linked(books: Books, entity: str, id: str) -> None:
    """A link moves the other document's time, and its token where the company is set so."""
    rows = books.store.rows(entity)
    stored = rows[id]
    bump = books.settings.uncertain.linking_bumps_token
    books.store.put(rows, id, as_changed(books, stored, stored, bump=bump))
    books.store.put(books.store.tables.changed_at, (entity, id), books.now())
