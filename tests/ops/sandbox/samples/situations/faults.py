"""Refusals: of what was written, of who calls, of how often."""

import json
from typing import Any
from xml.etree import ElementTree

from tests.ops.sandbox.http.caller import Caller, Reply
from tests.ops.sandbox.samples.situations.forms import line

_XML = "{http://schema.intuit.com/finance/v3}"


def unknown_property(us: Caller) -> Reply:
    return us.post("invoice", {"NoSuchThing": True})


def name_missing(us: Caller) -> Reply:
    return us.post("item", {"Type": "Service", "IncomeAccountRef": {"value": "1"}})


def detail_type_missing(us: Caller) -> Reply:
    without = {name: value for name, value in line().items() if name != "DetailType"}
    return us.post("salesreceipt", {"Line": [without]})


def object_not_found(us: Caller) -> Reply:
    return us.get("item/90210")


def query_unparsable(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM Item WHERE")


def query_of_unknown_entity(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM Itme")


def query_value_too_small(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM Item MAXRESULTS 0")


def _stale(us: Caller, entity: str, document: dict[str, Any], change: dict[str, Any], **how: str) -> Reply:
    row = us.create(entity, document)
    us.create(entity, {"Id": row["Id"], "SyncToken": "0", "sparse": True, **change})
    old = {"Id": row["Id"], "SyncToken": "0", "sparse": True}
    return us.post(entity.lower(), {**old, **({} if how else {"Description": "again"})}, **how)


def stale_update(us: Caller) -> Reply:
    service = {"Name": "Wick Trimming", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    return _stale(us, "Item", service, {"Description": "first"})


def stale_void(us: Caller) -> Reply:
    receipt = {"Line": [line()]}
    how = {"operation": "update", "include": "void"}
    return _stale(us, "SalesReceipt", receipt, {"PrivateNote": "first"}, **how)


def _journal(*postings: tuple[str, str]) -> dict[str, Any]:
    return {
        "Line": [
            {
                "Amount": 9,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": kind, "AccountRef": {"value": account}},
            }
            for kind, account in postings
        ]
    }


def journal_of_one_line(us: Caller) -> Reply:
    return us.post("journalentry", _journal(("Debit", "7")))


def receivable_without_customer(us: Caller) -> Reply:
    return us.post("journalentry", _journal(("Debit", "84"), ("Credit", "1")))


def failure_while_saving(us: Caller) -> Reply:
    us.server.fault(us.realm_id, "refused", count=1)
    return us.post("customer", {"DisplayName": "Quill"})


def tax_code_missing_elsewhere(ca: Caller) -> Reply:
    bare = line()
    del bare["SalesItemLineDetail"]["TaxCodeRef"]
    return ca.post("salesreceipt", {"Line": [bare], "GlobalTaxCalculation": "TaxExcluded"})


def attached_to_nothing(us: Caller) -> Reply:
    about = {"AttachableRef": [{"EntityRef": {"type": "Estimate", "value": "90210"}}], "FileName": "a.txt"}
    parts = [
        ("file_metadata_01", "about.json", "application/json", json.dumps(about)),
        ("file_content_01", "a.txt", "text/plain", "lamps"),
    ]
    body = "".join(
        f'--cut\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: {kind}\r\n\r\n{content}\r\n"
        for name, file, kind, content in parts
    )
    return us.call(
        "POST", "upload", f"{body}--cut--\r\n".encode(), content_type="multipart/form-data; boundary=cut"
    )


def number_used_twice(us: Caller) -> Reply:
    own_numbers = {"SalesFormsPrefs": {"CustomTxnNumbers": True}}
    us.create("Preferences", {"Id": "1", "SyncToken": "0", "sparse": True, **own_numbers})
    invoice = {"CustomerRef": {"value": "1"}, "DocNumber": "L-9", "Line": [line()]}
    us.create("Invoice", invoice)
    return us.post("invoice", invoice)


def name_used_twice(us: Caller) -> Reply:
    us.create("Customer", {"DisplayName": "Quill"})
    return us.post("customer", {"DisplayName": "Quill"})


def tax_rate_used_twice(us: Caller) -> Reply:
    def code(name: str) -> dict[str, Any]:
        rate = {"TaxRateName": "Lamp duty", "RateValue": "2", "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
        return {"TaxCode": name, "TaxRateDetails": [rate]}

    us.post("taxservice/taxcode", code("Lamps"))
    return us.post("taxservice/taxcode", code("Wicks"))


def system_failure(us: Caller) -> Reply:
    us.server.fault(us.realm_id, "server_error", count=1)
    return us.get("customer/1")


def token_expired(us: Caller) -> Reply:
    us.server.fault(us.realm_id, "token_expired", count=1)
    return us.get("customer/1")


def company_of_someone_else(us: Caller) -> Reply:
    us.token = us.server.access_token(us.server.mint_token("1"))
    return us.get("customer/1")


def _throttle(us: Caller, **switches: Any) -> Reply:
    us.server.switches(us.realm_id, limits={"on": True, "requests_per_minute": 0, **switches})
    return us.get("customer/1")


def throttled(us: Caller) -> Reply:
    return _throttle(us)


def _from_xml(reply: Reply) -> Reply:
    """The XML fault with the names it has as JSON."""
    root = ElementTree.fromstring(reply.body)
    fault = root[0]
    errors = [
        {"code": one.get("code"), **{child.tag.removeprefix(_XML): child.text for child in one}}
        for one in fault
    ]
    found = {"time": root.get("time"), "Fault": {"type": fault.get("type"), "Error": errors}}
    return Reply(reply.status, reply.headers, json.dumps(found).encode())


def throttled_as_xml(us: Caller) -> Reply:
    return _from_xml(_throttle(us, throttle_format="xml"))


def throttled_with_403(us: Caller) -> Reply:
    return _from_xml(_throttle(us, throttle_format="xml", throttle_status=403))


SITUATIONS = (
    unknown_property,
    name_missing,
    detail_type_missing,
    object_not_found,
    query_unparsable,
    query_of_unknown_entity,
    query_value_too_small,
    stale_update,
    stale_void,
    journal_of_one_line,
    receivable_without_customer,
    failure_while_saving,
    tax_code_missing_elsewhere,
    attached_to_nothing,
    number_used_twice,
    name_used_twice,
    tax_rate_used_twice,
    system_failure,
    token_expired,
    company_of_someone_else,
    throttled,
    throttled_as_xml,
    throttled_with_403,
)
