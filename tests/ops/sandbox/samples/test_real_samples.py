"""Our answers beside recorded and documented ones of QuickBooks, when that folder is there.

The recordings are other people's data and no part of this project; ``shapes/`` holds what they taught us.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.ops.sandbox.http.caller import Reply
from tests.ops.sandbox.samples.json_shapes import differences, shape_of
from tests.ops.sandbox.samples.situations.every import EVERY, Situation

SAMPLES = Path(__file__).parents[4] / "../shared/quickbooks-samples"


@dataclass(frozen=True)
class Sample:
    """One answer in a file: ``at`` leads to its body, ``situation`` to ours."""

    file: str
    situation: str
    at: tuple[str | int, ...] = ()
    status: int = 200

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
    Sample("query_items", "items_listed"),
    Sample("query_response_generic", "items_listed"),
    Sample("query_paymentmethods", "payment_methods_listed"),
    Sample("query_taxcodes", "tax_codes_listed"),
    Sample("query_taxrates", "tax_rates_listed"),
    Sample("taxcode", "tax_code_read"),
    Sample("exchangerate", "exchange_rate_read"),
    Sample("companyinfo", "company_read"),
    Sample("companyinfo_doc_example", "company_read"),
    Sample("preferences_2019", "preferences_read"),
    Sample("preferences_doc_example", "preferences_read"),
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
    Sample("batch_doc_example", "batch_of_four", ("response",)),
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

NOT_COMPARED: dict[str, str] = {}

KNOWN: tuple[tuple[str, str, str], ...] = ()


@pytest.fixture(autouse=True)
def samples_are_there() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/quickbooks-samples is not there")


def recorded(sample: Sample) -> Any:
    found = json.loads((SAMPLES / f"{sample.file}.json").read_text())
    for step in sample.at:
        found = found[step]
    return found


@pytest.mark.parametrize("sample", COMPARED, ids=str)
def test_our_answer_has_the_keys_and_types_of_the_real_one(
    sample: Sample, answer: Callable[[Situation], Reply]
) -> None:
    real = recorded(sample)

    reply = answer(EVERY[sample.situation])

    found = differences(shape_of(real), shape_of(reply.json))
    print(sample, found)
    assert reply.status == sample.status
    assert not found
