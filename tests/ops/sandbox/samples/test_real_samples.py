"""Our answers beside recorded and documented ones of QuickBooks, when that folder is there.

The recordings are other people's data and no part of this project; ``shapes/`` holds what they taught us.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ops.sandbox.http.caller import Reply
from tests.ops.sandbox.samples.json_shapes import differences, faults_in, shape_of
from tests.ops.sandbox.samples.situations.every import EVERY, Situation

SAMPLES = Path(__file__).parents[4] / "../shared/quickbooks-samples"


@dataclass(frozen=True)
class Sample:
    """One answer in a file: ``at`` leads to its body, ``situation`` to ours."""

    file: str
    situation: str
    at: tuple[str | int, ...] = ()
    status: int = 200
    within: tuple[str | int, ...] = ()
    """Leads to the compared part of our answer."""

    def __str__(self) -> str:
        return "-".join([self.file, *map(str, self.at)])


def _last(file: str, situation: str, interaction: int = 0, status: int = 200) -> Sample:
    """A recorded call."""
    return Sample(file, situation, (interaction, "response", "body"), status)


def _fault(file: str, situation: str, *at: str | int, status: int = 400) -> Sample:
    return Sample(file, situation, at, status)


COMPARED = (
    _last("customer_create", "customer_created"),
    _last("customer_read", "customer_read"),
    Sample("customer_inactive_deleted_suffix", "customer_inactive"),
    _last("query_count_and_list_customers", "customers_counted"),
    _last("query_count_and_list_customers", "customers_listed", 1),
    _last("query_escaped_apostrophe", "customer_with_apostrophe"),
    Sample("vendor_go_fixture", "vendor_read"),
    _last("query_ampersand", "vendor_with_ampersand"),
    _last("query_inactive_vendors", "vendors_inactive_too"),
    _last("employee_deactivate_noop", "employee_made_inactive_twice", 1),
    Sample("account_go_fixture", "account_read"),
    Sample("item_create", "item_created"),
    Sample("item_read", "item_read"),
    Sample("item_update", "item_updated"),
    Sample("query_items", "services_listed"),
    Sample("query_response_generic", "items_listed"),
    Sample("query_paymentmethods", "payment_methods_listed"),
    Sample("query_taxcodes", "tax_codes_listed"),
    Sample("query_taxrates", "tax_rates_listed"),
    Sample("taxcode", "tax_code_read"),
    Sample("exchangerate", "exchange_rate_read"),
    Sample("companyinfo", "company_read"),
    Sample("companyinfo_doc_example", "company_read"),
    Sample("preferences_2019", "preferences_read"),
    Sample("preferences_doc_example", "preferences_read_when_books_are_closed"),
    Sample("preferences_read", "preferences_read"),
    Sample("preferences_update", "preferences_updated"),
    Sample("attachable_go_fixture", "attachable_note_read"),
    _last("invoice_delete", "invoice_read"),
    _last("invoice_delete", "invoice_deleted", 1),
    Sample("invoice_with_discount_line", "invoice_with_discount"),
    Sample("invoice_with_bundle_line", "invoice_with_bundle"),
    Sample("salesreceipt_create_response", "sales_receipt_created"),
    Sample("salesreceipt_void_response", "sales_receipt_voided"),
    Sample("salesreceipt_void_2013", "sales_receipt_with_customer_voided"),
    _last("query_salesreceipts", "sales_receipts_listed"),
    Sample("salesreceipt", "sales_receipt_tax_inclusive"),
    Sample("creditmemo_doc_example", "credit_memo_read"),
    Sample("creditmemo_read", "credit_memo_elsewhere"),
    Sample("refundreceipt", "refund_receipt_read"),
    Sample("refundreceipt_update_doc_example", "refund_receipt_updated", ("response",)),
    Sample("payment_doc_examples", "payment_created", ("create", "response")),
    Sample("payment_doc_examples", "payment_read", ("read_with_lineex", "response")),
    Sample("payment_void_2013", "payment_voided"),
    Sample("deposit", "deposit_read"),
    Sample("bill_go_fixture", "bill_read"),
    Sample("inventoryadjustment", "adjustment_created", ("create", "response")),
    Sample("inventoryadjustment", "adjustment_read", ("read", "response")),
    Sample("inventoryadjustment", "adjustment_updated", ("sparse_update", "response")),
    Sample("inventoryadjustment", "adjustment_deleted", ("delete", "response")),
    _last("cdc_estimate", "estimates_changed"),
    Sample(
        "cdc_deleted_creditmemo",
        "credit_memo_deleted_in_cdc",
        ("CreditMemo",),
        within=("CDCResponse", 0, "QueryResponse", 0, "CreditMemo", 0),
    ),
    Sample("batch_doc_example", "batch_with_three_refusals", ("response",)),
    Sample("batch_response_5010", "batch_of_stale_updates"),
    Sample("batch_response_610_and_deleted", "batch_of_deletes"),
    _last("fault_2010_unknown_property", "unknown_property", status=400),
    _fault("fault_2020_required_name", "name_missing"),
    _fault("fault_2020_line_detailtype", "detail_type_missing"),
    _fault("fault_610_object_not_found", "object_not_found"),
    _fault("fault_4000_query_parse", "query_unparsable"),
    _last("fault_4001_unknown_entity", "query_of_unknown_entity", status=400),
    _fault("fault_4001_value_too_small", "query_value_too_small"),
    _fault("fault_5010_stale_object", "stale_update"),
    _fault("fault_5010_on_void", "stale_void"),
    _fault("fault_6000_variants", "failure_while_saving", 0),
    _fault("fault_6000_variants", "journal_of_one_line", 1),
    _fault("fault_6000_variants", "receivable_without_customer", 2),
    _fault("fault_6000_fr_localized", "tax_code_missing_elsewhere"),
    _last("fault_6000_attachment_missing_entity_http200", "attached_to_nothing"),
    _fault("fault_6140_duplicate_docnumber", "number_used_twice", 0),
    _fault("fault_6140_duplicate_docnumber", "number_used_twice", 1),
    _last("fault_6240_duplicate_name", "name_used_twice", status=400),
    _fault("fault_6240_taxrate", "tax_rate_used_twice"),
    _fault("fault_10000_system", "system_failure", status=500),
    _last("fault_401_token_expired", "token_expired", status=401),
    _fault("fault_403_application_authorization", "company_of_someone_else", "body", status=403),
    _fault("fault_3001_throttle_429_xml", "throttled", status=429),
    _fault("fault_3001_throttle_429_xml", "throttled_as_xml", status=429),
    _fault("fault_3001_throttle_403_xml_2016", "throttled_with_403", status=403),
    Sample("oauth_token_response", "token_refreshed", ("response", "body")),
    _fault("oauth_errors", "token_unknown", 0, "body"),
    _fault("oauth_errors", "client_secret_wrong", 3, "body", status=401),
    Sample("discovery_document", "discovery_read"),
    Sample("webhook_cloudevents", "webhook_heard", ("body",)),
    Sample("webhook_legacy", "webhook_heard_in_old_format", ("body",)),
)

NOT_COMPARED = {
    "taxservice": "an XML schema example; the JSON of POST /taxservice/taxcode is flat, as python-quickbooks reads it",
    "payment_with_lineex": "the same payment as payment_doc_examples, where LineEx was turned from XML",
}
"""Files of the folder that no situation is compared with, and why."""

_XML = (
    "customer_inactive_deleted_suffix|creditmemo_read|refundreceipt|taxcode|query_taxcodes|query_taxrates|companyinfo"
    "|preferences_2019|query_items|deposit|exchangerate|salesreceipt|salesreceipt_void_2013|payment_void_2013"
    "|invoice_with_discount_line|invoice_with_bundle_line"
)
KNOWN: tuple[tuple[str, str, str], ...] = (
    # File, difference (both as regular expressions), reason. First what has changed since the recordings.
    (
        ".*",
        r"lacks .*Addr\.(Lat|Long)",
        "coordinates are going, from CompanyInfo first. Intuit's blog, 2025-08-13",
    ),
    (".*", r"\w+ .*Addr\.(Line\d|City|Country\w*|PostalCode)", "an address answers the lines it was given"),
    (
        ".*",
        r"has .*SalesItemLineDetail\.ItemAccountRef",
        "answered since the minor versions that are always on now",
    ),
    ("taxcode|query_taxcodes", r"has .*\.(Hidden|TaxCodeConfigType)", "newer than these recordings of 2013"),
    ("companyinfo.*", r"has .*\.DefaultTimeZone", "newer than both examples; in Intuit's published schema"),
    ("companyinfo", r"has .*\.(FiscalYearStartMonth|EmployerId)", "in the newer example of the reference"),
    (
        "preferences_.*",
        r"has .*\.(PartnerTaxEnabled|DefaultShippingAccount|AllowGratuity)",
        "newer than the examples, or off in their companies",
    ),
    ("preferences_(read|update)", "has .*", "recorded in 2017; the examples of 2019 and later have these"),
    ("invoice_with_.*", r"lacks Invoice\.Deposit", "2013 and 2014; no recorded JSON has it"),
    ("payment_void_2013", r"has Payment\.CustomerRef\.name", "newer recordings have the name"),
    (
        "payment_doc_examples|vendor_go_fixture",
        r"has \w+\.CurrencyRef",
        "the recordings of 2020 and 2025 have it",
    ),
    (
        "(creditmemo|refundreceipt_update)_doc_example",
        r"has \w+\.CurrencyRef",
        "the recordings of 2020 have it",
    ),
    ("bill_go_fixture", r"has Bill\.Line.*\.LineNum", "an old example of the reference"),
    # What an old example cannot show, or another company has.
    (
        "query_(count.*|escaped.*)",
        r"has .*\.DefaultTaxCodeRef",
        "customer_create has it; these are older rows",
    ),
    ("salesreceipt_(create|void)_response", r"has SalesReceipt\.TxnTaxDetail", "a company without sales tax"),
    (
        "salesreceipt_(create|void)_response",
        r"has SalesReceipt\.CustomField\[\]",
        "a company without custom fields",
    ),
    (
        "query_salesreceipts",
        r"sometimes lacks .*\.Description",
        "what the description of a line is, its writer says",
    ),
    (".*_doc_example.*", r"lacks \w+\.ProjectRef", "no project in our situation"),
    ("bill_go_fixture", r"lacks Bill\.LinkedTxn.*", "a bill that was paid; the sandbox has no BillPayment"),
    ("payment_doc_examples", r"has Payment\.MetaData", "cut in the reference, whose other examples have it"),
    (
        "inventoryadjustment",
        r"has .*\.MetaData\.CreateTime",
        "the example has a day for a time; every other entity has both",
    ),
    ("batch_doc_example", r"has .*\.ShipAddr", "our customer has one"),
    ("batch_doc_example", r"sometimes lacks .*\.element", "the 6240 that was recorded in 2020 has none"),
    ("fault_6000_fr_localized", "has time", "cut by the project that published it"),
    (
        "fault_403_application_authorization",
        "has .*",
        "published without its envelope; that of the 401 is taken",
    ),
    # What was turned from XML: attributes, empty lists and what was there in 2013 are not in it.
    (
        "salesreceipt",
        r"lacks .*\[GroupLineDetail\]",
        "the invoice has the bundle, which needs no tax code in the US",
    ),
    (_XML, "has time", "an attribute"),
    (_XML, r"lacks QueryResponse\.totalCount", "an attribute; in JSON only an answer to COUNT has it"),
    (_XML, r"has \w+\.(CustomField|LinkedTxn|Line)(\[\].*)?", "an empty list is nothing in XML"),
    (_XML, r"has \w+\.(CurrencyRef|TxnTaxDetail|DefaultTaxCodeRef)", "not yet there"),
    ("query_taxcodes", r"type .*\.PurchaseTaxRateList.*", "an empty element"),
    ("query_items", r"has .*\.FullyQualifiedName", "not yet there"),
    (
        "preferences_2019",
        r"type .*\.(TaxForm|HomeCurrency) .*|\w+ .*\.POCustomField.*",
        "text or list is not told in XML",
    ),
    (
        "preferences_2019",
        r"has .*\.(DepartmentTerminology|DefaultDiscountAccount|DefaultTerms|TaxGroupCodeRef)",
        "not used in that company",
    ),
    ("deposit", r"has .*\.Entity\.type", "an attribute"),
    (
        "salesreceipt_void_2013",
        r"type SalesReceipt .*|lacks SalesReceipt\[\]",
        "several receipts in one file",
    ),
    (
        "invoice_with_bundle_line",
        r"lacks .*\.(ExchangeRate|HomeTotalAmt|GlobalTaxCalculation)|has .*\.(ApplyTaxAfterDiscount|TxnTaxCodeRef)",
        "a company with several currencies and without US tax; other tests have one",
    ),
    ("invoice_with_bundle_line", r"lacks .*\.Description", "our bundle has none"),
    (
        "invoice_with_bundle_line",
        r"has Invoice\.(BillEmail|Line\[SalesItemLineDetail\])",
        "our invoice has them",
    ),
)
OWN_WORDS = {
    "fault_6000_fr_localized": "French",
    "fault_6140_duplicate_docnumber": "one of the two is French",
    "batch_doc_example": "the vendor's name is taken there, too, but the element is empty",
}
"""Faults that are compared by code alone, and why."""


@pytest.fixture(autouse=True)
def samples_are_there() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/quickbooks-samples is not there")


def recorded(sample: Sample) -> Any:
    found = json.loads((SAMPLES / f"{sample.file}.json").read_text(), object_hook=_without_xml_types)
    for step in sample.at:
        found = found[step]
    return found


def _without_xml_types(value: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if not name.startswith("{")}


def ours(sample: Sample, reply: Reply) -> Any:
    """What is to be compared with the sample."""
    found = reply.json
    for step in sample.within:
        found = found[step]
    return found


def unknown(sample: Sample, found: list[str]) -> list[str]:
    """The differences that no row of KNOWN explains."""
    rows = [re.compile(what) for file, what, _ in KNOWN if re.fullmatch(file, sample.file)]
    return [one for one in found if not any(row.fullmatch(one) for row in rows)]


def codes(faults: list[str]) -> list[str]:
    return [fault.split()[1] for fault in faults]


@pytest.mark.parametrize("sample", COMPARED, ids=str)
def test_our_answer_has_the_keys_types_status_and_faults_of_the_real_one(
    sample: Sample, answer: Callable[[Situation], Reply]
) -> None:
    real = recorded(sample)

    reply = answer(EVERY[sample.situation])

    assert reply.status == sample.status
    assert not unknown(sample, differences(shape_of(real), shape_of(ours(sample, reply))))
    if sample.file in OWN_WORDS:
        assert codes(faults_in(reply.json)) == codes(faults_in(real))
    else:
        assert faults_in(reply.json) == faults_in(real)


def test_every_file_is_compared_or_said_why_not() -> None:
    files = {path.stem for path in SAMPLES.glob("*.json")}

    assert files == {sample.file for sample in COMPARED} | set(NOT_COMPARED)


def test_every_known_difference_is_still_seen(answer: Callable[[Situation], Reply]) -> None:
    seen = {
        (sample.file, one)
        for sample in COMPARED
        for one in differences(
            shape_of(recorded(sample)), shape_of(ours(sample, answer(EVERY[sample.situation])))
        )
    }

    idle = [
        (file, what)
        for file, what, _ in KNOWN
        if not any(re.fullmatch(file, name) and re.fullmatch(what, one) for name, one in seen)
    ]

    assert not idle
