"""The client, its tokens and its budget against the sandbox, over HTTP."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from ops.sandbox.testing import SandboxServer
from tests.rig.waiting import wait_for
from workers.errors import QuickBooksUnavailable, ReconnectNeeded, SyncError, Throttled
from workers.ledger.engine import open_ledger
from workers.ledger.tables import budgets, metadata, quickbooks_tokens
from workers.quickbooks.budget import Budget
from workers.quickbooks.client import BatchItem, Operation, Query, QuickBooks, encode_document, quoted
from workers.quickbooks.errors import Refused
from workers.quickbooks.http import Http
from workers.quickbooks.oauth import OAuth
from workers.quickbooks.operations import OperationName
from workers.quickbooks.tokens import TokenSource, save_tokens
from workers.secrets import Secrets
from workers.steps import Json

SECRETS = Secrets("a passphrase")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Company:
    """A company of the sandbox and a client that is connected to it."""

    realm_id: str
    client: QuickBooks
    sandbox: SandboxServer

    def write(self, entity: str, operation: OperationName, document: Json, request_id: str = "") -> Json:
        body = encode_document(document)
        return self.client.write(
            self.realm_id, Operation(entity, operation, body), request_id=request_id or uuid4().hex
        )

    def batch(self, *items: BatchItem) -> list[Json | list[Json] | SyncError]:
        return self.client.batch(self.realm_id, items, request_id=uuid4().hex)

    def fault(self, kind: str, **plan: object) -> None:
        self.sandbox.fault(self.realm_id, kind, count=1, **plan)

    def count(self, entity: str) -> int:
        return len(self.sandbox.dump(self.realm_id, entity))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as sandbox:
        yield sandbox


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    metadata.create_all(engine, tables=[quickbooks_tokens, budgets])
    yield engine
    engine.dispose()


def connected(sandbox: SandboxServer, engine: Engine, http: Http, country: str = "US") -> Company:
    realm_id = sandbox.add_company(country)
    oauth = OAuth(
        http=http,
        discovery_url=sandbox.discovery_url,
        client_id="sandbox",
        client_secret="sandbox",
        clock=now,
    )
    save_tokens(engine, SECRETS, realm_id, oauth.refresh(sandbox.mint_token(realm_id)), now=now())
    tokens = TokenSource(
        engine=engine, secrets=SECRETS, oauth=oauth, owner="one", clock=now, sleep=time.sleep
    )
    return Company(realm_id, QuickBooks(sandbox.url, http=http, tokens=tokens, clock=now), sandbox)


@pytest.fixture
def patient() -> Iterator[Http]:
    http = Http(connect_seconds=5, answer_seconds=20)
    yield http
    http.close()


@pytest.fixture
def company(sandbox: SandboxServer, engine: Engine, patient: Http) -> Company:
    company = connected(sandbox, engine, patient)
    sandbox.switches(company.realm_id, limits={"on": False})
    return company


def customer(name: str) -> Json:
    return {"DisplayName": name}


def a_receipt(company: Company, amount: str = "12.34") -> Json:
    item = company.client.query(company.realm_id, "select * from Item where Type = 'Service'")[0]
    line = {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}, "TaxCodeRef": {"value": "NON"}},
    }
    return {"Line": [line]}


def test_what_was_written_reads_the_same_to_the_cent(company: Company) -> None:
    receipt = company.write("SalesReceipt", "create", a_receipt(company, "1234567.89"))

    read = company.client.read(company.realm_id, "SalesReceipt", receipt["Id"])

    assert read["TotalAmt"] == Decimal("1234567.89")
    assert read == receipt


def test_a_repeat_with_the_same_request_id_creates_nothing(company: Company) -> None:
    before = company.count("Customer")

    first = company.write("Customer", "create", customer("Ada O'Neil"), "same")
    again = company.write("Customer", "create", customer("Ada O'Neil"), "same")

    assert again == first
    assert company.count("Customer") == before + 1


def test_an_apostrophe_in_a_query_finds_its_row(company: Company) -> None:
    name = "Ada O'Neil \\ Sons"
    company.write("Customer", "create", customer(name))

    rows = company.client.query(
        company.realm_id, f"select * from Customer where DisplayName = {quoted(name)}"
    )

    assert len(rows) == 1


@pytest.mark.parametrize("way", ["single", "batch"])
def test_a_receipt_is_voided_and_deleted(company: Company, way: str) -> None:
    made = company.write("SalesReceipt", "create", a_receipt(company))

    def do(operation: OperationName, document: Json) -> Json:
        if way == "single":
            return company.write("SalesReceipt", operation, document)
        body = encode_document(document)
        answer = company.batch(BatchItem("1", Operation("SalesReceipt", operation, body)))[0]
        assert isinstance(answer, dict), answer
        return answer

    voided = do("void", {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True})
    deleted = do("delete", {"Id": made["Id"], "SyncToken": voided["SyncToken"]})

    assert voided["TotalAmt"] == 0
    assert deleted["status"] == "Deleted"


@pytest.mark.parametrize("way", ["single", "batch"])
def test_an_invoice_is_voided(company: Company, way: str) -> None:
    buyer = company.write("Customer", "create", customer("Ada"))
    document = {**a_receipt(company), "CustomerRef": {"value": buyer["Id"]}}
    made = company.write("Invoice", "create", document)
    body = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}

    if way == "single":
        answer: Json | list[Json] | SyncError = company.write("Invoice", "void", body)
    else:
        answer = company.batch(BatchItem("1", Operation("Invoice", "void", encode_document(body))))[0]

    assert isinstance(answer, dict), answer
    assert answer["TotalAmt"] == 0


def test_items_of_a_batch_fail_alone(company: Company) -> None:
    company.write("Customer", "create", customer("Taken"))

    answers = company.batch(
        BatchItem("1", Operation("Customer", "create", encode_document(customer("Taken")))),
        BatchItem("2", Operation("Customer", "create", encode_document(customer("Free")))),
        BatchItem("3", Query("select * from Customer where DisplayName = 'Nobody'")),
    )

    assert isinstance(answers[0], Refused)
    assert answers[0].fault_code == "6240"
    assert isinstance(answers[1], dict)
    assert answers[2] == []


@pytest.mark.parametrize(
    "kind", ["server_error_after_write", "cut_after_write", "stream_timeout_after_write"]
)
def test_after_an_unknown_outcome_the_same_request_id_gives_the_first_answer(
    company: Company, kind: str
) -> None:
    before = company.count("Customer")
    company.fault(kind, operation="create")

    with pytest.raises(QuickBooksUnavailable):
        company.write("Customer", "create", customer("Ada"), "same")
    made = company.write("Customer", "create", customer("Ada"), "same")

    assert made["DisplayName"] == "Ada"
    assert company.count("Customer") == before + 1


@pytest.mark.parametrize("kind", ["server_error", "cut", "stream_timeout"])
def test_trouble_before_the_write_is_unavailable_too(company: Company, kind: str) -> None:
    company.fault(kind)

    with pytest.raises(QuickBooksUnavailable):
        company.write("Customer", "create", customer("Ada"))


@pytest.mark.parametrize("shape", ["json", "xml"])
@pytest.mark.parametrize("status", [429, 403])
def test_a_throttle_of_any_shape_is_understood(company: Company, shape: str, status: int) -> None:
    company.sandbox.switches(
        company.realm_id,
        limits={"throttle_format": shape, "throttle_status": status, "retry_after_seconds": 7},
    )
    company.fault("throttled")

    with pytest.raises(Throttled) as caught:
        company.write("Customer", "create", customer("Ada"))

    assert caught.value.seconds == 7.0


def test_an_expired_token_is_replaced_in_passing(company: Company) -> None:
    company.fault("token_expired")

    made = company.write("Customer", "create", customer("Ada"))

    assert made["DisplayName"] == "Ada"


def test_a_revoked_consent_asks_for_a_person(company: Company) -> None:
    company.fault("token_revoked")

    with pytest.raises(ReconnectNeeded):
        company.write("Customer", "create", customer("Ada"))


@pytest.mark.parametrize(("country", "currency"), [("US", "USD"), ("CA", "CAD"), ("GB", "GBP")])
def test_a_company_is_known_after_four_reads(
    sandbox: SandboxServer, engine: Engine, patient: Http, country: str, currency: str
) -> None:
    company = connected(sandbox, engine, patient, country)

    known = company.client.company(company.realm_id)

    assert (known.country, known.home_currency) == (country, currency)
    assert (known.tax == "elsewhere") is (country != "US")
    assert known.tax_percent
    assert all(0 <= percent < 100 for percent in known.tax_percent.values())


def test_two_workers_with_a_budget_see_no_429(sandbox: SandboxServer, engine: Engine, patient: Http) -> None:
    company = connected(sandbox, engine, patient)
    one, other = (Budget(engine=engine, app="sandbox", clock=now, monotonic=time.monotonic) for _ in range(2))
    statement = "select * from Item maxresults 1"

    for _ in range(12):
        wait_for(lambda: one.take(company.realm_id, batch=True) == 0.0)
        company.batch(BatchItem("1", Query(statement)))
        wait_for(lambda: other.take(company.realm_id, batch=False) == 0.0)
        company.client.query(company.realm_id, statement)

    assert sandbox.counters(company.realm_id)["requests"] >= 24
    assert sandbox.counters(company.realm_id).get("throttled", 0) == 0
