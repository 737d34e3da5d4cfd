"""Reports: the trial balance, computed from the postings."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from ops.sandbox.company import posting
from ops.sandbox.company.books import Books
from ops.sandbox.company.faults import refusal, unsupported_operation
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO


def run_report(books: Books, name: str, params: Mapping[str, str]) -> Json:
    """The only report is TrialBalance; start_date and end_date narrow it."""
    if name.lower() != "trialbalance":
        raise unsupported_operation(f"report {name}")
    start = _day(params.get("start_date"), "0001-01-01")
    end = _day(params.get("end_date"), "9999-12-31")
    return _trial_balance(books, start, end)


def _day(text: str | None, default: str) -> str:
    if not text:
        return default
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise refusal("2070", "Invalid Date", f"Invalid Date : {text}") from None


def _trial_balance(books: Books, start: str, end: str) -> Json:
    totals = posting.trial_balance(books, start, end)
    accounts = books.store.rows("Account")
    rows: list[Json] = []
    debits = credits = ZERO
    for id in sorted(totals, key=lambda one: accounts[one]["FullyQualifiedName"]):
        amount = totals[id]
        if not amount:
            continue
        debit, credit = (amount, None) if amount > 0 else (None, -amount)
        debits += debit or ZERO
        credits += credit or ZERO
        name = accounts[id]["FullyQualifiedName"]
        rows.append({"ColData": [{"value": name, "id": id}, _money(debit), _money(credit)]})
    summary = {"ColData": [{"value": "TOTAL"}, _money(debits), _money(credits)]}
    rows.append({"Summary": summary, "type": "Section", "group": "GrandTotal"})
    return {
        "Header": {
            "Time": books.stamp(books.now()),
            "ReportName": "TrialBalance",
            "ReportBasis": "Accrual",
            "StartPeriod": start,
            "EndPeriod": end,
            "Currency": books.country.currency,
            "Option": [{"Name": "NoReportData", "Value": "false" if rows[:-1] else "true"}],
        },
        "Columns": {
            "Column": [
                {"ColTitle": "", "ColType": "Account"},
                {"ColTitle": "Debit", "ColType": "Money"},
                {"ColTitle": "Credit", "ColType": "Money"},
            ]
        },
        "Rows": {"Row": rows},
    }


def _money(amount: Decimal | None) -> Json:
    return {"value": "" if amount is None else f"{amount:.2f}"}
