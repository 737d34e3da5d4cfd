"""What an old create has left is found in a real company, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest

from ops.sandbox.testing import SandboxServer
from workers.ledger.intents import Intent
from workers.quickbooks.client import Operation, QuickBooks
from workers.quickbooks.http import Http
from workers.runtime.old_intents import find_created
from workers.steps import Json

MARK = "counterfoil:acme-woo:order:1001"


class _Tokens:
    def __init__(self, token: str) -> None:
        self._token = token

    def access_token(self, realm_id: str, *, refused: str = "") -> str:
        return self._token


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def quickbooks(sandbox: SandboxServer) -> QuickBooks:
    tokens = _Tokens(sandbox.access_token())
    return QuickBooks(sandbox.url, http=Http(), tokens=tokens, clock=lambda: datetime.now(UTC))


def intent_for(realm_id: str, entity: str, document: Json) -> Intent:
    return Intent(
        connection_id="acme-woo",
        event_id="e1",
        name="step",
        object_key="order/1001",
        realm_id=realm_id,
        request_id="forgotten",
        item_id="",
        entity=entity,
        operation="create",
        document=orjson.dumps(document).decode(),
        started_at=datetime.now(UTC),
    )


def documents(sandbox: SandboxServer, realm_id: str) -> dict[str, Json]:
    items = sandbox.dump(realm_id, "Item")
    service = next(row["Id"] for row in items if row["Type"] == "Service")
    stocked = next(row["Id"] for row in items if row["Type"] == "Inventory")
    accounts = {row["AccountType"]: row["Id"] for row in sandbox.dump(realm_id, "Account")}
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 5,
        "SalesItemLineDetail": {"ItemRef": {"value": service}},
    }
    moved = {"ItemRef": {"value": stocked}, "QtyDiff": 1}
    return {
        "SalesReceipt": {"DocNumber": "1001", "PrivateNote": f"{MARK}\nOrder 1001", "Line": [line]},
        "Payment": {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "PrivateNote": MARK},
        "Customer": {"DisplayName": "Ada O'Neill"},
        "Item": {
            "Name": "Mug, blue",
            "Type": "Service",
            "IncomeAccountRef": {"value": accounts["Income"]},
        },
        "InventoryAdjustment": {
            "AdjustAccountRef": {"value": accounts["Cost of Goods Sold"]},
            "PrivateNote": MARK,
            "Line": [{"DetailType": "ItemAdjustmentLineDetail", "ItemAdjustmentLineDetail": moved}],
        },
    }


@pytest.mark.parametrize("entity", ["SalesReceipt", "Payment", "Customer", "Item", "InventoryAdjustment"])
def test_what_arrived_is_found_and_what_did_not_is_not(
    sandbox: SandboxServer, quickbooks: QuickBooks, entity: str
) -> None:
    realm_id = sandbox.add_company("US")
    document = documents(sandbox, realm_id)[entity]
    intent = intent_for(realm_id, entity, document)

    before = find_created(quickbooks, intent)
    made = quickbooks.write(
        realm_id, Operation(entity, "create", intent.document.encode()), request_id="first"
    )
    after = find_created(quickbooks, intent)

    assert before is None
    assert after is not None
    assert after["Id"] == made["Id"]
