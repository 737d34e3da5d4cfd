"""The stores of compose.yaml's demo profile, against a sandbox and a webhook process as they run there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ops.image.store import main
from ops.sandbox.testing import SandboxServer
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.stack import Stack
from workers.ledger.connections import read_connections
from workers.ledger.engine import reading
from workers.ledger.tables import quickbooks_tokens


@pytest.mark.slow
def test_both_shops_are_set_up_connected_and_send_everything(
    broker: Broker, sqlite_url: str, process: StartProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer() as sandbox:
        listen = f"127.0.0.1:{free_port()}"
        stack = Stack(
            broker=broker,
            database_url=sqlite_url,
            sandbox=sandbox,
            start=process,
            listen=listen,
            spool_path=str(tmp_path / "spool.db"),
        )
        stack.start("webhooks")

        code = main(sandbox.url, listen, settings=stack.settings, now=datetime.now(UTC))

        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        with reading(stack.engine) as database:
            names = {one.connection.platform for one in read_connections(database)}
            companies = database.execute(select(func.count()).select_from(quickbooks_tokens)).scalar_one()
        assert names == {"woocommerce", "shopify"}
        assert companies == 3
        assert sum(broker.count(queue) for queue in ("orders", "inventory", "contacts")) > 300
        with pytest.raises(SystemExit, match="already"):
            main(sandbox.url, listen, settings=stack.settings, now=datetime.now(UTC))
        stack.close()
