"""Optimistic locking and updates. Facts: recorded answers, Intuit's pages on full and sparse update."""

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.conftest import StandingClock
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


def test_old_token_is_5010_and_names_who_was_faster(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Stale"})
    company.update("Customer", key(customer, sparse=True, Notes="first"))

    error = refused(lambda: company.update("Customer", key(customer, sparse=True, Notes="second")))

    assert error.code == "5010"
    assert error.detail == (
        "Stale Object Error : You and Sam Keeper were working on this at the same time. "
        "Sam Keeper finished before you did, so your work was not saved."
    )


def test_update_without_token_is_2020(company: Company) -> None:
    assert refused(lambda: company.update("Customer", {"Id": "1", "Notes": "x"})).element == "SyncToken"


def test_change_raises_the_token_and_the_time(company: Company, clock: StandingClock) -> None:
    customer = company.create("Customer", {"DisplayName": "Token"})
    clock.pass_time(minutes=5)

    after = company.update("Customer", key(customer, sparse=True, Notes="changed"))

    assert (customer["SyncToken"], after["SyncToken"]) == ("0", "1")
    assert after["MetaData"]["CreateTime"] == customer["MetaData"]["CreateTime"]
    assert after["MetaData"]["LastUpdatedTime"] > customer["MetaData"]["LastUpdatedTime"]


def test_update_that_changes_nothing_keeps_token_and_time(company: Company, clock: StandingClock) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(50), PrivateNote="same"))
    clock.pass_time(hours=1)

    after = company.update("SalesReceipt", key(receipt, sparse=True, PrivateNote="same"))

    assert after == receipt


def test_writing_back_what_was_read_changes_nothing(company: Company) -> None:
    for entity, body in (
        ("Invoice", sale(sale_line(50, tax="TAX"), TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})),
        ("SalesReceipt", sale(sale_line("19.98", quantity=2, price="9.99"), CustomField=[])),
        ("Customer", {"DisplayName": "Read Write", "BillAddr": {"Line1": "1 Way", "Country": "US"}}),
        ("CreditMemo", sale(sale_line(5))),
    ):
        stored = company.create(entity, body)

        after = company.update(entity, stored)

        assert after == stored, entity


def test_full_update_clears_what_is_left_out(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Full", "Notes": "gone", "GivenName": "Gone"})

    after = company.update("Customer", key(customer, DisplayName="Full"))

    assert not {"Notes", "GivenName"} & after.keys()
    assert after["DisplayName"] == "Full"


def test_sparse_update_leaves_what_is_left_out(company: Company) -> None:
    receipt = company.create(
        "SalesReceipt", sale(sale_line(50), PrivateNote="old", CustomerMemo={"value": "m"})
    )

    after = company.update("SalesReceipt", key(receipt, sparse=True, PrivateNote="new"))

    assert (after["PrivateNote"], after["CustomerMemo"], after["TotalAmt"]) == ("new", {"value": "m"}, 50)
    assert after["Line"] == receipt["Line"]


def test_lines_are_replaced_as_a_whole_and_new_ones_get_new_ids(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(10), sale_line(20)))
    kept = receipt["Line"][1]

    after = company.update("SalesReceipt", key(receipt, sparse=True, Line=[sale_line(5), kept]))

    assert [line.get("Id") for line in after["Line"]] == ["3", "2", None]
    assert after["TotalAmt"] == 25


def test_token_of_nothing_is_object_not_found(company: Company) -> None:
    error = refused(lambda: company.update("Customer", {"Id": "4711", "SyncToken": "0"}))

    assert error.code == "610"
    assert error.detail == (
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
