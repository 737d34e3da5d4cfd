"""The things with stock of a soak's company."""

import urllib3

from ops.bench.soak.draw import ITEMS, sku
from ops.sandbox.http.exact_json import read_object, write_json
from ops.sandbox.testing import SandboxProblem, SandboxServer

FIRST_DAY = "2026-01-01"


def stock_shelf(sandbox: SandboxServer, realm_id: str) -> dict[str, str]:
    """Create them, with nothing on hand; their item ids by SKU."""
    model = next(row for row in sandbox.dump(realm_id, "Item") if row["Type"] == "Inventory")
    accounts = {name: model[name] for name in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef")}
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json"}
    found = {}
    for number in range(ITEMS):
        name = sku(number)
        item = {"Name": name, "Sku": name, "Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 0}
        body = write_json(item | {"InvStartDate": FIRST_DAY} | accounts)
        url = f"{sandbox.company_url(realm_id)}/item?minorversion=75"
        answer = urllib3.request("POST", url, body=body, headers=headers)
        if answer.status != 200:
            raise SandboxProblem(f"no item: {answer.status} {answer.data.decode()}")
        found[name] = str(read_object(answer.data)["Item"]["Id"])
    return found
